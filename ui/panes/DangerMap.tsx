import { useMemo, useState } from 'react'
import type { FaultSpec } from '../../sim/index.ts'
import {
  axesOf,
  type FaultPlace,
  type FaultVariant,
  placesOf,
  placesWithin,
  variantsOf,
} from '../model/danger.ts'
import { counted, grouped } from '../model/format.ts'
import { RunView } from '../model/run-view.ts'
import type { Controller } from '../view/controller.ts'
import { type DangerMap as Danger, type DangerRow, openedSystem, type Setup } from '../view/state.ts'
import { useSelected } from '../view/store.ts'
import type { FaultForm } from '../worker/protocol.ts'
import { useSubject } from './moment.ts'

/** Sweeps one fault over every step of an order: where it hurts, as the file has it and as it is set up. */
export function DangerMap({ controller, run }: { controller: Controller; run: RunView }) {
  const subject = useSubject(controller, run)
  const setup = useSelected(controller.store, (state) => state.setup)
  const map = useSelected(controller.store, (state) => state.danger)
  const forms = useForms(controller)
  const [chosen, setChosen] = useState(map?.index ?? 0)
  const [wanted, setWanted] = useState(map?.axis ?? '')
  const faults = setup?.scenario.faults ?? []
  const index = Math.max(0, Math.min(chosen, faults.length - 1))
  const form = formOf(forms, faults[index])
  const axes = form === undefined ? [] : axesOf(form)
  const axis = axes.some(({ name }) => name === wanted) ? wanted : ''
  const variants = useMemo(
    () => (faults[index] === undefined ? [] : variantsOf(faults[index], form, axis)),
    [faults, index, form, axis],
  )
  const isOfNow =
    setup !== undefined && map !== undefined && map.around === around(setup, map.index, map.varied)
  const isTried = isOfNow && map.index === index && map.axis === axis && map.places[0]?.of === subject
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
        <label className="field">
          rows
          <select value={axis} onChange={(event) => setWanted(event.currentTarget.value)}>
            <option value="">the fault as it is</option>
            {axes.map(({ name, says }) => (
              <option key={name} value={name}>
                by {says}
              </option>
            ))}
          </select>
        </label>
        <button
          type="button"
          disabled={faults.length === 0 || subject === ''}
          onClick={() => void mapDanger(controller, run, { index, subject, axis, variants })}
        >
          Try it at every step of {subject || 'an order'}
        </button>
      </div>
      {subject !== '' && faults.length > 0 && setup !== undefined && !isTried && (
        <Extent run={run} subject={subject} variants={variants} plans={plansOf(setup, run, '').length} />
      )}
      {map !== undefined && <Progress map={map} />}
      {map !== undefined && !isOfNow && (
        <p className="quiet" role="status">
          This was tried with another set-up: try it again.
        </p>
      )}
      <div className={map?.axis ? 'danger-grid' : undefined}>
        {map?.rows.map((row) => (
          <Row
            key={row.label}
            row={row}
            isGrid={map.axis !== ''}
            places={map.places}
            isOfNow={isOfNow}
            move={(place) => moveFault(controller, map.index, row, place)}
          />
        ))}
      </div>
    </div>
  )
}

/** How many runs it will take, as far as the run that is looked at tells: without the fault there can be other steps. */
function Extent({
  run,
  subject,
  variants,
  plans,
}: {
  run: RunView
  subject: string
  variants: readonly FaultVariant[]
  plans: number
}) {
  const rows = plans * variants.length
  const all = useMemo(() => placesOf(run, subject, targetsOf(variants)), [run, subject, variants])
  const places = placesWithin(all, rows)
  return (
    <p className="quiet">
      About {counted(rows * places.length, 'run')}: {counted(rows, 'row')} of{' '}
      {places.length < all.length ? `the first ${places.length} of ` : ''}
      {counted(all.length, 'step')}.
    </p>
  )
}

/** How much of a map there is. */
function Progress({ map: { places, rows } }: { map: Danger }) {
  const done = rows.reduce((sum, { cells }) => sum + cells.filter(Boolean).length, 0)
  return (
    <p className="danger-progress">
      {grouped(done)} of {counted(places.length * rows.length, 'run')} done.
    </p>
  )
}

/** What the system that is open can be hit by. */
function useForms(controller: Controller): readonly FaultForm[] {
  const known = useSelected(controller.store, ({ opened, facts }) =>
    opened === undefined ? undefined : facts[opened.system],
  )
  return known?.faults ?? []
}

function formOf(forms: readonly FaultForm[], fault: FaultSpec | undefined): FaultForm | undefined {
  return fault && forms.find(({ kind }) => kind in fault)
}

/** Everything that is set up but where one of its faults strikes and what is tried of it, as a key. */
function around({ scenario, seed }: Setup, index: number, varied: readonly string[]): string {
  const faults = scenario.faults.map((fault, other) => {
    if (other !== index) return fault
    const { at: _at, of: _of, nth: _nth, ...members } = fault
    return Object.entries(members).filter(([name]) => !varied.includes(name))
  })
  return JSON.stringify([{ ...scenario, faults }, seed])
}

/** What is to be tried: a fault, in all its variants, at every step of an order. */
interface Trial {
  readonly index: number
  readonly subject: string
  readonly axis: string
  readonly variants: readonly FaultVariant[]
}

/** Tries a fault at every step of an order, and shows what comes of it as it becomes known. */
async function mapDanger(controller: Controller, run: RunView, trial: Trial): Promise<void> {
  const { setup } = controller.state
  const system = openedSystem(controller.state)
  if (setup === undefined || system === undefined) return
  const { bundle } = system
  const { index, axis, variants } = trial
  await controller.during('Mapping', async () => {
    // Steps are those of the undisturbed run: a fault must not hide the places behind it.
    const calm = { ...setup.scenario, faults: setup.scenario.faults.filter((_, other) => other !== index) }
    const answer = await controller.engine.ask('run', { bundle, scenario: calm, seed: setup.seed })
    const all = placesOf(new RunView(answer.columns, answer), trial.subject, targetsOf(variants))
    const varied = [...new Set(variants.flatMap((variant) => variant.varied))]
    const plans = plansOf(setup, run, axis === '' ? 'as set up' : '').flatMap((plan) =>
      variants.map((variant) => tried(plan, variant, index)),
    )
    const places = placesWithin(all, plans.length)
    const rows: DangerRow[] = plans.map(({ label, fault }) => ({ label, fault, cells: [] }))
    const show = (): void =>
      controller.store.update((draft) => {
        const danger: Danger = {
          index,
          around: around(setup, index, varied),
          axis,
          varied,
          places,
          rows: [...rows],
        }
        draft.danger = danger as never
      })
    show()
    const triggers = places.map(({ at: moment, of, nth }) => ({ at: moment, of, nth }))
    for (const [at, { label, fault, setup: plan }] of plans.entries()) {
      const ask = { bundle, scenario: plan.scenario, seed: plan.seed, index, places: triggers }
      await controller.engine.ask('sweep', ask, (cell) => {
        const cells = [...(rows[at]?.cells ?? [])]
        cells[cell.place] = cell
        rows[at] = { label, fault, cells }
        show()
      })
    }
    const runs = rows.flatMap(({ cells }) => cells)
    const bad = runs.filter((cell) => cell?.verdict === 'violated').length
    controller.say(`${counted(runs.length, 'run')}: ${grouped(bad)} of them break a promise.`)
  })
}

/** What all variants hit: with several targets, nothing. */
function targetsOf(variants: readonly FaultVariant[]): string[] {
  const [first] = variants
  const names = Object.values(first?.fault ?? {}).filter((value) => typeof value === 'string')
  return names.filter((name) => variants.every(({ fault }) => Object.values(fault).includes(name)))
}

interface Plan {
  readonly label: string
  readonly setup: Setup
}

/** A plan with a variant in the place of its fault. */
function tried(
  { label, setup }: Plan,
  { says, fault }: FaultVariant,
  index: number,
): Plan & { fault: FaultSpec } {
  const faults = setup.scenario.faults.map((spec, other) => (other === index ? fault : spec))
  const scenario = { ...setup.scenario, faults }
  return {
    label: [label, says].filter((text) => text !== '').join(', '),
    fault,
    setup: { ...setup, scenario },
  }
}

/**
 * As it is set up now, and as the run that is looked at had it, if its params were others.
 * @param alone what to call the plan if there is only one
 */
function plansOf(setup: Setup, run: RunView, alone: string): Plan[] {
  const before = run.scenario?.params
  if (before === undefined || JSON.stringify(before) === JSON.stringify(setup.scenario.params))
    return [{ label: alone, setup }]
  return [
    { label: 'as this run', setup: { ...setup, scenario: { ...setup.scenario, params: before } } },
    { label: 'as set up', setup },
  ]
}

function moveFault(
  controller: Controller,
  index: number,
  { fault }: DangerRow,
  { at, of, nth }: FaultPlace,
): void {
  const faults = controller.state.setup?.scenario.faults ?? []
  controller.setFaults(faults.map((spec, other) => (other === index ? { ...fault, at, of, nth } : spec)))
  void controller.rerun()
}

function Row({
  row,
  isGrid,
  places,
  isOfNow,
  move,
}: {
  row: DangerRow
  /** Whether it stands with others that differ from it in one thing. */
  isGrid: boolean
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
          {bad} of {places.length}{' '}
          <span className={isGrid ? 'visually-hidden' : undefined}>places break a promise</span>
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
