import type { Recording } from './recording.ts'

/** What a lane shows. */
export type LaneRole =
  | 'client'
  | 'process'
  | 'database'
  | 'external'
  | 'partition'
  | 'group'
  | 'queue'
  | 'faults'

/** A lane of the timeline. */
export interface Lane {
  /** Number of its name in the recording's columns. */
  readonly number: number
  readonly name: string
  readonly role: LaneRole
  /** Name of the group that it is folded with: a service, the topics, the brokers. */
  readonly group: string
}

/** A row of the timeline: a lane, or a whole group that is folded into one. */
export interface LaneRow {
  readonly key: string
  readonly label: string
  readonly group: string
  readonly role: LaneRole
  readonly folded: boolean
  /** First row of its group. */
  readonly first: boolean
  /** Numbers of the lanes that are shown in it. */
  readonly lanes: readonly number[]
}

const ROLE_OF_KIND: Readonly<Record<string, LaneRole>> = {
  act: 'client',
  insert: 'database',
  update: 'database',
  delete: 'database',
  get: 'database',
  select: 'database',
  commit: 'database',
  rejected: 'database',
  ledger: 'external',
  declined: 'external',
  append: 'partition',
  watermark: 'partition',
  leader: 'partition',
  transaction: 'partition',
  rebalance: 'group',
  'session-expired': 'group',
  'offset-commit': 'group',
  publish: 'queue',
  returned: 'queue',
  discard: 'queue',
  settle: 'queue',
}

/** Groups that are no service, from top to bottom after the services. */
const COMMON = ['outside', 'topics', 'consumer groups', 'queues', 'brokers', 'faults']

/** All lanes of a recording, in the order in which they are shown. */
export function lanesOf(recording: Recording): Lane[] {
  const { lanes, kinds, lane: laneColumn, kind: kindColumn, count } = recording.columns
  const roles = new Map<number, LaneRole>()
  for (let id = 1; id <= count; id++) {
    const number = laneColumn[id] as number
    const role = ROLE_OF_KIND[kinds[kindColumn[id] as number] as string]
    if (role !== undefined && !roles.has(number)) roles.set(number, role)
  }
  const found = lanes.map((name, number): Lane => {
    const role = roles.get(number) ?? (name === 'faults' ? 'faults' : 'process')
    return { number, name, role, group: groupOf(name, role) }
  })
  return found.sort(byPlace(firstSeen(found)))
}

/**
 * The lanes of two runs, each name once, in the order in which one run with all of them would show them.
 * @returns lanes with the numbers of the first run; those that it lacks have higher ones
 */
export function jointLanes(first: readonly Lane[], second: readonly Lane[]): Lane[] {
  const others = new Map(second.map((lane) => [lane.name, lane]))
  // A lane in which nothing tells what it is can be told by what happens there in the other run.
  const known = first.map((lane) => {
    const { role, group } = lane.role === 'process' ? (others.get(lane.name) ?? lane) : lane
    return { ...lane, role, group }
  })
  for (const { name } of first) others.delete(name)
  const fresh = [...others.values()].sort((left, right) => left.number - right.number)
  const all = [...known, ...fresh.map((lane, at) => ({ ...lane, number: first.length + at }))]
  return all.sort(byPlace(firstSeen(all)))
}

/** Rows of joint lanes as one of the runs has them: the same rows, with the numbers that its own lanes have. */
export function ownRows(rows: readonly LaneRow[], joint: readonly Lane[], own: readonly Lane[]): LaneRow[] {
  const numbers = new Map(own.map(({ name, number }) => [name, number]))
  const names = new Map(joint.map(({ name, number }) => [number, name]))
  return rows.map((row) => ({
    ...row,
    lanes: row.lanes.flatMap((number) => numbers.get(names.get(number) ?? '') ?? []),
  }))
}

/** The service that a process or database belongs to: `payment-2`, `payment-relay` and `payment-db` are payment's. */
export function serviceOf(lane: string): string {
  return lane.replace(/-(?:\d+|relay|db)$/, '')
}

/**
 * A name in two parts: the second one, which tells it from its neighbours, is always shown whole: the number of a
 * partition or an instance, what a database or a ledger is of.
 */
export function nameParts(lane: string): readonly [head: string, tail: string] {
  const [tail = ''] = /(?:\/\d+|-(?:\d+|db|relay)|\.\w{1,8})$/.exec(lane) ?? []
  return [lane.slice(0, lane.length - tail.length), tail]
}

/** The rows that are shown. @param hidden numbers of lanes that are left out */
export function rowsOf(
  lanes: readonly Lane[],
  folded: ReadonlySet<string>,
  hidden: ReadonlySet<number>,
): LaneRow[] {
  const rows: LaneRow[] = []
  let group = ''
  for (const lane of lanes) {
    if (hidden.has(lane.number)) continue
    const first = lane.group !== group
    group = lane.group
    if (!folded.has(group)) {
      const { name, role, number } = lane
      rows.push({ key: name, label: name, group, role, folded: false, first, lanes: [number] })
    } else if (first) {
      const numbers = lanes.filter((other) => other.group === group && !hidden.has(other.number))
      const all = numbers.map(({ number }) => number)
      const { role } = lane
      rows.push({ key: `group ${group}`, label: group, group, role, folded: true, first, lanes: all })
    }
  }
  return rows
}

function groupOf(name: string, role: LaneRole): string {
  switch (role) {
    case 'client':
      return 'users'
    case 'external':
      return name.startsWith('users.') ? 'users' : 'outside'
    case 'partition':
      return 'topics'
    case 'group':
      return 'consumer groups'
    case 'queue':
      return 'queues'
    case 'faults':
      return 'faults'
    case 'process':
      return /^(?:broker|controller)(?:-\d+)?$|^queue-server$/.test(name) ? 'brokers' : serviceOf(name)
    case 'database':
      return serviceOf(name)
  }
}

/** Services come in the order in which they first do something. */
function firstSeen(lanes: readonly Lane[]): Map<string, number> {
  const seen = new Map<string, number>()
  for (const { group, number } of lanes)
    seen.set(group, Math.min(seen.get(group) ?? Number.POSITIVE_INFINITY, number))
  return seen
}

function byPlace(seen: Map<string, number>): (left: Lane, right: Lane) => number {
  const place = ({ group }: Lane): number => {
    const common = COMMON.indexOf(group)
    if (group === 'users') return -1
    return common === -1 ? (seen.get(group) ?? 0) : 1_000_000 + common
  }
  const within = ({ role, name }: Lane): number =>
    role === 'database' ? 2 : /-relay$/.test(name) ? 1 : role === 'client' ? -1 : 0
  return (left, right) =>
    place(left) - place(right) || within(left) - within(right) || naturally(left.name, right.name)
}

/** Compares names by code unit, and their numbers by value. */
function naturally(left: string, right: string): number {
  const [a, b] = [left, right].map((name) => /^(.*?)(\d*)$/.exec(name) as RegExpExecArray)
  const [textA, textB] = [a?.[1] ?? '', b?.[1] ?? '']
  if (textA !== textB) return textA < textB ? -1 : 1
  return Number(a?.[2] ?? 0) - Number(b?.[2] ?? 0)
}
