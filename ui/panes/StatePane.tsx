import { useMemo, useState } from 'react'
import { formatSeconds } from '../../sim/index.ts'
import { counted } from '../model/format.ts'
import type { Values } from '../model/row-patches.ts'
import { type RowChange, type StateRow, type StateTable, sameValue } from '../model/row-state.ts'
import type { RunName } from '../model/run-diff.ts'
import type { RunView } from '../model/run-view.ts'
import { stateDiff } from '../model/state-diff.ts'
import type { Controller } from '../view/controller.ts'
import { useSelected } from '../view/store.ts'
import { useMoment, useSubject } from './moment.ts'
import type { PaneProps } from './registry.tsx'
import { shownValue } from './value.ts'

/** What every table and ledger held at the moment of the focus; each value leads to the event that wrote it. */
export function StatePane({ controller, run }: PaneProps) {
  const moment = useMoment(controller, run)
  const subject = useSubject(controller, run)
  const pinned = useSelected(controller.store, (state) => state.pinned)
  const [all, setAll] = useState(false)
  const tables = useMemo(() => run.states.at(moment), [run, moment])
  const earlier = pinned > 0 ? pinned : moment - 1
  const other = useOther(controller)
  const [wantsOther, setWantsOther] = useState(false)
  const beside = wantsOther ? other?.run : undefined
  const changes = useMemo(() => {
    if (beside === undefined) return run.states.changes(moment, earlier)
    return stateDiff(tables, beside.states.at(beside.recording.lastUpTo(run.recording.at(moment))))
  }, [run, moment, earlier, beside, tables])
  const shown = useMemo(
    () => shownTables(run, tables, changes, all ? '' : subject),
    [run, tables, changes, all, subject],
  )
  return (
    <div className="state">
      <div className="pane-head">
        <span>
          after <b>#{moment}</b> at {formatSeconds(run.recording.at(moment))},{' '}
          {beside !== undefined
            ? `what is not so in run ${other?.name} then`
            : pinned > 0
              ? `changes since #${pinned}`
              : 'changes of this record'}{' '}
          marked
        </span>
        {subject !== '' && (
          <label className="check">
            <input
              type="checkbox"
              checked={!all}
              onChange={(event) => setAll(!event.currentTarget.checked)}
            />
            <span className="check-name" title={subject}>
              only what concerns {subject}
            </span>
          </label>
        )}
        <button type="button" aria-pressed={pinned > 0} onClick={() => controller.togglePin()}>
          {pinned > 0 ? 'Unpin' : 'Pin this moment'} <kbd>P</kbd>
        </button>
        {other !== undefined && (
          <button type="button" aria-pressed={wantsOther} onClick={() => setWantsOther(!wantsOther)}>
            Compare with run {other.name}
          </button>
        )}
      </div>
      {shown.length === 0 && <p className="empty">Nothing had been written by then.</p>}
      <div className="state-tables">
        {shown.map((table) => (
          <Table key={table.name} table={table} go={(id) => id > 0 && controller.focus(id)} />
        ))}
      </div>
    </div>
  )
}

/** The run beside the one that is looked at. */
function useOther(controller: Controller): { readonly name: RunName; readonly run: RunView } | undefined {
  const name = useSelected(controller.store, ({ active }) => (active === 'A' ? 'B' : 'A'))
  const run = useSelected(controller.store, ({ runs }) => runs[name])
  return useMemo(() => run && { name, run }, [name, run])
}

/** A row with what it was at the other moment. */
interface ShownRow {
  readonly row: StateRow
  readonly how: 'same' | 'added' | 'changed' | 'gone'
  readonly was: Values | undefined
}

/** A table with the rows that concern an order, and those that are gone. */
interface ShownTable {
  readonly name: string
  readonly rows: readonly ShownRow[]
  /** How many rows there would be more. */
  readonly more: number
}

/** Rows of a table at most; what has changed comes before the rest. */
const MOST_ROWS = 40

/** What has changed comes first. */
function shownTables(
  run: RunView,
  tables: readonly StateTable[],
  changes: readonly RowChange[],
  subject: string,
): ShownTable[] {
  const concerned = concernedBy(run, subject)
  const present = new Set(tables.map(({ name }) => name))
  const emptied = changes.filter(({ table }) => !present.has(table)).map(({ table }) => table)
  const all = [...tables, ...[...new Set(emptied)].map((name) => ({ name, rows: [] }))]
  return all
    .map((table) => rowsFor(table, changes, concerned))
    .filter(({ rows }) => rows.length > 0)
    .sort((left, right) => Number(isChanged(right)) - Number(isChanged(left)))
}

function isChanged({ rows }: ShownTable): boolean {
  return rows.some(({ how }) => how !== 'same')
}

/** Whether a row concerns an order: it was written for it, or names it. */
function concernedBy({ recording }: RunView, subject: string): (row: StateRow) => boolean {
  const { entity, entities } = recording.columns
  const number = entities.indexOf(subject)
  return ({ values, writtenBy }) => {
    if (subject === '') return true
    for (const column in values) if (values[column] === subject) return true
    for (const column in writtenBy) {
      const writer = writtenBy[column] as number
      if (writer > 0 && entity[writer] === number) return true
    }
    return false
  }
}

function rowsFor(
  { name, rows }: StateTable,
  changes: readonly RowChange[],
  concerned: (row: StateRow) => boolean,
): ShownTable {
  const own = new Map(changes.filter(({ table }) => table === name).map((change) => [change.key, change]))
  const shown = rows.filter(concerned).map((row): ShownRow => {
    const change = own.get(row.key)
    own.delete(row.key)
    if (change === undefined) return { row, how: 'same', was: row.values }
    return { row, how: change.was === undefined ? 'added' : 'changed', was: change.was }
  })
  const kept = new Set(rows.map(({ key }) => key))
  for (const { key, was, event } of own.values()) {
    if (was === undefined || kept.has(key)) continue
    const writtenBy = Object.fromEntries(Object.keys(was).map((column) => [column, event]))
    const row = { key, values: was, writtenBy }
    if (concerned(row)) shown.push({ row, how: 'gone', was })
  }
  const first = shown.length <= MOST_ROWS ? shown : [...shown].sort(byChange)
  return { name, rows: first.slice(0, MOST_ROWS), more: Math.max(0, shown.length - MOST_ROWS) }
}

function byChange(left: ShownRow, right: ShownRow): number {
  return Number(left.how === 'same') - Number(right.how === 'same')
}

function Table({ table, go }: { table: ShownTable; go: (event: number) => void }) {
  const columns = [...new Set(table.rows.flatMap(({ row }) => Object.keys(row.values)))]
  const [owner, name] = splitName(table.name)
  return (
    <div className="state-table">
      <table className="rows">
        <caption>
          <span className="quiet">{owner}</span> {name}
        </caption>
        <thead>
          <tr>
            {columns.map((column) => (
              <th key={column} scope="col">
                {column}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {table.rows.map(({ row, how, was }) => (
            <tr key={row.key} className={how === 'added' || how === 'gone' ? `row-${how}` : undefined}>
              {columns.map((column) => (
                <Cell key={column} row={row} column={column} was={was} isElsewhere={how === 'gone'} go={go} />
              ))}
            </tr>
          ))}
        </tbody>
      </table>
      {table.more > 0 && <p className="quiet">… and {counted(table.more, 'row')} more</p>}
    </div>
  )
}

function Cell({
  row,
  column,
  was,
  isElsewhere,
  go,
}: {
  row: StateRow
  column: string
  was: Values | undefined
  /** Whether it is not here, but in the other run. */
  isElsewhere: boolean
  go: (event: number) => void
}) {
  const value = row.values[column]
  const changed = was !== undefined && !sameValue(was[column], value)
  const writer = row.writtenBy[column] ?? 0
  const text = shownValue(column, value)
  return (
    <td className={changed ? 'cell-changed' : undefined}>
      <button
        type="button"
        className="cell"
        title={
          writer > 0
            ? `written by #${writer}: go there`
            : isElsewhere
              ? 'in the other run'
              : 'there from the start'
        }
        disabled={writer === 0}
        onClick={() => go(writer)}
      >
        {changed && <s>{shownValue(column, was[column])}</s>} {text}
      </button>
    </td>
  )
}

function splitName(name: string): readonly [string, string] {
  const dot = name.lastIndexOf('.')
  return dot === -1 ? ['', name] : [name.slice(0, dot), name.slice(dot + 1)]
}
