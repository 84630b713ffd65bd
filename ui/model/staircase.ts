import { serviceOf } from './lanes.ts'
import type { Recording } from './recording.ts'

/** A step: from this event on the line stands at this offset. */
export interface Step {
  readonly event: number
  readonly atMicros: number
  readonly offset: number
}

/** Where a consumer group is in a partition. */
export interface GroupSteps {
  readonly group: string
  /** The offset after the last record that was given to a handler; steps down when records are given again. */
  readonly position: readonly Step[]
  /** The offset up to which the group has said that it is done. */
  readonly committed: readonly Step[]
  /** Deliveries of records that had been delivered before. */
  readonly redeliveries: readonly number[]
}

/** A partition, with its end and every group that reads it. */
export interface Staircase {
  readonly partition: string
  readonly end: readonly Step[]
  /** Up to where it is in every in-sync replica, so that it may be read. */
  readonly highWatermark: readonly Step[]
  readonly groups: readonly GroupSteps[]
}

interface GroupBuilder {
  readonly position: Step[]
  readonly committed: Step[]
  readonly redeliveries: number[]
  readonly seen: Set<number>
}

/** The staircases of a run, one for each partition that holds anything. */
export function staircasesOf(recording: Recording): Staircase[] {
  const { count } = recording.columns
  const ends = new Map<string, Step[]>()
  const groups = new Map<string, Map<string, GroupBuilder>>()
  const groupOf = (partition: string, group: string): GroupBuilder => {
    const ofPartition = groups.get(partition) ?? new Map<string, GroupBuilder>()
    groups.set(partition, ofPartition)
    const known = ofPartition.get(group) ?? { position: [], committed: [], redeliveries: [], seen: new Set() }
    ofPartition.set(group, known)
    return known
  }
  const watermarks = new Map<string, Step[]>()
  const setbacks = new Map<string, number>()
  for (let event = 1; event <= count; event++) {
    const kind = recording.kind(event)
    const atMicros = recording.at(event)
    if (kind === 'rebalance') setbacks.set(recording.lane(event).replace(/^group /, ''), event)
    else if (kind === 'append') {
      const { offset } = recording.fields(event) as { readonly offset: number }
      const steps = ends.get(recording.lane(event)) ?? []
      ends.set(recording.lane(event), steps)
      steps.push({ event, atMicros, offset: offset + 1 })
    } else if (kind === 'watermark') {
      const { offset } = recording.fields(event) as { readonly offset: number }
      const steps = watermarks.get(recording.lane(event)) ?? []
      watermarks.set(recording.lane(event), steps)
      steps.push({ event, atMicros, offset })
    } else if (kind === 'deliver') {
      const { partition, offset } = recording.fields(event) as { partition?: string; offset?: number }
      if (partition === undefined || offset === undefined) continue
      const builder = groupOf(partition, serviceOf(recording.lane(event)))
      if (builder.seen.has(offset)) builder.redeliveries.push(event)
      builder.seen.add(offset)
      // A record that is given again: the position went back to it when the group changed hands, or just now.
      const last = builder.position.at(-1)
      if (last !== undefined && offset < last.offset) {
        const setback = setbacks.get(serviceOf(recording.lane(event))) ?? 0
        const from = setback > last.event ? setback : event
        builder.position.push({ event: from, atMicros: recording.at(from), offset })
      }
      builder.position.push({ event, atMicros, offset: offset + 1 })
    } else if (kind === 'offset-commit') {
      const data = recording.fields(event) as { errorCode?: string; offsets?: readonly CommittedOffset[] }
      if (data.errorCode !== 'NONE') continue
      const group = recording.lane(event).replace(/^group /, '')
      for (const { topic, partition, offset } of data.offsets ?? [])
        committed(groupOf(`${topic}/${partition}`, group), { event, atMicros, offset })
    }
  }
  return [...ends]
    .map(([partition, end]) => ({
      partition,
      end,
      highWatermark: watermarks.get(partition) ?? [],
      groups: groupsOf(groups.get(partition)),
    }))
    .sort((left, right) => (left.partition < right.partition ? -1 : 1))
}

/** What a group has committed it has passed: records that it has no handler for are given to nobody. */
function committed(builder: GroupBuilder, step: Step): void {
  builder.committed.push(step)
  if (step.offset > (builder.position.at(-1)?.offset ?? 0)) builder.position.push(step)
}

interface CommittedOffset {
  readonly topic: string
  readonly partition: number
  readonly offset: number
}

function groupsOf(builders: ReadonlyMap<string, GroupBuilder> | undefined): GroupSteps[] {
  return [...(builders ?? [])]
    .map(([group, { position, committed, redeliveries }]) => ({ group, position, committed, redeliveries }))
    .sort((left, right) => (left.group < right.group ? -1 : 1))
}

/** The offset at which a line stands at an event. */
export function offsetAt(steps: readonly Step[], event: number): number {
  let offset = 0
  for (const step of steps) {
    if (step.event > event) break
    offset = step.offset
  }
  return offset
}
