import { useState } from 'react'
import { type FaultPlace, placesOf } from '../model/danger.ts'
import { RunView } from '../model/run-view.ts'
import type { Controller } from '../view/controller.ts'
import { openedSystem, type Setup } from '../view/state.ts'
import type { DangerCell } from '../worker/protocol.ts'
import { useSubject } from './moment.ts'

interface Row {
  readonly label: string
  readonly cells: readonly (DangerCell | undefined)[]
}

/** Sweeps one fault over every step of an order: where it hurts, as the file has it and as it is set up. */
export function DangerMap({ controller, run }: { controller: Controller; run: RunView }) {
  const subject = useSubject(controller, run)
  const [index, setIndex] = useState(0)
  const [places, setPlaces] = useState<readonly FaultPlace[]>([])
  const [rows, setRows] = useState<readonly Row[]>([])
  const faults = controller.state.setup?.scenario.faults ?? []
  const begin = async (): Promise<void> => {
    const { setup } = controller.state
    const system = openedSystem(controller.state)
    if (setup === undefined || system === undefined) return
    await controller.during('Mapping', async () => {
      const { bundle } = system
      // Steps are those of the undisturbed run: a fault must not hide the places behind it.
      const calm = { ...setup.scenario, faults: setup.scenario.faults.filter((_, other) => other !== index) }
      const answer = await controller.engine.ask('run', { bundle, scenario: calm, seed: setup.seed })
      const targets = Object.values(setup.scenario.faults[index] ?? {}).filter(
        (value) => typeof value === 'string',
      )
      const found = placesOf(new RunView(answer.columns, answer), subject, targets)
      setPlaces(found)
      const plans = plansOf(setup, run)
      setRows(plans.map(({ label }) => ({ label, cells: [] })))
      for (const [at, { label, setup: plan }] of plans.entries()) {
        const cells: (DangerCell | undefined)[] = []
        const ask = { bundle, scenario: plan.scenario, seed: plan.seed, index }
        const triggers = found.map(({ at: moment, of, nth }) => ({ at: moment, of, nth }))
        await controller.engine.ask('sweep', { ...ask, places: triggers }, (cell) => {
          cells[cell.place] = cell
          const shown = [...cells]
          setRows((known) => known.map((row, other) => (other === at ? { label, cells: shown } : row)))
        })
      }
    })
  }
  return (
    <div className="danger">
      <h3>Danger map</h3>
      <div className="run-fields">
        <label className="field">
          fault
          <select value={index} onChange={(event) => setIndex(Number(event.currentTarget.value))}>
            {faults.map((fault, at) => (
              // biome-ignore lint/suspicious/noArrayIndexKey: faults have no other identity than their place in the plan.
              <option key={at} value={at}>
                {at + 1}: {Object.keys(fault)[0]}
              </option>
            ))}
          </select>
        </label>
        <button type="button" disabled={faults.length === 0 || subject === ''} onClick={() => void begin()}>
          Try it at every step of {subject || 'an order'}
        </button>
      </div>
      {rows.map((row) => (
        <DangerRow
          key={row.label}
          row={row}
          places={places}
          move={(place) => moveFault(controller, index, place)}
        />
      ))}
    </div>
  )
}

/** As it is set up now, and as the run that is looked at had it, if its params were others. */
function plansOf(setup: Setup, run: RunView): { readonly label: string; readonly setup: Setup }[] {
  const plans = [{ label: 'as set up', setup }]
  const before = run.scenario?.params
  if (before !== undefined && JSON.stringify(before) !== JSON.stringify(setup.scenario.params))
    plans.unshift({
      label: 'as this run',
      setup: { ...setup, scenario: { ...setup.scenario, params: before } },
    })
  return plans
}

function moveFault(controller: Controller, index: number, { at, of, nth }: FaultPlace): void {
  const faults = controller.state.setup?.scenario.faults ?? []
  controller.setFaults(faults.map((fault, other) => (other === index ? { ...fault, at, of, nth } : fault)))
  void controller.rerun()
}

function DangerRow({
  row,
  places,
  move,
}: {
  row: Row
  places: readonly FaultPlace[]
  move: (place: FaultPlace) => void
}) {
  const bad = row.cells.filter((cell) => cell?.verdict === 'violated').length
  return (
    <div className="danger-row">
      <span>
        {row.label}:{' '}
        <b className={bad > 0 ? 'mark-bad' : 'mark-good'}>
          {bad} of {places.length} places break a promise
        </b>
      </span>
      <div className="danger-cells">
        {places.map((place, at) => {
          const cell = row.cells[at]
          const said = cell === undefined ? 'not tried yet' : cell.violated.join(', ') || cell.verdict
          return (
            <button
              key={`${place.at} ${place.nth}`}
              type="button"
              className={`danger-cell danger-${cell?.verdict ?? 'unknown'}`}
              title={`${place.at}${place.nth > 1 ? ` (${place.nth})` : ''}: ${said}`}
              aria-label={`${place.at}: ${said}`}
              onClick={() => move(place)}
            />
          )
        })}
      </div>
    </div>
  )
}
