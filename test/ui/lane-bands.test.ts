import { describe, expect, it } from 'vitest'
import type { FaultBand } from '../../ui/model/fault-band.ts'
import { laneBandsOf } from '../../ui/model/lane-bands.ts'
import { leadershipsOf } from '../../ui/model/leadership.ts'
import type { RunView } from '../../ui/model/run-view.ts'
import { recorded } from './recordings.ts'

function cut(targets: readonly string[], fromMicros: number, toMicros: number): FaultBand {
  return { index: 0, kind: 'partition', says: 'cut off', fromMicros, toMicros, targets }
}

function partitionLanes({ lanes }: RunView): number[] {
  return lanes.filter(({ role }) => role === 'partition').map(({ number }) => number)
}

describe('marks of faults on lanes', () => {
  it('[V47] are on every partition while its readers are cut off from all brokers', async () => {
    const { view } = await recorded('faults/partition.yaml')
    const [fromMicros, toMicros] = [300_000, 2_300_000]
    const bands = laneBandsOf(view.recording, view.lanes, [cut(['reader', 'broker'], fromMicros, toMicros)])
    const led = bands.filter(({ through }) => through !== '')
    expect(partitionLanes(view).length).toBeGreaterThan(0)
    expect(new Set(led.map(({ lane }) => lane))).toEqual(new Set(partitionLanes(view)))
    for (const band of led) expect(band).toMatchObject({ fromMicros, toMicros, down: false })
    const own = bands
      .filter(({ through }) => through === '')
      .map(({ lane }) => view.recording.columns.lanes[lane])
    expect(own).toEqual(expect.arrayContaining([expect.stringMatching(/^reader/)]))
    const others = laneBandsOf(view.recording, view.lanes, [cut(['reader', 'users'], fromMicros, toMicros)])
    expect(others.filter(({ through }) => through !== '')).toEqual([])
  })

  it('[V47] are on the partitions that the two sides lead, while they lead them', async () => {
    const { view } = await recorded('kafka/min-isr-1-right.yaml')
    const { recording, lanes } = view
    const [fromMicros, toMicros] = [1_000_000, 13_000_000]
    const bands = laneBandsOf(recording, lanes, [cut(['broker-1', 'broker-2'], fromMicros, toMicros)])
    const through = (broker: string) => bands.filter((band) => !band.down && band.through === broker)
    expect(through('broker-1').length).toBeGreaterThan(0)
    expect(through('broker-3')).toEqual([])
    for (const band of bands) {
      if (band.through === '') continue
      const span = leadershipsOf(recording).find(
        ({ lane, leader, ...span }) =>
          lane === band.lane &&
          leader === band.through &&
          span.fromMicros <= band.fromMicros &&
          span.toMicros >= band.toMicros,
      )
      expect(span, `${lanes.find(({ number }) => number === band.lane)?.name}`).toBeDefined()
    }
  })

  it('[V47] are on the partitions of a broker that is down, until another one leads them', async () => {
    const { view } = await recorded('kafka/truncation-to-high-watermark.yaml')
    const { recording, laneBands } = view
    const [crash] = laneBands.filter(
      ({ down, through, lane }) => down && through === '' && recording.columns.lanes[lane] === 'broker-1',
    )
    const led = laneBands.filter(({ down, through }) => down && through === 'broker-1')
    expect(led.length).toBeGreaterThan(0)
    for (const { lane, fromMicros, toMicros } of led) {
      expect(fromMicros).toBe(crash?.fromMicros)
      expect(toMicros).toBeLessThan(crash?.toMicros ?? 0)
      const next = [...recording.ofLane(lane)].find(
        (id) => recording.kind(id) === 'leader' && recording.at(id) >= fromMicros,
      )
      expect(recording.at(next ?? 0)).toBe(toMicros)
      expect(recording.phrase(next ?? 0)).toMatch(/^broker-[23] leads letters\/\d+ from now on$/)
    }
  })

  it.each(['faults/disk-full.yaml', 'faults/shut-down.yaml'])(
    '[V47] lie beside the time that their lane is down, not over it: %s',
    async (file) => {
      const { view } = await recorded(file)
      const dark = view.laneBands.filter(({ down }) => down)
      expect(dark.length).toBeGreaterThan(0)
      for (const band of view.laneBands.filter(({ down }) => !down)) {
        const over = dark.filter(
          ({ lane, fromMicros, toMicros }) =>
            lane === band.lane && fromMicros < band.toMicros && band.fromMicros < toMicros,
        )
        expect(over, band.says).toEqual([])
      }
    },
  )

  it('[V47] add no lane to those of a story', async () => {
    const { view } = await recorded('kafka/truncation-to-high-watermark.yaml')
    const told = new Set([...view.storyEvents].map((id) => view.recording.columns.lane[id]))
    for (const lane of partitionLanes(view)) expect(view.storyLanes.has(lane)).toBe(told.has(lane))
  })
})
