import { serviceOf } from './lanes.ts'
import { MESSAGE_KINDS, type Messages } from './messages.ts'
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
  /** Every record that was given to a handler, at its own offset. */
  readonly deliveries: readonly Step[]
  /** Those of records that had been delivered before. */
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

type Builder<Lists> = {
  readonly [Name in keyof Lists]: Lists[Name] extends readonly (infer Each)[] ? Each[] : never
}

type GroupBuilder = Builder<Omit<GroupSteps, 'group'>> & { readonly seen: Set<number> }

/** The staircases of a run, one for each partition that holds anything. */
export function staircasesOf(recording: Recording, messages: Messages): Staircase[] {
  const ends = new Map<string, Step[]>()
  const watermarks = new Map<string, Step[]>()
  const groups = new Map<string, Map<string, GroupBuilder>>()
  const setbacks = new Map<string, number>()
  const groupNames = recording.columns.lanes.map((lane) =>
    lane.startsWith('group ') ? lane.slice('group '.length) : serviceOf(lane),
  )
  for (let at = 0; at < messages.event.length; at++) {
    const event = messages.event[at] as number
    const kind = MESSAGE_KINDS[messages.kind[at] as number]
    const partition = messages.names[messages.partition[at] as number] as string
    const offset = messages.offset[at] as number
    const group = groupNames[recording.columns.lane[event] as number] as string
    const step = { event, atMicros: recording.at(event), offset }
    if (kind === 'rebalance') setbacks.set(group, event)
    else if (partition === '' || offset < 0) continue
    else if (kind === 'append') listOf(ends, partition).push({ ...step, offset: offset + 1 })
    else if (kind === 'watermark') listOf(watermarks, partition).push(step)
    else if (kind === 'deliver')
      delivered(recording, builderOf(groups, partition, group), step, setbacks.get(group) ?? 0)
    else if (kind === 'offset-commit') committed(builderOf(groups, partition, group), step)
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

function listOf(lists: Map<string, Step[]>, name: string): Step[] {
  const known = lists.get(name) ?? []
  lists.set(name, known)
  return known
}

function builderOf(
  groups: Map<string, Map<string, GroupBuilder>>,
  partition: string,
  group: string,
): GroupBuilder {
  const own = groups.get(partition) ?? new Map<string, GroupBuilder>()
  groups.set(partition, own)
  const builder = own.get(group) ?? {
    position: [],
    committed: [],
    deliveries: [],
    redeliveries: [],
    seen: new Set(),
  }
  own.set(group, builder)
  return builder
}

/** @param setback the last rebalance of the group */
function delivered(recording: Recording, builder: GroupBuilder, step: Step, setback: number): void {
  const { event, offset } = step
  builder.deliveries.push(step)
  if (builder.seen.has(offset)) builder.redeliveries.push(event)
  builder.seen.add(offset)
  // A record that is given again: the position went back to it when the group changed hands, or just now.
  const last = builder.position.at(-1)
  if (last !== undefined && offset < last.offset) {
    const from = setback > last.event ? setback : event
    builder.position.push({ event: from, atMicros: recording.at(from), offset })
  }
  builder.position.push({ ...step, offset: offset + 1 })
}

/** What a group has committed it has passed: records that it has no handler for are given to nobody. */
function committed(builder: GroupBuilder, step: Step): void {
  builder.committed.push(step)
  if (step.offset > (builder.position.at(-1)?.offset ?? 0)) builder.position.push(step)
}

function groupsOf(builders: ReadonlyMap<string, GroupBuilder> | undefined): GroupSteps[] {
  return [...(builders ?? [])]
    .map(([group, { seen: _seen, ...steps }]) => ({ group, ...steps }))
    .sort((left, right) => (left.group < right.group ? -1 : 1))
}

/** The offset at which a line stands at an event. */
export function offsetAt(steps: readonly Step[], event: number): number {
  return steps[stepsUpTo(steps, event) - 1]?.offset ?? 0
}

/** How many steps there were up to an event. */
export function stepsUpTo(steps: readonly Step[], event: number): number {
  let low = 0
  let high = steps.length
  while (low < high) {
    const middle = (low + high) >> 1
    if ((steps[middle] as Step).event <= event) low = middle + 1
    else high = middle
  }
  return low
}
