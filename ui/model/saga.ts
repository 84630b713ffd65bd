import type { Patch } from './row-patches.ts'
import type { RowStates } from './row-state.ts'

/** A change of status, and how often it happened. */
export interface Transition {
  /** '' for a row that is made. */
  readonly from: string
  readonly to: string
  readonly events: readonly number[]
}

/** The statuses that the rows of a table go through. */
export interface Saga {
  readonly table: string
  /** In the order in which they were first reached. */
  readonly statuses: readonly string[]
  readonly transitions: readonly Transition[]
}

/** Column that says how far a row is. */
const STATUS = 'status'

/** The tables whose rows have a status, with every change of it. */
export function sagasOf({ patches }: RowStates): Saga[] {
  const tables = new Map<string, Map<string, { from: string; to: string; events: number[] }>>()
  for (const { table, before, after, event } of patches) {
    if (after === undefined || typeof after[STATUS] !== 'string' || /\.(?:outbox|inbox)$/.test(table))
      continue
    const from = typeof before?.[STATUS] === 'string' ? before[STATUS] : ''
    const to = after[STATUS]
    if (from === to) continue
    const transitions = tables.get(table) ?? new Map()
    tables.set(table, transitions)
    const key = `${from}\n${to}`
    const known = transitions.get(key) ?? { from, to, events: [] }
    transitions.set(key, known)
    known.events.push(event)
  }
  return [...tables]
    .map(([table, transitions]) => {
      const all = [...transitions.values()]
      const statuses = [...new Set(all.flatMap(({ from, to }) => (from === '' ? [to] : [from, to])))]
      return { table, statuses, transitions: all }
    })
    .sort(
      (left, right) =>
        right.transitions.length - left.transitions.length || (left.table < right.table ? -1 : 1),
    )
}

/** How many rows have each status after an event, and which. */
export function tokensAt(patches: readonly Patch[], table: string, event: number): Map<string, string[]> {
  const statusOf = new Map<string, string>()
  for (const patch of patches) {
    if (patch.event > event) break
    if (patch.table !== table) continue
    const status = patch.after?.[STATUS]
    if (typeof status === 'string') statusOf.set(patch.key, status)
    else statusOf.delete(patch.key)
  }
  const tokens = new Map<string, string[]>()
  for (const [key, status] of statusOf) tokens.set(status, [...(tokens.get(status) ?? []), key])
  return tokens
}

/** How many steps a status is from the beginning: its column in the chart. */
export function ranksOf({ statuses, transitions }: Saga): Map<string, number> {
  const ranks = new Map<string, number>()
  for (const { from, to } of transitions) if (from === '') ranks.set(to, 0)
  const first = statuses[0]
  if (ranks.size === 0 && first !== undefined) ranks.set(first, 0)
  for (let round = 0; round < statuses.length; round++) {
    for (const { from, to } of transitions) {
      const rank = ranks.get(from)
      if (rank !== undefined && !ranks.has(to)) ranks.set(to, rank + 1)
    }
  }
  for (const status of statuses) if (!ranks.has(status)) ranks.set(status, 0)
  return ranks
}
