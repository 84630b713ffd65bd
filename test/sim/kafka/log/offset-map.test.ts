import { describe, expect, it } from 'vitest'
import { buildOffsetMap, OffsetMap } from '../../../../sim/kafka/log/offset-map.ts'
import { abort, compactLog as emptyLog, put } from '../../../fixtures/cleaner.ts'
import { producerBatch } from '../../../fixtures/log.ts'

// Facts of Kafka's LogCleanerTest, by the names that they have there.

describe('the map of offsets', () => {
  it('[KD4] testBuildOffsetMap', () => {
    const log = emptyLog({ config: { 'segment.bytes': 1024 } })
    for (let key = 0; key < 60; key += 1) put(log, key)
    const second = log.segments.all[1]?.baseOffset ?? 0
    const mapped = (start: number, end: number) => {
      const map = new OffsetMap()
      buildOffsetMap(log, start, end, map)
      return [map.latestOffset + 1, map.size, map.get(`${start}`), map.get(`${start - 1}`), map.get(`${end}`)]
    }
    expect(mapped(0, second)).toEqual([second, second, 0, -1, -1])
    expect(mapped(second, 60)).toEqual([60, 60 - second, second, -1, -1])
  })

  it('[KD4] testBuildPartialOffsetMap', () => {
    const log = emptyLog()
    for (let key = 0; key < 5; key += 1) put(log, key)
    log.roll(0)
    const map = new OffsetMap(2)
    buildOffsetMap(log, 2, 5, map)
    expect([map.size, map.latestOffset]).toEqual([2, 3])
    expect([0, 2, 3, 4].map((key) => map.get(`${key}`))).toEqual([-1, 2, 3, -1])
  })

  it('[KD6] has no keys of aborted transactions', () => {
    const log = emptyLog()
    put(log, 1)
    log.appendAsLeader(producerBatch(5, 0, 0, [1], true), 0, 0)
    abort(log, 5)
    log.roll(0)
    const map = new OffsetMap()
    buildOffsetMap(log, 0, 3, map)
    expect([map.get('1'), map.latestOffset]).toEqual([0, 2])
  })
})
