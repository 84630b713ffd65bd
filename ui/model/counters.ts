import type { Recording } from './recording.ts'
import type { Patch } from './row-patches.ts'
import type { Staircase, Step } from './staircase.ts'

/** A number over time. */
export interface Counter {
  readonly name: string
  readonly unit: string
  /** What it comes to, where that can be said. */
  readonly says?: string
  readonly points: readonly { readonly atMicros: number; readonly value: number }[]
}

/** Status of an outbox row that its relay has marked; other relays delete what they have sent. */
const SENT = 'SENT'
/** Points above which a counter is thinned out: more would not be seen. */
const MOST_POINTS = 400

/** What is waiting: rows in outboxes that nobody has sent, and records that groups have not said they are done with. */
export function countersOf(
  recording: Recording,
  patches: readonly Patch[],
  staircases: readonly Staircase[],
): Counter[] {
  return [...outboxDepths(recording, patches), ...lags(recording, staircases)].filter(({ points }) =>
    points.some(({ value }) => value > 0),
  )
}

function outboxDepths(recording: Recording, patches: readonly Patch[]): Counter[] {
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
    points: lineOf(recording, line),
  }))
}

function lags(recording: Recording, staircases: readonly Staircase[]): Counter[] {
  const groups = [...new Set(staircases.flatMap(({ groups: own }) => own.map(({ group }) => group)))].sort()
  return groups.map((group) => {
    const own = staircases.flatMap(({ end, groups: all }) => {
      const steps = all.find((each) => each.group === group)
      return steps === undefined ? [] : [{ end, committed: steps.committed }]
    })
    const points = lagOf(own).map(({ event, value }) => ({ atMicros: recording.at(event), value }))
    return {
      name: `lag of ${group}`,
      unit: 'records',
      points: lineOf(recording, [{ atMicros: 0, value: 0 }, ...points]),
    }
  })
}

interface Stretch {
  readonly end: readonly Step[]
  readonly committed: readonly Step[]
}

/** How far a group is behind in all of its partitions, after every event that changes it. */
function lagOf(stretches: readonly Stretch[]): { readonly event: number; readonly value: number }[] {
  const changes = stretches.flatMap(({ end, committed }, at) => [
    ...end.map(({ event, offset }) => ({ event, at, isEnd: true, offset })),
    ...committed.map(({ event, offset }) => ({ event, at, isEnd: false, offset })),
  ])
  changes.sort((left, right) => left.event - right.event)
  const ends = stretches.map(() => 0)
  const dones = stretches.map(() => 0)
  const behind = (at: number): number => Math.max(0, (ends[at] as number) - (dones[at] as number))
  let value = 0
  return changes.map(({ event, at, isEnd, offset }) => {
    value -= behind(at)
    if (isEnd) ends[at] = offset
    else dones[at] = offset
    value += behind(at)
    return { event, value }
  })
}

/** Of many points those that can be told apart: the highest of each stretch, and where it ends. */
export function thinned(points: Counter['points']): Counter['points'] {
  if (points.length <= MOST_POINTS) return points
  const every = Math.ceil((points.length / MOST_POINTS) * 2)
  const kept: Counter['points'][number][] = []
  for (let from = 0; from < points.length; from += every) {
    const stretch = points.slice(from, from + every)
    const highest = stretch.reduce((best, point) => (point.value > best.value ? point : best))
    const last = stretch.at(-1) as Counter['points'][number]
    kept.push(...(highest === last ? [last] : [highest, last]))
  }
  return kept
}

/** A line that goes on to the end of the run, with no more points than can be told apart. */
export function lineOf(recording: Recording, points: Counter['points']): Counter['points'] {
  const last = points.at(-1)
  return last === undefined
    ? points
    : [...thinned(points), { atMicros: recording.endMicros, value: last.value }]
}
