import { describe, expect, it } from 'vitest'
import { KafkaBench, type Reader } from '../../fixtures/kafka.ts'

const only = (readers: readonly Reader[]): Reader => readers[0] as Reader

describe('a consumer', () => {
  it('[B14] reads on from the committed offset after a crash: what was handled since comes again', async () => {
    const bench = new KafkaBench({ partitions: 2 })
    const reader = only(bench.readers(['reader-1'], { commits: false }))
    for (const [index, value] of ['a', 'b', 'c', 'd'].entries()) bench.produce(100 + index, 0, value)
    bench.at(200, () => bench.commit({ offset: 2 }))
    bench.at(300, () => reader.process.crash(0, 1_000_000))
    bench.produce(400, 0, 'e')
    await bench.run()
    const lives = (life: number): string[] =>
      bench.polled.filter(({ by }) => by === `reader-1#${life}`).map(({ value }) => String(value))
    expect(lives(1)).toEqual(['a', 'b', 'c', 'd'])
    expect(lives(2)).toEqual(['c', 'd', 'e'])
  })

  it('[B14] reads on after a crash without repeating what it had committed', async () => {
    const bench = new KafkaBench({ partitions: 2 })
    const reader = only(bench.readers(['reader-1']))
    for (const [index, value] of ['a', 'b'].entries()) bench.produce(100 + index, 1, value)
    bench.at(300, () => reader.process.crash(0, 1_000_000))
    bench.produce(400, 1, 'c')
    await bench.run()
    expect(bench.polled.map(({ value }) => value)).toEqual(['a', 'b', 'c'])
  })

  it('[B14] reads a partition that nobody has committed from its beginning', async () => {
    const bench = new KafkaBench()
    bench.produce(1, 4, 'early')
    let reader: Reader | undefined
    bench.at(100, () => {
      reader = only(bench.readers(['reader-1']))
      reader.consumer.join(0)
    })
    await bench.run()
    expect(bench.places).toEqual(['events/4 0 reader-1#1'])
  })

  it('[B15] that is moved back reads again what it has read, and only there', async () => {
    const bench = new KafkaBench({ partitions: 2 })
    const reader = only(bench.readers(['reader-1']))
    for (const [index, value] of ['a', 'b', 'c'].entries()) bench.produce(100 + index, 0, value)
    bench.produce(110, 1, 'other')
    bench.at(200, () => reader.consumer.seek(bench.partition(0), 1, 0))
    await bench.run()
    expect(bench.polled.map(({ value }) => value)).toEqual(['a', 'b', 'c', 'other', 'b', 'c'])
  })

  it('[B15] is not moved before the beginning, nor where it holds nothing', async () => {
    const bench = new KafkaBench({ partitions: 4 })
    const [one] = bench.readers(['reader-1', 'reader-2'])
    bench.produce(100, 0, 'a')
    bench.produce(100, 3, 'b')
    bench.at(200, () => {
      one?.consumer.seek(bench.partition(0), -5, 0)
      one?.consumer.seek(bench.partition(3), 0, 0)
    })
    await bench.run()
    expect(bench.places.filter((place) => place.startsWith('events/0'))).toHaveLength(2)
    expect(bench.places.filter((place) => place.startsWith('events/3'))).toHaveLength(1)
  })

  it('[B16] hands out the records of several partitions in turn, one partition after another', async () => {
    const bench = new KafkaBench({ partitions: 4 })
    const reader = only(bench.readers(['reader-1']))
    reader.paused = true
    for (const value of ['a', 'b', 'c'])
      for (const partition of [0, 3, 1]) bench.produce(100, partition, value)
    bench.at(200, () => {
      reader.paused = false
      reader.onRecords()
    })
    await bench.run()
    const partitions = bench.places.map((place) => place.split(' ')[0])
    expect([...new Set(partitions)].sort()).toEqual(['events/0', 'events/1', 'events/3'])
    expect(partitions.filter((name, index) => name !== partitions[index - 1])).toHaveLength(3)
  })

  it('[B16] commits the next offset to read of every partition that moved, in one request', async () => {
    const bench = new KafkaBench({ partitions: 4 })
    const reader = only(bench.readers(['reader-1'], { commits: false }))
    for (const partition of [0, 1, 1, 3]) bench.produce(100, partition, 'x')
    bench.at(200, () => reader.consumer.commit(reader.process.entity, 0, 'first'))
    bench.at(300, () => reader.consumer.commit(reader.process.entity, 0, 'nothing new'))
    await bench.run()
    expect(bench.records('offset-commit').map(({ data }) => data)).toEqual([
      {
        errorCode: 'NONE',
        offsets: [
          { topic: 'events', partition: 0, offset: 1 },
          { topic: 'events', partition: 1, offset: 2 },
          { topic: 'events', partition: 3, offset: 1 },
        ],
      },
    ])
    expect(reader.committed).toEqual(['first'])
  })
})
