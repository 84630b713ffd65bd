import fc from 'fast-check'
import { formatSeconds } from 'faultline'
import { beforeAll, describe, expect, it } from 'vitest'
import { exactParts, timeParts } from '../../ui/model/format.ts'
import type { Recording } from '../../ui/model/recording.ts'
import { fitted } from '../../ui/model/viewport.ts'
import { type AxisLabel, axisLabels } from '../../ui/timeline/axis-labels.ts'
import { anyRecording, DOUBLE_CHARGE, recorded, viewOf } from './recordings.ts'
import { sceneOf } from './scenes.ts'

const textOf = ({ parts: { strong, light } }: AxisLabel): string => `${strong}${light}`

describe('the labels of the axis', () => {
  let charge: Recording

  beforeAll(async () => {
    charge = (await recorded(DOUBLE_CHARGE)).view.recording
  })

  it('[V39] lie neither over each other nor over an edge, whatever is folded and wherever one looks', () => {
    const looks = fc.record({
      recording: fc.oneof(anyRecording, fc.constant(charge)),
      mode: fc.constantFrom('time', 'steps', 'depth'),
      width: fc.integer({ min: 120, max: 1_600 }),
      from: fc.double({ min: 0, max: 0.99, noNaN: true }),
      share: fc.double({ min: 0.0001, max: 1, noNaN: true }),
    })
    let folds = 0
    fc.assert(
      fc.property(looks, ({ recording, mode, width, from, share }) => {
        const scene = sceneOf(viewOf(recording), { mode, width })
        const { lengthUnits } = scene.axis
        const viewport = fitted(from * lengthUnits, (from + share) * lengthUnits, lengthUnits)
        const labels = axisLabels({ ...scene, viewport })
        for (const [at, label] of labels.entries()) {
          expect(label.left).toBeGreaterThanOrEqual(0)
          expect(label.left + label.width).toBeLessThanOrEqual(width)
          // Letters of 11 pixels of the widest of the fonts are 6.62 wide.
          expect(label.width).toBeGreaterThanOrEqual(
            textOf(label).length * (label.kind === 'tick' ? 6.62 : 6.32),
          )
          const before = labels[at - 1]
          if (before !== undefined) expect(label.left).toBeGreaterThan(before.left + before.width)
          if (label.kind === 'fold') folds++
        }
      }),
      { numRuns: 150 },
    )
    expect(folds).toBeGreaterThan(0)
  })

  it('[V39] say of the longest gap of a double charge how long it was, beside moments on both sides', () => {
    const labels = axisLabels(sceneOf(viewOf(charge), { mode: 'time', width: 900 }))
    const fold = labels.findIndex((label) => /^\/\/ 5\.\d s$/.test(textOf(label)))
    expect(fold).toBeGreaterThan(0)
    expect(labels.slice(0, fold).filter(({ kind }) => kind === 'tick')).not.toEqual([])
    expect(labels.slice(fold).filter(({ kind }) => kind === 'tick')).not.toEqual([])
    const moments = labels
      .filter(({ kind }) => kind === 'tick')
      .map((label) => Number.parseFloat(textOf(label)))
    expect(moments).toEqual([...moments].sort((left, right) => left - right))
  })

  it('[V39] tell moments to the microsecond where several lie in a millisecond', () => {
    const scene = sceneOf(viewOf(charge), { mode: 'time', width: 900 })
    const { lengthUnits } = scene.axis
    const viewport = fitted(lengthUnits * 0.3, lengthUnits * 0.3 + 400, lengthUnits)
    const texts = axisLabels({ ...scene, viewport }).map(textOf)
    expect(texts.length).toBeGreaterThan(3)
    expect(new Set(texts).size).toBe(texts.length)
  })
})

describe('a moment', () => {
  it.each([0, 1, 499, 500, 999, 1_000, 999_499, 999_500, 4_140_312, 4_140_500, 59_999_999, 3_600_000_000])(
    '[V40] of %i µs reads as on the command line',
    (atMicros) => {
      const { strong, light } = timeParts(atMicros)
      expect(strong + light).toBe(formatSeconds(atMicros))
      expect(light).toMatch(/^\.\d{3} s$/)
    },
  )

  it('[V40] is exact where it is told to the microsecond', () => {
    fc.assert(
      fc.property(fc.nat(10_000_000_000), (atMicros) => {
        const { strong, light } = exactParts(atMicros)
        expect(Math.round(Number.parseFloat(strong + light) * 1e6)).toBe(atMicros)
      }),
    )
  })
})
