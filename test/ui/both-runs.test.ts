import fc from 'fast-check'
import { beforeAll, describe, expect, it } from 'vitest'
import type { RunView } from '../../ui/model/run-view.ts'
import { paintScene } from '../../ui/timeline/paint.ts'
import { paintOverlay } from '../../ui/timeline/paint-overlay.ts'
import { partingFlags } from '../../ui/timeline/parting-flags.ts'
import { Pyramid } from '../../ui/timeline/pyramid.ts'
import { rowOf, type Scene, unitOfMoment, xOf, yOf } from '../../ui/timeline/scene.ts'
import { loggingPen, TOKENS } from './drawn.ts'
import { anyRecording, DOUBLE_CHARGE, recorded, viewOf } from './recordings.ts'
import { bothScenes } from './scenes.ts'

const anyRun = anyRecording.map(viewOf)
const MODES = ['time', 'steps', 'depth'] as const

/** The first crash of a run. */
function crashOf({ recording }: RunView): number {
  for (let id = 1; id <= recording.count; id++) if (recording.kind(id) === 'crash') return id
  throw new Error('there is no crash')
}

describe('two runs, one above the other', () => {
  let wrong: RunView
  let right: RunView
  let calm: RunView

  beforeAll(async () => {
    wrong = (await recorded(DOUBLE_CHARGE)).view
    right = (await recorded(DOUBLE_CHARGE, { params: {} })).view
    calm = (await recorded(DOUBLE_CHARGE, { faults: [] })).view
  })

  it('[V63] have the same rows, and every lane of each in the row of its name', () => {
    fc.assert(
      fc.property(anyRun, anyRun, fc.subarray(['users', 'payment', 'topics']), (A, B, folded) => {
        const scenes = bothScenes(A, B, { folded })
        const rowsOf = ({ rows }: Scene) =>
          rows.map(({ key, label, group, first }) => ({ key, label, group, first }))
        expect(rowsOf(scenes[0])).toEqual(rowsOf(scenes[1]))
        for (const { run, rows, rowOfLane } of scenes) {
          for (const { name, number } of run.lanes) {
            const row = rows[rowOfLane[number] as number]
            expect(row?.lanes).toContain(number)
            expect(row?.label).toBe(row?.folded ? row.group : name)
          }
        }
        const names = (all: readonly Scene[]) => all[0]?.rows.map(({ key }) => key).toSorted()
        expect(names(bothScenes(B, A))).toEqual(names(bothScenes(A, B)))
      }),
    )
  })

  it.each(MODES)('[V63] have one axis: %s', (mode) => {
    fc.assert(
      fc.property(anyRun, anyRun, fc.integer({ min: 0, max: 20_000_000 }), (A, B, atMicros) => {
        const scenes = bothScenes(A, B, { mode })
        const [{ axis }, { axis: other }] = scenes
        expect(axis.lengthUnits).toBe(other.lengthUnits)
        const places = new Map<number, number>()
        for (const { run, axis: own } of scenes) {
          for (let id = 1; id <= run.recording.count; id++) {
            const unit = own.units[id] as number
            expect(unit).toBeGreaterThanOrEqual(0)
            expect(unit).toBeLessThanOrEqual(own.lengthUnits + 1e-6)
            if (mode !== 'time') continue
            const moment = run.recording.at(id)
            expect(places.get(moment) ?? unit).toBeCloseTo(unit, 6)
            places.set(moment, unit)
          }
        }
        if (mode === 'time') expect(unitOfMoment(axis, A, atMicros)).toBe(unitOfMoment(other, B, atMicros))
      }),
    )
  })

  it.each(MODES)('[V63] lie as a run alone does when both are the same: %s', (mode) => {
    fc.assert(
      fc.property(anyRun, (run) => {
        const [upper, lower] = bothScenes(run, run, { mode })
        expect([...upper.axis.units]).toEqual([...lower.axis.units])
        expect(upper.rows).toEqual(lower.rows)
        expect(upper.comparison).toEqual({ ghosts: [], added: [], partings: [] })
      }),
    )
  })

  it('[V63] show what either story tells of in both, in the lanes of both', () => {
    // Without the crash the story is about another order.
    expect(calm.story?.subject).not.toBe(wrong.story?.subject)
    const [upper, lower] = bothScenes(wrong, calm, { storyLanes: true })
    for (const { run, mask, rows } of [upper, lower]) {
      for (const subject of [calm.story?.subject, wrong.story?.subject])
        for (const id of run.recording.ofEntity(subject ?? '')) expect(mask[id]).toBe(2)
      expect(rows.map(({ label }) => label)).toEqual(
        expect.arrayContaining(['payment-2', 'provider.charges']),
      )
    }
    expect(upper.rows.length).toBeLessThan(wrong.lanes.length)
  })

  it('[V64] ring what the other lacks, and show hollow what the other has besides, each at its place', () => {
    for (const other of [right, calm]) {
      const { inA, inB } = wrong.diffWith(other)
      const [upper, lower] = bothScenes(wrong, other)
      expect(upper.comparison?.added).toEqual([...inB.keys()].filter((id) => id > 0 && inB[id] === 0))
      expect(lower.comparison?.added).toEqual([...inA.keys()].filter((id) => id > 0 && inA[id] === 0))
      const weighty = (scene: Scene): readonly number[] =>
        (scene.comparison?.added ?? []).filter((id) => (scene.run.looks.weights[id] as number) >= 3)
      const places = (scene: Scene) =>
        weighty(scene).map((id) => ({
          row: rowOf(scene, id),
          unit: scene.axis.units[id],
          shape: scene.run.looks.shapeOf(id),
        }))
      expect(lower.comparison?.ghosts).toEqual(places(upper))
      expect(upper.comparison?.ghosts).toEqual(places(lower))
    }
  })

  it.each(MODES)(
    '[V64] have a line in each where they part at all, and one where they part in what matters: %s',
    (mode) => {
      const { first, consequential } = wrong.diffWith(calm)
      const scenes = bothScenes(wrong, calm, { mode })
      for (const [at, scene] of scenes.entries()) {
        const { log, pen } = loggingPen()
        paintScene(pen, scene, () => new Pyramid(scene.run, scene.axis, scene.mask), TOKENS)
        for (const { kind, unit, place } of scene.comparison?.partings ?? []) {
          expect(place).toBe(kind === 'first' ? first : consequential)
          const own = at === 0 ? place.a : place.b
          if (own > 0) expect(unit).toBe(scene.axis.units[own])
          const lines = log.filter(
            ({ call, stroke, args }) =>
              call === 'lineTo' && stroke === 'other' && args[0] === xOf(scene, unit),
          )
          expect(lines.map(({ args }) => args[1])).toContain(scene.rows.length * 20)
        }
        expect(scene.comparison?.partings.map(({ kind }) => kind)).toEqual(['first', 'consequential'])
      }
    },
  )

  it('[V64] have flags at these lines that lie neither over each other nor over an edge, wherever one looks', () => {
    const share = fc.double({ min: 0, max: 1, noNaN: true })
    fc.assert(
      fc.property(
        fc.integer({ min: 250, max: 1_400 }),
        share,
        share,
        share,
        share,
        (width, from, to, one, other) => {
          const [scene] = bothScenes(wrong, calm, { width })
          const { comparison, axis } = scene
          const [left, right] = [Math.min(from, to), Math.max(from, to) + 0.001]
          const viewport = { fromUnit: left * axis.lengthUnits, toUnit: right * axis.lengthUnits }
          const partings = (comparison?.partings ?? []).map((parting, at) => ({
            ...parting,
            unit: ([one, other][at] as number) * axis.lengthUnits,
          }))
          const seen = { ...scene, viewport, comparison: { ghosts: [], added: [], partings } }
          const flags = partingFlags(seen)
          expect(flags).toHaveLength(2)
          for (const flag of flags) {
            expect(flag.left).toBeGreaterThanOrEqual(0)
            expect(flag.left + flag.width).toBeLessThanOrEqual(width + 1e-6)
            expect(flag.width).toBeGreaterThan(60)
          }
          const [before, behind] = flags
          expect((before?.left ?? 0) + (before?.width ?? 0)).toBeLessThan(behind?.left ?? 0)
        },
      ),
    )
  })

  it('[V64] ring what one has for what is looked at in the other, and draw a line at its place', () => {
    const charge = wrong.mainViolation?.event ?? 0
    const { inB } = wrong.diffWith(right)
    const [upper, lower] = bothScenes(wrong, right)
    const ringsFor = (event: number) => {
      const { log, pen } = loggingPen()
      const echoes = [inB[event] as number].filter((id) => id > 0)
      paintOverlay(pen, lower, TOKENS, { focus: 0, hover: 0, echoes, cursor: upper.axis.units[event] })
      const lines = log.filter(({ call, fill }) => call === 'fillRect' && fill === 'accent')
      expect(lines.map(({ args }) => args[0])).toEqual([xOf(lower, upper.axis.units[event] as number) - 0.5])
      return log.filter(({ call }) => call === 'arc').map(({ args, stroke }) => [args[0], args[1], stroke])
    }
    // The second charge is what the other run lacks; the crash is in both.
    expect(ringsFor(charge)).toEqual([])
    const crash = crashOf(wrong)
    const same = inB[crash] as number
    expect(ringsFor(crash)).toEqual([
      [xOf(lower, lower.axis.units[same] as number), yOf(lower, rowOf(lower, same)), 'accent'],
    ])
  })
})
