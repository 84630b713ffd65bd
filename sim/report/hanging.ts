import { formatSeconds } from '../kernel/time.ts'
import type { Waiting } from '../run/waiting.ts'

/** How many handlers are named that wait for ever. */
const MOST_WAITING = 3
const NOTHING = 'for nothing that the simulator does'

/** Who would wait for ever when a run has come to rest, and for what: a clause for each, and at last how many more there are. */
export function hanging(waiting: readonly Waiting[]): string[] {
  const told = waiting
    .slice(0, MOST_WAITING)
    .map(({ handler, process, entity, steps, sinceMicros }) =>
      sinceMicros === undefined
        ? `${handler} in ${process}, for ${entity}, ${NOTHING}`
        : `${handler} in ${process}, for ${entity}, since ${formatSeconds(sinceMicros)} for the end of ${steps.join(' and ')}`,
    )
  const more = waiting.length - told.length
  return more > 0 ? [...told, `and ${more} more`] : told
}
