import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { TimeScale } from '../../ui/model/time-scale.ts'
import { centred, fitted, panned, revealed, type Viewport, wholeOf, zoomed } from '../../ui/model/viewport.ts'
import { Pyramid } from '../../ui/timeline/pyramid.ts'
import { hit, rowOf, xOf, yOf } from '../../ui/timeline/scene.ts'
import { anyRecording, viewOf } from './recordings.ts'
import { sceneOf } from './scenes.ts'

const moments = fc
  .array(fc.integer({ min: 0, max: 100_000_000 }), { minLength: 1, maxLength: 60 })
  .map((times) => [...new Set(times)].sort((left, right) => left - right))

describe('the axis', () => {
  it('[V6] keeps the order of moments, whatever is folded', () => {
    fc.assert(
      fc.property(moments, fc.boolean(), (times, fold) => {
        const scale = new TimeScale(times, times.at(-1) as number, fold)
        for (let at = 1; at < times.length; at++)
          expect(scale.toUnits(times[at] as number)).toBeGreaterThan(scale.toUnits(times[at - 1] as number))
      }),
    )
  })

  it('[V6] finds many moments at once where it finds them one by one, also where they go back', () => {
    fc.assert(
      fc.property(moments, fc.array(fc.integer({ min: 0, max: 120_000_000 })), (times, asked) => {
        const scale = new TimeScale(times, times.at(-1) as number, true)
        const found = scale.allToUnits(asked)
        for (const [at, time] of asked.entries()) expect(found[at]).toBeCloseTo(scale.toUnits(time), 6)
      }),
    )
  })

  it('[V6] leads back from its units to the moment', () => {
    fc.assert(
      fc.property(moments, (times) => {
        const scale = new TimeScale(times, times.at(-1) as number, true)
        for (const time of times) expect(scale.toMicros(scale.toUnits(time))).toBeCloseTo(time, 3)
      }),
    )
  })

  it('[V6] gives an hour of idle time no more room than any other gap, and says so', () => {
    const busy = Array.from({ length: 100 }, (_, at) => at * 10_000)
    const late = busy.map((time) => time + 3_600_000_000)
    const scale = new TimeScale([...busy, ...late], 3_601_000_000, true)
    expect(scale.toUnits(3_600_000_000) - scale.toUnits(990_000)).toBeLessThan(scale.lengthUnits / 20)
    expect(scale.breaks).toHaveLength(1)
    const plain = new TimeScale([...busy, ...late], 3_601_000_000, false)
    expect(plain.breaks).toEqual([])
    expect(plain.lengthUnits).toBe(3_601_000_000)
  })
})

describe('a viewport', () => {
  const length = 1_000
  const inside = ({ fromUnit, toUnit }: Viewport): void => {
    const whole = wholeOf(length)
    expect(fromUnit).toBeGreaterThanOrEqual(whole.fromUnit - 1e-9)
    expect(toUnit).toBeLessThanOrEqual(whole.toUnit + 1e-9)
    expect(toUnit).toBeGreaterThan(fromUnit)
  }

  it('[V8] stays within the axis, whatever is done to it', () => {
    const step = fc.oneof(
      fc.record({
        factor: fc.double({ min: 0.01, max: 50, noNaN: true }),
        anchor: fc.double({ min: 0, max: 1, noNaN: true }),
      }),
      fc.record({ share: fc.double({ min: -5, max: 5, noNaN: true }) }),
      fc.record({ unit: fc.double({ min: -100, max: 1_100, noNaN: true }) }),
    )
    fc.assert(
      fc.property(fc.array(step, { maxLength: 30 }), (steps) => {
        let view = wholeOf(length)
        for (const each of steps) {
          if ('factor' in each) view = zoomed(view, each.factor, each.anchor, length)
          else if ('share' in each) view = panned(view, each.share, length)
          else view = centred(view, each.unit, length)
          inside(view)
        }
      }),
    )
  })

  it('[V8] keeps the place under the pointer where it is while it zooms', () => {
    const view = { fromUnit: 400, toUnit: 500 }
    const closer = zoomed(view, 0.5, 0.25, length)
    expect(closer.fromUnit + (closer.toUnit - closer.fromUnit) * 0.25).toBeCloseTo(425, 9)
  })

  it('[V8] moves only for what it does not show', () => {
    const view = { fromUnit: 400, toUnit: 500 }
    expect(revealed(view, 450, length)).toBe(view)
    const moved = revealed(view, 900, length)
    expect(moved.fromUnit).toBeLessThan(900)
    expect(moved.toUnit).toBeGreaterThan(900)
    const whole = wholeOf(length)
    expect(revealed(whole, 3, length)).toBe(whole)
    const range = fitted(100, 200, length)
    expect(range.fromUnit).toBeLessThan(100)
    expect(range.toUnit).toBeGreaterThan(200)
  })
})

describe('the picture', () => {
  it('[V7] answers a pointer on an event with that event, or one that lies on it and matters as much', () => {
    fc.assert(
      fc.property(anyRecording, (recording) => {
        const scene = sceneOf(viewOf(recording), { width: 900 })
        const { weights } = scene.run.looks
        for (let id = 1; id <= recording.count; id++) {
          const [x, y] = [xOf(scene, scene.axis.units[id] as number), yOf(scene, rowOf(scene, id))]
          const found = hit(scene, x, y)
          expect(rowOf(scene, found)).toBe(rowOf(scene, id))
          expect(Math.abs(xOf(scene, scene.axis.units[found] as number) - x)).toBeLessThanOrEqual(7)
          if (found !== id) expect(weights[found]).toBeGreaterThanOrEqual((weights[id] as number) - 0)
        }
      }),
    )
  })

  it('[V5] holds every event at every level of detail, under the one that matters most', () => {
    fc.assert(
      fc.property(anyRecording, (recording) => {
        const { run, axis, mask } = sceneOf(viewOf(recording), { width: 900 })
        const pyramid = new Pyramid(run, axis, mask)
        const coarsest = pyramid.levelFor(axis.lengthUnits)
        for (let level = 0; level <= coarsest; level++) {
          for (const [lane] of recording.columns.lanes.entries()) {
            let count = 0
            for (let bucket = 0; bucket < pyramid.bucketsAt(level); bucket++)
              count += pyramid.count(level, lane, bucket)
            expect(count).toBe(recording.ofLane(lane).length)
          }
        }
        for (const [lane] of recording.columns.lanes.entries()) {
          const heaviest = Math.max(
            ...[...recording.ofLane(lane)].map((id) => run.looks.weights[id] as number),
          )
          const tops = Array.from({ length: pyramid.bucketsAt(coarsest) }, (_, at) =>
            pyramid.top(coarsest, lane, at),
          )
          expect(Math.max(...tops.map((id) => run.looks.weights[id] as number))).toBe(heaviest)
        }
      }),
      { numRuns: 12 },
    )
  })
})
