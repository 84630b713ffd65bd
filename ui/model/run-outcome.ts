import type { RunView } from './run-view.ts'

/** How a run ended, in a sign and a few words. */
export interface Outcome {
  readonly sign: '✓' | '✗' | '?'
  readonly says: string
  readonly tone: 'good' | 'bad' | 'none'
}

/** How a run ended: only one with a verdict kept its promises. */
export function outcomeOf({ violations, summary }: Pick<RunView, 'violations' | 'summary'>): Outcome {
  if (violations.length > 0)
    return { sign: '✗', says: violations.map(({ property }) => property).join(', '), tone: 'bad' }
  if (summary?.verdict === 'pass') return { sign: '✓', says: 'every promise kept', tone: 'good' }
  if (summary?.verdict === 'error') return { sign: '✗', says: 'it ended with an error', tone: 'bad' }
  return { sign: '?', says: 'no verdict', tone: 'none' }
}
