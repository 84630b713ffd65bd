import type { Micros } from '../kernel/time.ts'
import type { World } from './world.ts'

/** A handler that had not ended when the run came to rest: nothing that was still to come would have woken it. */
export interface Waiting {
  /** `payment.OrderCreated`. */
  readonly handler: string
  /** The process in which it waits. */
  readonly process: string
  /** What it works for: the name of an order, or of a process. */
  readonly entity: string
  /** The steps that it has begun and that never end, first begun first; none where it waits for no step. */
  readonly steps: readonly string[]
  /** Since when it has waited for the first of them; undefined where it waits for no step. */
  readonly sinceMicros: Micros | undefined
}

/**
 * Who waits for ever, and for what, when a run has come to rest; those of processes that are down do not count, nor those
 * that only wait for work.
 */
export function waitingIn({ network }: World): Waiting[] {
  return [...network.processes.values()].flatMap(({ name, incarnation }) =>
    incarnation.alive
      ? incarnation.unfinished.flatMap(({ handler, entity, unsettled }): Waiting[] => {
          const stuck = unsettled.filter(({ isIdle }) => !isIdle)
          if (unsettled.length > 0 && stuck.length === 0) return []
          return [
            {
              handler: handler.fullName,
              process: name,
              entity: entity.name,
              steps: stuck.map(({ site }) => site.name),
              sinceMicros: stuck[0]?.sinceMicros,
            },
          ]
        })
      : [],
  )
}
