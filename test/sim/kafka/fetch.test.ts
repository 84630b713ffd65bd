import { describe, expect, it } from 'vitest'
import { KafkaBench, type Reader } from '../../fixtures/kafka.ts'

describe('a fetch', () => {
  it('[B12] that finds nothing costs no events, however long it waits', async () => {
    const bench = new KafkaBench()
    bench.readers(['reader-1', 'reader-2'])
    bench.at(86_400_000, () => {})
    await bench.run()
    expect(bench.kernel.events).toBe(1)
  })

  it('[B12] that waits is answered as soon as a record is there', async () => {
    const bench = new KafkaBench()
    bench.readers(['reader-1'])
    bench.produce(5_000, 3, 'a')
    bench.produce(9_000, 3, 'b')
    await bench.run()
    expect(bench.polled.map(({ value }) => value)).toEqual(['a', 'b'])
    for (const [index, millis] of [5_000, 9_000].entries()) {
      const late = (bench.polled[index]?.atMicros ?? 0) - millis * 1000
      expect(late).toBeGreaterThan(0)
      expect(late).toBeLessThanOrEqual(5_001)
    }
    expect(bench.kernel.events).toBeLessThan(12)
  })

  it('[B12] brings everything that has come since the last one', async () => {
    const bench = new KafkaBench({ partitions: 4 })
    bench.readers(['reader-1'])
    // Partitions 0 and 3 have one leader: one session fetches both.
    for (let n = 0; n < 50; n++) bench.produce(100, n % 2 === 0 ? 0 : 3, String(n))
    await bench.run()
    expect(bench.polled).toHaveLength(50)
    expect(bench.kernel.events).toBeLessThan(50 + 20)
  })

  it('[B13] keeps the order of each partition', async () => {
    for (let seed = 1; seed <= 20; seed++) {
      const bench = new KafkaBench({ seed })
      bench.readers(['reader-1', 'reader-2'])
      for (let n = 0; n < 60; n++) bench.produce(n * 0.4, n % 6, String(n))
      await bench.run()
      for (let partition = 0; partition < 6; partition++) {
        const places = bench.places.filter((place) => place.startsWith(`events/${partition} `))
        expect(places.map((place) => Number(place.split(' ')[1]))).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9])
      }
    }
  })

  it('[B13] does not bring to one life what another one had asked for', async () => {
    const bench = new KafkaBench({ partitions: 1, config: { 'session.timeout.ms': 6_000 } })
    const [reader] = bench.readers(['reader-1'])
    bench.produce(100, 0, 'a')
    bench.at(100.05, () => (reader as Reader).process.crash(0, 0))
    await bench.run()
    expect(bench.places).toEqual(['events/0 0 reader-1#2'])
  })
})
