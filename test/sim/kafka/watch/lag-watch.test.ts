import { expect, it } from 'vitest'
import { LagWatch } from '../../../../sim/kafka/watch/lag-watch.ts'
import { KafkaBench } from '../../../fixtures/kafka.ts'
import { writeInTransactions } from '../../../fixtures/transactional-writer.ts'

/** What a watch over a group has told, in order. */
function watchLag(bench: KafkaBench, group = 'readers'): string[] {
  const told: string[] = []
  new LagWatch(bench.cluster, group, (place, { end, committed }) =>
    told.push(`${place} ${committed} of ${end}`),
  )
  return told
}

it('[PL21] is the high watermark less what is committed, while members read the topic', async () => {
  const bench = new KafkaBench({ topic: { partitions: 1 } })
  const told = watchLag(bench)
  const strangers = watchLag(bench, 'strangers')
  const [reader] = bench.up(['r1'])
  bench.send(1_000, 'a')
  bench.send(2_000, 'b')
  bench.at(3_000, () => reader?.process.crash(0, 20_000_000))
  bench.send(4_000, 'c')
  // What one leader has told, the next one does not tell again.
  bench.at(5_000, () => bench.leaderOf(0).process.crash(0, 1_000_000))
  await bench.run()
  expect(told).toEqual([
    'events/0 -1 of 1',
    'events/0 1 of 1',
    'events/0 1 of 2',
    'events/0 2 of 2',
    'events/0 2 of 3',
    'events/0 3 of 3',
  ])
  expect(strangers).toEqual([])
})

it('[PL21] takes offsets in a transaction when that is committed, and never if it is aborted', async () => {
  const bench = new KafkaBench({ topic: { partitions: 1 } })
  const told = watchLag(bench)
  bench.up()
  writeInTransactions(bench, [5, 7, 9], async (writer, offset) => {
    await writer.sendOffset(offset)
    return offset !== 7
  })
  await bench.run()
  expect(told).toEqual(['events/0 5 of 0', 'events/0 9 of 0'])
})
