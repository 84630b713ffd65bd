import type { Recording } from './recording.ts'

/** A row of a table, with who wrote each of its values. */
export interface StateRow {
  readonly key: string
  readonly values: Readonly<Record<string, unknown>>
  /** By column the record that wrote its present value; 0: it was there from the start. */
  readonly writtenBy: Readonly<Record<string, number>>
}

/** A table as it was at some moment. */
export interface StateTable {
  /** `payment-db.payments`, or the name of a ledger. */
  readonly name: string
  readonly rows: readonly StateRow[]
}

/** A change of one row. */
export interface Patch {
  /** The commit or ledger entry. */
  readonly event: number
  readonly table: string
  readonly key: string
  readonly before: Readonly<Record<string, unknown>> | undefined
  readonly after: Readonly<Record<string, unknown>> | undefined
}

type Tables = Map<string, Map<string, StateRow>>

/** So many moments are kept ready; others are reached from the nearest. */
const MOST_CHECKPOINTS = 64
const LEAST_SPACING = 250

/** What the tables and ledgers of a run held at any of its events. */
export class RowStates {
  readonly patches: readonly Patch[]
  private readonly checkpoints: { readonly applied: number; readonly tables: Tables }[] = []
  private readonly spacing: number

  constructor(recording: Recording) {
    this.patches = patchesOf(recording)
    this.spacing = Math.max(LEAST_SPACING, Math.ceil(this.patches.length / MOST_CHECKPOINTS))
    this.checkpoints.push({ applied: 0, tables: initialTables(this.patches) })
  }

  /** The tables after an event. */
  at(event: number): StateTable[] {
    return listed(this.tablesAt(event))
  }

  /** The changes of a row up to an event, the latest first. */
  history(event: number, table: string, key: string): Patch[] {
    return this.patches
      .slice(0, this.appliedAt(event))
      .filter((patch) => patch.table === table && patch.key === key)
      .reverse()
  }

  private tablesAt(event: number): Tables {
    const wanted = this.appliedAt(event)
    let nearest = this.checkpoints[0] as { readonly applied: number; readonly tables: Tables }
    for (const checkpoint of this.checkpoints) if (checkpoint.applied <= wanted) nearest = checkpoint
    let { applied } = nearest
    const tables: Tables = new Map(nearest.tables)
    const owned = new Set<string>()
    while (applied < wanted) {
      apply(tables, owned, this.patches[applied] as Patch)
      applied++
      const last = this.checkpoints.at(-1)?.applied ?? 0
      if (applied % this.spacing === 0 && applied > last) {
        this.checkpoints.push({ applied, tables: new Map(tables) })
        owned.clear()
      }
    }
    return tables
  }

  /** How many changes had happened after an event. */
  private appliedAt(event: number): number {
    let low = 0
    let high = this.patches.length
    while (low < high) {
      const middle = (low + high) >> 1
      if ((this.patches[middle] as Patch).event <= event) low = middle + 1
      else high = middle
    }
    return low
  }
}

/** Changes a table; one that a checkpoint holds is copied first. */
function apply(tables: Tables, owned: Set<string>, { event, table, key, after }: Patch): void {
  let rows = tables.get(table)
  if (rows === undefined || !owned.has(table)) {
    rows = new Map(rows)
    tables.set(table, rows)
    owned.add(table)
  }
  if (after === undefined) rows.delete(key)
  else rows.set(key, written(rows.get(key), event, key, after))
}

function written(
  before: StateRow | undefined,
  event: number,
  key: string,
  values: Readonly<Record<string, unknown>>,
): StateRow {
  const writtenBy: Record<string, number> = {}
  for (const [column, value] of Object.entries(values)) {
    const same = before !== undefined && sameValue(before.values[column], value)
    writtenBy[column] = same ? (before.writtenBy[column] ?? event) : event
  }
  return { key, values, writtenBy }
}

/** Whether two plain values are the same. */
export function sameValue(left: unknown, right: unknown): boolean {
  return left === right || JSON.stringify(left) === JSON.stringify(right)
}

function listed(tables: Tables): StateTable[] {
  return [...tables]
    .filter(([, rows]) => rows.size > 0)
    .sort(([left], [right]) => (left < right ? -1 : 1))
    .map(([name, rows]) => ({ name, rows: [...rows.values()] }))
}

/** What was there before the run: what was changed without ever having been put there. */
function initialTables(patches: readonly Patch[]): Tables {
  const tables: Tables = new Map()
  const seen = new Set<string>()
  for (const { table, key, before } of patches) {
    const row = `${table}\n${key}`
    if (seen.has(row)) continue
    seen.add(row)
    if (before === undefined) continue
    const rows = tables.get(table) ?? new Map<string, StateRow>()
    tables.set(table, rows)
    const writtenBy = Object.fromEntries(Object.keys(before).map((column) => [column, 0]))
    rows.set(key, { key, values: before, writtenBy })
  }
  return tables
}

interface Written {
  readonly table: string
  readonly key?: unknown
  readonly before?: Readonly<Record<string, unknown>>
  readonly after?: Readonly<Record<string, unknown>>
}

function patchesOf(recording: Recording): Patch[] {
  const { columns } = recording
  const commit = columns.kinds.indexOf('commit')
  const ledger = columns.kinds.indexOf('ledger')
  const patches: Patch[] = []
  for (let event = 1; event <= columns.count; event++) {
    const kind = columns.kind[event]
    if (kind === commit) {
      const rows = recording.data(event)
      if (!Array.isArray(rows)) continue
      for (const { table, key, before, after } of rows as Written[]) {
        const name = `${recording.lane(event)}.${table}`
        patches.push({ event, table: name, key: JSON.stringify(key ?? null), before, after })
      }
    } else if (kind === ledger) {
      const after = recording.data(event) as Readonly<Record<string, unknown>>
      patches.push({ event, table: recording.lane(event), key: `#${event}`, before: undefined, after })
    }
  }
  return patches
}
