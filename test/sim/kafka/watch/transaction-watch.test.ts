import { expect, it } from 'vitest'
import type { BrokerNode } from '../../../../sim/kafka/broker-node.ts'
import { checkTransactions } from '../../../../sim/kafka/oracle/transaction-check.ts'
import { TransactionWatch } from '../../../../sim/kafka/watch/transaction-watch.ts'
import { KafkaBench } from '../../../fixtures/kafka.ts'
import { emptyLog, producerBatch } from '../../../fixtures/log.ts'
import { writeInTransactions } from '../../../fixtures/transactional-writer.ts'

it('[KQ5] tells of epochs, appends, decisions and markers, in their order', async () => {
  const bench = new KafkaBench({ topic: { partitions: 1 } })
  const watch = new TransactionWatch(bench.cluster)
  bench.up()
  writeInTransactions(bench, ['a', 'b'], async (writer, value) => {
    await writer.send(value)
    return value === 'a'
  })
  await bench.run()
  const told = watch.history.flatMap((event) => {
    if (event.kind === 'init') return [`init ${event.producerEpoch}`]
    if (event.kind === 'decide') return [`decide ${event.result} of ${event.partitions.join()}`]
    if (event.kind === 'append') return [`append ${event.baseOffset} in ${event.producerEpoch}`]
    return event.kind === 'marker' ? [`marker ${event.result} in ${event.producerEpoch}`] : []
  })
  expect(told).toEqual([
    'init 0',
    'append 0 in 0',
    'decide commit of events-0',
    'marker commit in 1',
    'append 2 in 1',
    'decide abort of events-0',
    'marker abort in 2',
  ])
  const stable = watch.history.filter((event) => event.kind === 'stable' && event.partition === 'events-0')
  expect(stable.at(-1)).toMatchObject({ lastStableOffset: 4, highWatermark: 4 })
  expect(checkTransactions(watch.history)).toEqual([])
})

// A torture run found this first, as lso-past-open in seed 726.
it('[KQ5] forgets all that a new leader does not have, however long its log is', () => {
  const bench = new KafkaBench()
  const watch = new TransactionWatch(bench.cluster)
  /** Looks at a leader of events-0 whose epochs have so many records each, transactional ones or not. */
  const lead = (
    leaderEpoch: number,
    epochs: readonly (readonly [epoch: number, count: number, pid: number])[],
  ) => {
    const log = emptyLog()
    for (const [epoch, count, pid] of epochs)
      for (let sequence = 0; sequence < count; sequence++)
        log.appendAsLeader(producerBatch(pid, 0, sequence, 1, pid > 0), epoch, 0)
    log.updateHighWatermark(log.logEndOffset, 0)
    const replica = { topic: 'events', index: 0, log, partition: { isLeader: true, leaderEpoch } }
    const broker = { replicas: { all: [replica] } }
    watch.brokerActed({ broker } as unknown as BrokerNode)
    return watch.history
      .filter(({ kind }) => kind !== 'stable')
      .map((event) =>
        event.kind === 'append' || event.kind === 'truncate'
          ? `${event.kind} ${event.kind === 'append' ? event.baseOffset : event.offset}`
          : event.kind,
      )
  }
  const first = ['append 2', 'append 3']
  expect(
    lead(1, [
      [0, 2, 0],
      [1, 2, 7],
    ]),
  ).toEqual(first)
  // It has more of the epoch before than its predecessor, of whose epoch it has nothing.
  const second = [...first, 'truncate 2', 'append 5']
  expect(
    lead(2, [
      [0, 5, 0],
      [2, 1, 8],
    ]),
  ).toEqual(second)
  // This one has all of it, and goes on.
  const third = [...second, 'append 6']
  expect(
    lead(3, [
      [0, 5, 0],
      [2, 1, 8],
      [3, 1, 9],
    ]),
  ).toEqual(third)
  // This one lacks the last record.
  const fourth = [...third, 'truncate 6']
  expect(
    lead(4, [
      [0, 5, 0],
      [2, 1, 8],
    ]),
  ).toEqual(fourth)
  // This one shares nothing.
  expect(lead(5, [[4, 1, 9]])).toEqual([...fourth, 'truncate 0', 'append 0'])
  expect(checkTransactions(watch.history)).toEqual([])
})
