import type { Recording } from './recording.ts'
import {
  changesOf,
  type InitialRow,
  initialRowsOf,
  type Patch,
  patchesOf,
  type Values,
} from './row-patches.ts'

/** A row of a table, with who wrote each of its values. */
export interface StateRow {
  readonly key: string
  readonly values: Values
  /** By column the record that wrote its present value; 0: it was there from the start. */
  readonly writtenBy: Readonly<Record<string, number>>
}

/** A table as it was at some moment. */
export interface StateTable {
  /** `payment-db.payments`, or the name of a ledger. */
  readonly name: string
  readonly rows: readonly StateRow[]
}

/** A row that is not what it was at another moment. */
export interface RowChange {
  readonly table: string
  readonly key: string
  /** Undefined: it was not there. */
  readonly was: Values | undefined
  /** The last event that changed it in between. */
  readonly event: number
}

type Tables = Map<string, Map<string, StateRow>>

interface Checkpoint {
  /** How many of the changing events are in it. */
  readonly applied: number
  readonly tables: Tables
}

/** So many moments are kept ready; others are reached from the nearest. */
const MOST_CHECKPOINTS = 64
const LEAST_SPACING = 250

/** What the tables and ledgers of a run held at any of its events. What nobody has asked for yet is not read yet. */
export class RowStates {
  private readonly recording: Recording
  private readonly events: Uint32Array
  private readonly read: (readonly Patch[])[] = []
  private readonly checkpoints: Checkpoint[] = []
  private readonly spacing: number

  /** @param initial what was there before the run, where that is known already */
  constructor(recording: Recording, initial: readonly InitialRow[] = initialRowsOf(recording)) {
    this.recording = recording
    this.events = changesOf(recording)
    this.spacing = Math.max(LEAST_SPACING, Math.ceil(this.events.length / MOST_CHECKPOINTS))
    this.checkpoints.push({ applied: 0, tables: tablesOf(initial) })
  }

  /** Every change of the run. */
  get patches(): readonly Patch[] {
    for (let at = this.read.length; at < this.events.length; at++) this.patchesAt(at)
    return this.read.flat()
  }

  /** The tables after an event. */
  at(event: number): StateTable[] {
    return [...this.tablesAt(this.appliedAt(event))]
      .filter(([, rows]) => rows.size > 0)
      .sort(([left], [right]) => (left < right ? -1 : 1))
      .map(([name, rows]) => ({ name, rows: [...rows.values()] }))
  }

  /** The rows that are other ones at an event than they were at another one, earlier or later. */
  changes(event: number, other: number): RowChange[] {
    const [from, to] = [this.appliedAt(Math.min(event, other)), this.appliedAt(Math.max(event, other))]
    const found = new Map<string, RowChange>()
    for (let at = from; at < to; at++) {
      for (const { table, key, before, after, event: changed } of this.patchesAt(at)) {
        const row = `${table}\n${key}`
        // Earlier, it was what it was before the first change; later, what it is after the last one.
        const was = other <= event ? (found.has(row) ? found.get(row)?.was : before) : after
        found.set(row, { table, key, was, event: changed })
      }
    }
    return [...found.values()]
  }

  /**
   * Gets some more moments ready, so that going to them takes no time.
   * @param enough says when to leave the rest for later
   * @returns whether all are ready
   */
  prepare(enough: () => boolean): boolean {
    for (;;) {
      const next = (this.checkpoints.at(-1)?.applied ?? 0) + this.spacing
      if (next > this.events.length) return true
      if (enough()) return false
      this.tablesAt(next)
    }
  }

  private patchesAt(at: number): readonly Patch[] {
    this.read[at] ??= patchesOf(this.recording, this.events[at] as number)
    return this.read[at]
  }

  private tablesAt(wanted: number): Tables {
    const nearest = this.checkpoints.findLast(({ applied }) => applied <= wanted) as Checkpoint
    const tables: Tables = new Map(nearest.tables)
    const owned = new Set<string>()
    for (let at = nearest.applied; at < wanted; ) {
      for (const patch of this.patchesAt(at)) apply(tables, owned, patch)
      at++
      if (at % this.spacing === 0 && at > (this.checkpoints.at(-1)?.applied ?? 0)) {
        this.checkpoints.push({ applied: at, tables: new Map(tables) })
        owned.clear()
      }
    }
    return tables
  }

  /** How many changing events there were up to an event. */
  private appliedAt(event: number): number {
    let low = 0
    let high = this.events.length
    while (low < high) {
      const middle = (low + high) >> 1
      if ((this.events[middle] as number) <= event) low = middle + 1
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

function written(before: StateRow | undefined, event: number, key: string, values: Values): StateRow {
  const writtenBy: Record<string, number> = {}
  for (const column of Object.keys(values)) {
    const same = before !== undefined && sameValue(before.values[column], values[column])
    writtenBy[column] = same ? (before.writtenBy[column] ?? event) : event
  }
  return { key, values, writtenBy }
}

/** Whether two plain values are the same. */
export function sameValue(left: unknown, right: unknown): boolean {
  if (left === right) return true
  return isObject(left) && isObject(right) && JSON.stringify(left) === JSON.stringify(right)
}

function isObject(value: unknown): boolean {
  return typeof value === 'object' && value !== null
}

function tablesOf(initial: readonly InitialRow[]): Tables {
  const tables: Tables = new Map()
  for (const { table, key, values } of initial) {
    const rows = tables.get(table) ?? new Map<string, StateRow>()
    tables.set(table, rows)
    const writtenBy = Object.fromEntries(Object.keys(values).map((column) => [column, 0]))
    rows.set(key, { key, values, writtenBy })
  }
  return tables
}
