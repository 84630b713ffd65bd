import { type DragEvent, type KeyboardEvent, memo, type PointerEvent, useState } from 'react'
import { type FaultSpec, formatSeconds } from '../../sim/index.ts'
import type { RunView } from '../model/run-view.ts'
import { FAULT_TYPE, newFault } from '../panes/new-fault.ts'
import type { Controller } from '../view/controller.ts'
import { useSelected } from '../view/store.ts'
import { type Scene, unitAt, unitOfMoment, xOf } from './scene.ts'

/** Sizes of the track, in CSS pixels. */
const TRACK_ROW = 20
const MOST_ROWS = 8
const WIDEST_CHIP = 420
const LETTER = 6.2

/** The faults of the run, where they struck: drag one to move it, drop a new one from the set-up. */
export const FaultTrack = memo(function FaultTrack({
  controller,
  scene,
  of,
}: {
  controller: Controller
  scene: Scene
  /** Which run's they are. */
  of: string
}) {
  const setup = useSelected(controller.store, (state) => state.setup)
  const { summary } = scene.run
  if (summary === undefined) return null
  const placed = stacked(scene)
  const drop = (event: DragEvent<HTMLElement>): void => {
    const kind = event.dataTransfer.getData(FAULT_TYPE)
    if (kind === '') return
    event.preventDefault()
    const { left } = event.currentTarget.getBoundingClientRect()
    dropFault(controller, kind, undefined, momentAt(scene, event.clientX - left))
  }
  return (
    <div className="fault-track">
      <div className="lane-head">faults</div>
      <div
        className="fault-places"
        role="group"
        aria-label={`Faults of ${of}`}
        style={{ height: (1 + Math.max(0, ...placed.map(({ row }) => row))) * TRACK_ROW + 2 }}
        onDragOver={(event) => event.dataTransfer.types.includes(FAULT_TYPE) && event.preventDefault()}
        onDrop={drop}
      >
        {summary.faults.length === 0 && (
          <span className="fault-none">none: add one in Setup, or drag one here</span>
        )}
        {placed.map(({ index, says, x, row }) => (
          <FaultChip
            key={index}
            says={says}
            x={x}
            row={row}
            scene={scene}
            editable={setup !== undefined}
            move={(atMicros) => moveFault(controller, scene.run, index, atMicros)}
            remove={() => removeFault(controller, scene.run, index)}
          />
        ))}
      </div>
    </div>
  )
})

interface PlacedFault {
  readonly index: number
  readonly says: string
  readonly x: number
  readonly row: number
}

/** Faults that would cover each other lie in rows below each other. */
function stacked(scene: Scene): PlacedFault[] {
  const ends: number[] = []
  return scene.run.bands
    .map(({ index, says, fromMicros }) => ({
      index,
      says,
      x: xOf(scene, unitOfMoment(scene.axis, scene.run, fromMicros)),
    }))
    .sort((left, right) => left.x - right.x)
    .map((fault) => {
      const { wide, flips } = chipOf(fault, scene)
      const from = flips ? fault.x - wide : fault.x
      const free = ends.findIndex((end) => end <= from)
      const row = free === -1 ? Math.min(ends.length, MOST_ROWS - 1) : free
      ends[row] = from + wide + 4
      return { ...fault, row }
    })
}

/** A chip lies to the right of where its fault struck, unless there is more room for it to the left. */
function chipOf(
  { x, says }: Pick<PlacedFault, 'x' | 'says'>,
  { width }: Scene,
): { readonly wide: number; readonly flips: boolean } {
  const wanted = Math.min(WIDEST_CHIP, says.length * LETTER + 34)
  const flips = x + wanted > width && x > width - x
  return { wide: Math.min(wanted, Math.max(60, flips ? x : width - x)), flips }
}

/** The moment at some pixels from the left; never before the beginning. */
export function momentAt(scene: Scene, x: number): number {
  const { axis, run } = scene
  const unit = unitAt(scene, x)
  if (axis.mode === 'time') return Math.max(0, axis.scale.toMicros(unit))
  const id = axis.units.findIndex((each) => each >= unit)
  return id < 1 ? 0 : run.recording.at(id)
}

/** Adds a fault at a moment and runs again. @param lane where it was dropped */
export function dropFault(
  controller: Controller,
  kind: string,
  lane: string | undefined,
  atMicros: number,
): void {
  const { setup, facts, opened } = controller.state
  const known = opened === undefined ? undefined : facts[opened.system]
  const form = known?.faults.find((each) => each.kind === kind)
  if (setup === undefined || known === undefined || form === undefined || form.aims.length === 0) return
  const fault = newFault(form, lane, durationOf(atMicros), known.outline)
  controller.setFaults([...setup.scenario.faults, fault])
  void controller.rerun()
}

/** A fault strikes at another moment: at a time from now on, whatever step it was aimed at. */
function moveFault(controller: Controller, run: RunView, index: number, atMicros: number): void {
  const fault = run.scenario?.faults[index]
  if (fault === undefined) return
  const faults = [...(controller.state.setup?.scenario.faults ?? [])]
  const { of: _of, nth: _nth, ...rest } = fault
  const moved = { ...rest, at: durationOf(atMicros) }
  const at = placeInSetup(faults, run, index)
  if (at === -1) faults.push(moved)
  else faults[at] = moved
  controller.setFaults(faults)
  void controller.rerun()
}

/** What is set up runs without a fault of the run that is seen. */
function removeFault(controller: Controller, run: RunView, index: number): void {
  const faults = controller.state.setup?.scenario.faults ?? []
  void controller.rerunWithout(placeInSetup(faults, run, index))
}

/**
 * Where a fault of the run that is seen is among those that are set up, which may be others by now; -1 when it is not.
 * Of faults that are alike each is another one.
 */
export function placeInSetup(faults: readonly FaultSpec[], run: RunView, index: number): number {
  const own = (run.scenario?.faults ?? []).map((fault) => JSON.stringify(fault))
  const before = own.slice(0, index).filter((fault) => fault === own[index]).length
  const alike = faults.flatMap((fault, at) => (JSON.stringify(fault) === own[index] ? [at] : []))
  return alike[before] ?? -1
}

function durationOf(atMicros: number): string {
  return `${Math.max(1, Math.round(atMicros / 1000))}ms`
}

interface ChipProps {
  readonly says: string
  readonly x: number
  readonly row: number
  readonly scene: Scene
  readonly editable: boolean
  move(atMicros: number): void
  remove(): void
}

function FaultChip({ says, x, row, scene, editable, move, remove }: ChipProps) {
  const [dragged, setDragged] = useState<number | undefined>(undefined)
  if (x < -20 || x > scene.width + 20) return null
  const offset = (event: PointerEvent<HTMLElement>): number => {
    const box = (event.currentTarget.closest('.fault-places') as HTMLElement).getBoundingClientRect()
    return event.clientX - box.left
  }
  const press = (event: KeyboardEvent): void => {
    if (event.key !== 'Delete' && event.key !== 'Backspace') return
    event.preventDefault()
    remove()
  }
  const at = dragged ?? x
  const { flips } = chipOf({ x, says }, scene)
  return (
    <span
      className={`fault-chip${flips ? ' fault-chip-left' : ''}`}
      style={{ left: at, top: 2 + row * TRACK_ROW, maxWidth: Math.max(60, flips ? at : scene.width - at) }}
    >
      <button
        type="button"
        className="fault-grip"
        disabled={!editable}
        title={editable ? `${says}: drag to move it, Delete to run without it` : says}
        onKeyDown={press}
        onPointerDown={(event) => {
          event.currentTarget.setPointerCapture(event.pointerId)
          setDragged(offset(event))
        }}
        onPointerMove={(event) => dragged !== undefined && setDragged(offset(event))}
        onPointerUp={() => {
          if (dragged !== undefined && Math.abs(dragged - x) > 3) move(momentAt(scene, dragged))
          setDragged(undefined)
        }}
      >
        {dragged === undefined ? says : formatSeconds(momentAt(scene, dragged))}
      </button>
      {editable && (
        <button
          type="button"
          className="fault-remove"
          aria-label={`Re-run without: ${says}`}
          title="Re-run without it"
          onClick={remove}
        >
          ✕
        </button>
      )}
    </span>
  )
}
