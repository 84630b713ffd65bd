import type { StoryLine } from '../../sim/index.ts'
import type { FaultWeights } from '../worker/protocol.ts'
import type { RunView } from './run-view.ts'

/** What a fault that a sentence tells of did to the broken promise; '' for other sentences, and while it is not known. */
export function weightOf(
  { bands }: Pick<RunView, 'bands'>,
  { mark, atMicros, text }: StoryLine,
  weights: FaultWeights | undefined,
): string {
  if (mark !== 'fault' || weights === undefined) return ''
  const band = bands.find(({ fromMicros, says }) => fromMicros === atMicros && text.startsWith(says))
  if (band === undefined) return ''
  const { needed, settledBy } = weights
  const without = needed[band.index]
    ? 'needed: without it the promise is kept'
    : 'not needed: it breaks without it'
  return settledBy === band.index ? `${without}; from here on nothing more had to go wrong` : without
}

/** The moment from which on a broken promise could not be kept; undefined while that is not known. */
export function settledMicros(
  { bands }: Pick<RunView, 'bands'>,
  weights: FaultWeights | undefined,
): number | undefined {
  if (weights === undefined) return undefined
  return weights.settledBy === -1 ? 0 : bands.find(({ index }) => index === weights.settledBy)?.fromMicros
}
