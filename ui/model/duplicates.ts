import type { EffectRow } from './effects.ts'

/** Which of several times the same message came. */
export interface Duplicate {
  /** From 1 on. */
  readonly nth: number
  readonly of: number
}

/** The deliveries and requests of messages that came more than once to the same service, by their ids. */
export function duplicatesOf(rows: readonly EffectRow[]): ReadonlyMap<number, Duplicate> {
  const found = new Map<number, Duplicate>()
  for (const { attempts, deviation } of rows) {
    // What comes later happened exactly once.
    if (deviation === 0) break
    if (attempts.length < 2) continue
    for (const [at, { event }] of attempts.entries()) found.set(event, { nth: at + 1, of: attempts.length })
  }
  return found
}

/** Which time of how many, in words: `the 2nd of 3 times`. */
export function timesText({ nth, of }: Duplicate): string {
  const ending = nth % 100 >= 11 && nth % 100 <= 13 ? 'th' : (['th', 'st', 'nd', 'rd'][nth % 10] ?? 'th')
  return `the ${nth}${ending} of ${of} times`
}
