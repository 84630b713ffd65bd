import type { Recording } from './recording.ts'

/** Columns of a row. */
export type Values = Readonly<Record<string, unknown>>

/** A change of one row. */
export interface Patch {
  /** The commit or ledger entry. */
  readonly event: number
  /** `payment-db.payments`, or the name of a ledger. */
  readonly table: string
  readonly key: string
  readonly before: Values | undefined
  readonly after: Values | undefined
}

/** A row that was there before the run. */
export interface InitialRow {
  readonly table: string
  readonly key: string
  readonly values: Values
}

interface Written {
  readonly table: string
  readonly key?: unknown
  readonly before?: Values
  readonly after?: Values
}

/** The events that change rows, in order. */
export function changesOf({ columns }: Recording): Uint32Array {
  const { kinds, kind, count } = columns
  const changing = kinds.map((name) => name === 'commit' || name === 'ledger')
  const events = new Uint32Array(count)
  let found = 0
  for (let event = 1; event <= count; event++) if (changing[kind[event] as number]) events[found++] = event
  return events.slice(0, found)
}

/** What one of these events changed. */
export function patchesOf(recording: Recording, event: number): Patch[] {
  const said = recording.parsed(event)
  const lane = recording.lane(event)
  if (recording.kind(event) === 'ledger') {
    const after = isRow(said) ? said : { value: said }
    return [{ event, table: lane, key: `#${event}`, before: undefined, after }]
  }
  if (!Array.isArray(said)) return []
  return (said as readonly unknown[]).filter(isRow).map((written) => {
    const { table, key, before, after } = written as unknown as Written
    return {
      event,
      table: `${lane}.${table}`,
      key: JSON.stringify(key ?? null),
      before: isRow(before) ? before : undefined,
      after: isRow(after) ? after : undefined,
    }
  })
}

function isRow(value: unknown): value is Values {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** What was there before the run: what was changed without ever having been put there. */
export function initialRowsOf(recording: Recording): InitialRow[] {
  const seen = new Map<string, Set<string>>()
  const rows: InitialRow[] = []
  for (const event of changesOf(recording)) {
    for (const { table, key, before } of patchesOf(recording, event)) {
      const keys = seen.get(table) ?? new Set()
      seen.set(table, keys)
      if (keys.has(key)) continue
      keys.add(key)
      if (before !== undefined) rows.push({ table, key, values: before })
    }
  }
  return rows
}
