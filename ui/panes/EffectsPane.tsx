import { useMemo, useState } from 'react'
import { BAD_DEVIATION, type HeatCell, heatOf } from '../model/effect-heat.ts'
import type { EffectRow } from '../model/effects.ts'
import { counted } from '../model/format.ts'
import { useSubject } from './moment.ts'
import type { PaneProps } from './registry.tsx'

const MOST_ROWS = 200
/** Orders that are named to whoever does not see the strip. */
const MOST_NAMED = 5
/** Cells of the strip: what is narrower cannot be told apart in a hand. */
const MOST_CELLS = 80

/** How often each thing that was asked for once was done: what is not "exactly once" comes first. */
export function EffectsPane({ controller, run }: PaneProps) {
  const subject = useSubject(controller, run)
  const [onlySubject, setOnlySubject] = useState(false)
  const heat = useMemo(() => heatOf(run.effects, MOST_CELLS), [run])
  const rows = run.effects.filter(({ entity }) => !onlySubject || entity === subject)
  if (run.effects.length === 0)
    return <p className="empty">Nothing was delivered or requested in this run.</p>
  const deviant = rows.filter(({ deviation }) => deviation > 0).length
  return (
    <div className="effects">
      <div className="pane-head">
        <span>
          {deviant === 0
            ? 'Everything happened exactly once'
            : `${deviant} of ${rows.length} did not happen exactly once`}
        </span>
        {subject !== '' && (
          <label className="check">
            <input
              type="checkbox"
              checked={onlySubject}
              onChange={(event) => setOnlySubject(event.currentTarget.checked)}
            />
            <span className="check-name" title={subject}>
              only {subject}
            </span>
          </label>
        )}
      </div>
      {heat.length > 1 && <HeatStrip cells={heat} subject={subject} />}
      <table className="rows effect-table">
        <thead>
          <tr>
            <th scope="col">concerns</th>
            <th scope="col">what</th>
            <th scope="col" className="number">
              written
            </th>
            <th scope="col" className="number">
              delivered
            </th>
            <th scope="col" className="number">
              handled
            </th>
            <th scope="col">effects outside</th>
            <th scope="col">attempts</th>
          </tr>
        </thead>
        <tbody>
          {rows.slice(0, MOST_ROWS).map((row) => (
            <Row key={row.attempts[0]?.event} row={row} go={(id) => controller.focus(id)} />
          ))}
        </tbody>
      </table>
      {rows.length > MOST_ROWS && (
        <p className="quiet">{rows.length - MOST_ROWS} more, each exactly once or closer to it.</p>
      )}
    </div>
  )
}

/** All orders at a glance, one after another as they came. */
function HeatStrip({ cells, subject }: { cells: readonly HeatCell[]; subject: string }) {
  const odd = cells.filter(({ deviation }) => deviation > 0)
  const named = odd.flatMap(({ entities }) => entities)
  const said =
    odd.length === 0
      ? 'All came to happen exactly once'
      : `In the order in which they came, not exactly once: ${named.slice(0, MOST_NAMED).join(', ')}`
  const more = named.length - MOST_NAMED
  return (
    <div className="heat" role="img" aria-label={more > 0 ? `${said} and ${counted(more, 'other')}` : said}>
      {cells.map(({ entities, deviation }) => (
        <span
          key={entities[0]}
          className={`heat-cell ${deviation >= BAD_DEVIATION ? 'heat-bad' : deviation > 0 ? 'heat-odd' : ''}${
            entities.includes(subject) ? ' heat-own' : ''
          }`}
          title={`${entities.length > 1 ? `${entities[0]} to ${entities.at(-1)}` : entities[0]}: ${
            deviation === 0
              ? 'exactly once'
              : deviation >= BAD_DEVIATION
                ? 'too often outside'
                : 'more than once'
          }`}
        />
      ))}
    </div>
  )
}

function Row({ row, go }: { row: EffectRow; go: (id: number) => void }) {
  const { entity, operation, produced, attempts, handled, effects, deviation } = row
  return (
    <tr className={deviation >= BAD_DEVIATION ? 'row-bad' : deviation > 0 ? 'row-odd' : ''}>
      <td className="effect-entity" title={entity}>
        {entity}
      </td>
      <td className="effect-operation" title={operation}>
        {operation}
      </td>
      <Count name="written" times={produced} />
      <Count name="delivered" times={attempts.length} />
      <Count name="handled" times={handled} />
      <td>
        {Object.entries(effects).map(([ledger, times]) => (
          <span key={ledger} className={times > 1 ? 'effect-many' : 'effect'}>
            {ledger} ×{times}
          </span>
        ))}
      </td>
      <td>
        {attempts.map(({ event, committed, effects: made }, index) => (
          <button
            key={event}
            type="button"
            className={`attempt${committed ? '' : ' attempt-lost'}`}
            title={`attempt ${index + 1}: ${committed ? 'committed' : 'nothing committed'}${made.length > 0 ? `, ${made.length} effect(s) outside` : ''}`}
            onClick={() => go(event)}
          >
            {index + 1}
            {made.length > 0 ? '◆' : ''}
            {committed ? '' : '✗'}
          </button>
        ))}
      </td>
    </tr>
  )
}

/** @param name of its column, for where there is no room for heads */
function Count({ name, times }: { name: string; times: number }) {
  return (
    <td data-name={name} className={`number${times === 1 ? '' : times > 1 ? ' count-many' : ' count-none'}`}>
      {times}
    </td>
  )
}
