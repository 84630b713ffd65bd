import { type RowChange, type StateRow, type StateTable, sameValue } from './row-state.ts'

/**
 * The rows that are other ones in one run than in another one. Rows of a table are the same by their key; entries of a
 * ledger, which have none, by what they say.
 */
export function stateDiff(tables: readonly StateTable[], others: readonly StateTable[]): RowChange[] {
  const names = [...new Set([...tables, ...others].map(({ name }) => name))]
  return names.flatMap((table) => {
    const [own, other] = [rowsOf(tables, table), rowsOf(others, table)]
    const changed = [...own].flatMap(([identity, row]): RowChange[] => {
      const was = other.get(identity)?.values
      return was !== undefined && sameValue(was, row.values) ? [] : [{ table, key: row.key, was, event: 0 }]
    })
    const missing = [...other].flatMap(([identity, row]): RowChange[] =>
      // Here another row may have that key.
      own.has(identity) ? [] : [{ table, key: `other run ${row.key}`, was: row.values, event: 0 }],
    )
    return [...changed, ...missing]
  })
}

/** The rows of a table by what makes them the same; of entries that say the same each is another one. */
function rowsOf(tables: readonly StateTable[], table: string): ReadonlyMap<string, StateRow> {
  const found = new Map<string, StateRow>()
  const times = new Map<string, number>()
  for (const row of tables.find(({ name }) => name === table)?.rows ?? []) {
    const said = row.key.startsWith('#') ? JSON.stringify(row.values) : row.key
    const nth = (times.get(said) ?? 0) + 1
    times.set(said, nth)
    found.set(`${nth} ${said}`, row)
  }
  return found
}
