import fc from 'fast-check'
import { expect, it } from 'vitest'
import type { LaneBand } from '../../ui/model/lane-bands.ts'
import { crowdedBands } from '../../ui/timeline/crowded-bands.ts'

const ROWS = 6

const anyBand: fc.Arbitrary<LaneBand> = fc
  .record({
    lane: fc.integer({ min: 0, max: 7 }),
    fromMicros: fc.nat(12),
    micros: fc.nat(6),
    down: fc.boolean(),
  })
  .map(({ micros, ...band }) => ({ ...band, toMicros: band.fromMicros + micros, says: '', through: '' }))

it('[V52] finds the bands of which, at some moment, more than half of the rows have one', () => {
  // Two lanes share a row, and one has none.
  const rowOfLane = Int32Array.from([0, 1, 2, 3, 4, 5, 5, -1])
  fc.assert(
    fc.property(fc.array(anyBand, { maxLength: 24 }), (bands) => {
      const isAt = ({ down, lane, fromMicros, toMicros }: LaneBand, moment: number): boolean =>
        !down && rowOfLane[lane] !== -1 && fromMicros <= moment && moment < toMicros
      const expected = new Set<LaneBand>()
      for (let moment = 0; moment <= 18; moment++) {
        const together = bands.filter((band) => isAt(band, moment))
        const rows = new Set(together.map(({ lane }) => rowOfLane[lane]))
        if (rows.size >= 4 && rows.size > ROWS / 2) for (const band of together) expected.add(band)
      }
      expect(crowdedBands(bands, rowOfLane, ROWS)).toEqual(expected)
    }),
  )
})

it('[V52] does so for as many bands as a long run has', () => {
  const count = 60_000
  const rowOfLane = Int32Array.from({ length: ROWS }, (_, lane) => lane)
  const bands = Array.from({ length: count }, (_, at): LaneBand => {
    const lane = at % ROWS
    return { lane, fromMicros: at, toMicros: at + 3 + 3 * lane, says: '', down: false, through: '' }
  })
  // Some lie beside three others, and those of the first rows, which are short, not always.
  const { size } = crowdedBands(bands, rowOfLane, ROWS)
  expect(size).toBeGreaterThan(count / 2)
})
