import { SimError } from '../kernel/error.ts'
import type { Column } from './schema.ts'

/** What becomes of a row that is in a state. */
export interface StateSpec<Word extends string = string> {
  /** The states that may follow. */
  readonly next?: readonly Word[]
  /** Who brings it there: events, timers and routes by themselves or by name, jobs and `relay` by name. */
  readonly by?: readonly (string | { readonly name: string })[]
  /** Whether a row may stay so for ever. */
  readonly end?: true
}

/** The states of a column, the first one first. */
export type Lifecycle = Readonly<Record<string, StateSpec>>

/**
 * A column of states, each with what follows it and who brings it there: `states({ PENDING: { next: ['PAID'], by: [Paid] },
 * PAID: { end: true } })`. Its values are those of `oneOf`; `faultline check` finds states that nothing leaves without running.
 * @throws SimError 'definition' when a state follows that is none
 */
export function states<const Life extends { readonly [Word in keyof Life]: StateSpec<keyof Life & string> }>(
  life: Life,
): Column<keyof Life & string> {
  const words = Object.keys(life)
  for (const [word, { next = [] }] of Object.entries(life as Lifecycle))
    for (const follower of next)
      if (!words.includes(follower))
        throw new SimError(
          'definition',
          `state ${word} is followed by ${follower}, which is no state: expected ${words.join(', ')}`,
        )
  return { type: 'oneOf', values: words, life }
}
