import { useState } from 'react'
import { type FaultPlace, placesOf } from '../model/danger.ts'
import { RunView } from '../model/run-view.ts'
import type { Controller } from '../view/controller.ts'
import { type DangerMap as Danger, openedSystem, type Setup } from '../view/state.ts'
import { useSelected } from '../view/store.ts'
import { useSubject } from './moment.ts'

/** Sweeps one fault over every step of an order: where it hurts, as the file has it and as it is set up. */
export function DangerMap({ controller, run }: { controller: Controller; run: RunView }) {
  const subject = useSubject(controller, run)
  const setup = useSelected(controller.store, (state) => state.setup)
  const map = useSelected(controller.store, (state) => state.danger)
  const [chosen, setChosen] = useState(map?.index ?? 0)
  const faults = setup?.scenario.faults ?? []
  const index = Math.max(0, Math.min(chosen, faults.length - 1))
  const isOfNow = setup !== undefined && map !== undefined && map.around === around(setup, map.index)
  return (
    <div className="danger">
      <h3>Danger map</h3>
      <div className="run-fields">
        <label className="field">
          fault
          <select value={index} onChange={(event) => setChosen(Number(event.currentTarget.value))}>
            {faults.map((fault, at) => (
              // biome-ignore lint/suspicious/noArrayIndexKey: faults have no other identity than their place in the plan.
              <option key={at} value={at}>
                {at + 1}: {Object.keys(fault)[0]}
              </option>
            ))}
          </select>
        </label>
        <button
          type="button"
          disabled={faults.length === 0 || subject === ''}
          onClick={() => void mapDanger(controller, run, index, subject)}
        >
          Try it at every step of {subject || 'an order'}
        </button>
      </div>
      {map !== undefined && !isOfNow && (
        <p className="quiet" role="status">
          This was tried with another set-up: try it again.
        </p>
      )}
      {map?.rows.map((row) => (
        <DangerRow
          key={row.label}
          row={row}
          places={map.places}
          isOfNow={isOfNow}
          move={(place) => moveFault(controller, map.index, place)}
        />
      ))}
    </div>
  )
}

/** Everything that is set up but where one of its faults strikes, as a key. */
function around({ scenario, seed }: Setup, index: number): string {
  const faults = scenario.faults.map((fault, other) => {
    const { at: _at, of: _of, nth: _nth, ...members } = fault
    return other === index ? members : fault
  })
  return JSON.stringify([{ ...scenario, faults }, seed])
}

/** Tries a fault at every step of an order, and shows what comes of it as it becomes known. */
async function mapDanger(
  controller: Controller,
  run: RunView,
  index: number,
  subject: string,
): Promise<void> {
  const { setup } = controller.state
  const system = openedSystem(controller.state)
  if (setup === undefined || system === undefined) return
  const { bundle } = system
  await controller.during('Mapping', async () => {
    // Steps are those of the undisturbed run: a fault must not hide the places behind it.
    const calm = { ...setup.scenario, faults: setup.scenario.faults.filter((_, other) => other !== index) }
    const answer = await controller.engine.ask('run', { bundle, scenario: calm, seed: setup.seed })
    const targets = Object.values(setup.scenario.faults[index] ?? {}).filter(
      (value) => typeof value === 'string',
    )
    const places = placesOf(new RunView(answer.columns, answer), subject, targets)
    const plans = plansOf(setup, run)
    const rows = plans.map(({ label }): Danger['rows'][number] => ({ label, cells: [] }))
    const show = (): void =>
      controller.store.update((draft) => {
        draft.danger = { index, around: around(setup, index), places, rows: [...rows] } as never
      })
    show()
    const triggers = places.map(({ at: moment, of, nth }) => ({ at: moment, of, nth }))
    for (const [at, { label, setup: plan }] of plans.entries()) {
      const ask = { bundle, scenario: plan.scenario, seed: plan.seed, index, places: triggers }
      await controller.engine.ask('sweep', ask, (cell) => {
        const cells = [...(rows[at]?.cells ?? [])]
        cells[cell.place] = cell
        rows[at] = { label, cells }
        show()
      })
    }
  })
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
  isOfNow,
  move,
}: {
  row: Danger['rows'][number]
  places: readonly FaultPlace[]
  /** Whether the fault can be put there: what is set up is what was tried. */
  isOfNow: boolean
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
              disabled={!isOfNow}
              onClick={() => move(place)}
            />
          )
        })}
      </div>
    </div>
  )
}
