import { expect, it } from 'vitest'
import { LagWatch } from '../../../sim/kafka/lag-watch.ts'
import { ProducerClient } from '../../../sim/kafka/producer-client.ts'
import { operationNumber } from '../../../sim/kernel/step.ts'
import { HandlerSite, Task } from '../../../sim/kernel/task.ts'
import { KafkaBench } from '../../fixtures/kafka.ts'

const STEP = operationNumber('send')

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
  bench.at(100, () => {
    const { kernel, writer, cluster } = bench
    const task = new Task(kernel, writer.incarnation, new HandlerSite('writer', 'write'), writer.entity, 0)
    const run = async (): Promise<void> => {
      const client = new ProducerClient(cluster, writer, { 'transactional.id': 't' })
      await client.initTransactions(task, STEP)
      for (const committedOffset of [5, 7, 9]) {
        client.beginTransaction()
        const offset = { committedOffset, committedLeaderEpoch: -1, committedMetadata: '' }
        const group = { groupId: 'readers', generationId: -1, memberId: '', groupInstanceId: null }
        await client.sendOffsetsToTransaction(task, STEP, new Map([['events-0', offset]]), group)
        await (committedOffset === 7
          ? client.abortTransaction(task, STEP)
          : client.commitTransaction(task, STEP))
      }
    }
    task.start({ run, ended: (error) => expect(error).toBeUndefined() })
  })
  await bench.run()
  expect(told).toEqual(['events/0 5 of 0', 'events/0 9 of 0'])
})
