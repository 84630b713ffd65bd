import { useMemo, useState } from 'react'
import { seconds } from '../model/format.ts'
import { type StateRow, type StateTable, sameValue } from '../model/row-state.ts'
import type { RunView } from '../model/run-view.ts'
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
  const before = useMemo(() => run.states.at(earlier), [run, earlier])
  const shown = shownTables(run, tables, before, earlier, all ? '' : subject)
  return (
    <div className="state">
      <div className="pane-head">
        <span>
          after <b>#{moment}</b> at {seconds(run.recording.at(moment))}, changes{' '}
          {pinned > 0 ? `since #${pinned}` : 'of this event'} marked
        </span>
        {subject !== '' && (
          <label className="check">
            <input
              type="checkbox"
              checked={!all}
              onChange={(event) => setAll(!event.currentTarget.checked)}
            />
            only what concerns {subject}
          </label>
        )}
        <button
          type="button"
          aria-pressed={pinned > 0}
          onClick={() =>
            controller.store.update((draft) => {
              draft.pinned = pinned > 0 ? 0 : moment
            })
          }
        >
          {pinned > 0 ? 'Unpin' : 'Pin this moment'} <kbd>P</kbd>
        </button>
      </div>
      {shown.length === 0 && <p className="empty">Nothing had been written by then.</p>}
      <div className="state-tables">
        {shown.map((table) => (
          <Table key={table.name} table={table} before={before} go={(id) => id > 0 && controller.focus(id)} />
        ))}
      </div>
    </div>
  )
}

/** What has changed comes first. */
function shownTables(
  run: RunView,
  tables: readonly StateTable[],
  before: readonly StateTable[],
  earlier: number,
  subject: string,
): ShownTable[] {
  const changed = ({ rows, gone }: ShownTable): boolean =>
    gone.size > 0 || rows.some(({ writtenBy }) => Object.values(writtenBy).some((id) => id > earlier))
  return tables
    .map((table) => rowsFor(run, table, before, subject))
    .filter(({ rows }) => rows.length > 0)
    .sort((left, right) => Number(changed(right)) - Number(changed(left)))
}

/** A table with the rows that concern an order, and those that are gone since the moment before. */
interface ShownTable extends StateTable {
  readonly gone: ReadonlySet<StateRow>
}

function rowsFor(
  run: RunView,
  table: StateTable,
  before: readonly StateTable[],
  subject: string,
): ShownTable {
  const earlier = before.find(({ name }) => name === table.name)
  const present = new Set(table.rows.map(({ key }) => key))
  const gone = (earlier?.rows ?? []).filter(({ key }) => !present.has(key))
  const concerns = (row: StateRow): boolean =>
    subject === '' ||
    Object.values(row.writtenBy).some((id) => id > 0 && run.recording.entity(id) === subject) ||
    Object.values(row.values).includes(subject)
  return { name: table.name, rows: [...table.rows, ...gone].filter(concerns), gone: new Set(gone) }
}

function Table({
  table,
  before,
  go,
}: {
  table: ShownTable
  before: readonly StateTable[]
  go: (event: number) => void
}) {
  const columns = [...new Set(table.rows.flatMap(({ values }) => Object.keys(values)))]
  const earlier = before.find(({ name }) => name === table.name)
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
          {table.rows.map((row) => {
            const was = earlier?.rows.find(({ key }) => key === row.key)
            const how = was === undefined ? 'row-added' : table.gone.has(row) ? 'row-gone' : undefined
            return (
              <tr key={row.key} className={how}>
                {columns.map((column) => (
                  <Cell key={column} row={row} column={column} was={was} go={go} />
                ))}
              </tr>
            )
          })}
        </tbody>
      </table>
    </div>
  )
}

function Cell({
  row,
  column,
  was,
  go,
}: {
  row: StateRow
  column: string
  was: StateRow | undefined
  go: (event: number) => void
}) {
  const value = row.values[column]
  const changed = was !== undefined && !sameValue(was.values[column], value)
  const writer = row.writtenBy[column] ?? 0
  const text = shownValue(column, value)
  return (
    <td className={changed ? 'cell-changed' : undefined}>
      <button
        type="button"
        className="cell"
        title={writer > 0 ? `written by #${writer}: go there` : 'there from the start'}
        disabled={writer === 0}
        onClick={() => go(writer)}
      >
        {changed && <s>{shownValue(column, was.values[column])}</s>} {text}
      </button>
    </td>
  )
}

function splitName(name: string): readonly [string, string] {
  const dot = name.lastIndexOf('.')
  return dot === -1 ? ['', name] : [name.slice(0, dot), name.slice(dot + 1)]
}
