import type { Recording } from './recording.ts'
import type { RowStates } from './row-state.ts'
import { offsetAt, type Staircase } from './staircase.ts'

/** A number over time. */
export interface Counter {
  readonly name: string
  readonly unit: string
  readonly points: readonly { readonly atMicros: number; readonly value: number }[]
}

/** Status of an outbox row that its relay has marked; other relays delete what they have sent. */
const SENT = 'SENT'
/** Points above which a counter is thinned out: more would not be seen. */
const MOST_POINTS = 400

/** What is waiting: rows in outboxes that nobody has sent, and records that groups have not said they are done with. */
export function countersOf(
  recording: Recording,
  states: RowStates,
  staircases: readonly Staircase[],
): Counter[] {
  return [...outboxDepths(recording, states), ...lags(recording, staircases)].filter(({ points }) =>
    points.some(({ value }) => value > 0),
  )
}

function outboxDepths(recording: Recording, { patches }: RowStates): Counter[] {
  const waiting = new Map<string, Set<string>>()
  const points = new Map<string, { atMicros: number; value: number }[]>()
  for (const { table, key, after, event } of patches) {
    if (!table.endsWith('.outbox')) continue
    const keys = waiting.get(table) ?? new Set()
    waiting.set(table, keys)
    if (after === undefined || after.status === SENT) keys.delete(key)
    else keys.add(key)
    const line = points.get(table) ?? [{ atMicros: 0, value: 0 }]
    points.set(table, line)
    line.push({ atMicros: recording.at(event), value: keys.size })
  }
  return [...points].map(([table, line]) => ({
    name: `outbox of ${table.replace(/-db\.outbox$/, '')}`,
    unit: 'rows not sent',
    points: ended(recording, line),
  }))
}

function lags(recording: Recording, staircases: readonly Staircase[]): Counter[] {
  const groups = [...new Set(staircases.flatMap(({ groups: own }) => own.map(({ group }) => group)))].sort()
  return groups.map((group) => {
    const own = staircases.flatMap(({ end, groups: all }) => {
      const steps = all.find((each) => each.group === group)
      return steps === undefined ? [] : [{ end, committed: steps.committed }]
    })
    const events = [
      ...new Set(own.flatMap(({ end, committed }) => [...end, ...committed].map(({ event }) => event))),
    ]
    const points = thinned(events.sort((left, right) => left - right)).map((event) => ({
      atMicros: recording.at(event),
      value: own.reduce(
        (sum, { end, committed }) => sum + Math.max(0, offsetAt(end, event) - offsetAt(committed, event)),
        0,
      ),
    }))
    return {
      name: `lag of ${group}`,
      unit: 'records',
      points: ended(recording, [{ atMicros: 0, value: 0 }, ...points]),
    }
  })
}

function thinned(events: readonly number[]): readonly number[] {
  if (events.length <= MOST_POINTS) return events
  const every = Math.ceil(events.length / MOST_POINTS)
  return events.filter((_, index) => index % every === 0 || index === events.length - 1)
}

/** A line goes on to the end of the run. */
function ended(recording: Recording, points: Counter['points']): Counter['points'] {
  const last = points.at(-1)
  return last === undefined ? points : [...points, { atMicros: recording.endMicros, value: last.value }]
}
