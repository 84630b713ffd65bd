import { expect, it } from 'vitest'
import { checkTransactions } from '../../../sim/kafka/oracle/transaction-check.ts'
import { ProducerClient } from '../../../sim/kafka/producer-client.ts'
import { SentRecord } from '../../../sim/kafka/sent-record.ts'
import { TransactionWatch } from '../../../sim/kafka/transaction-watch.ts'
import { operationNumber } from '../../../sim/kernel/step.ts'
import { HandlerSite, Task } from '../../../sim/kernel/task.ts'
import { sealPlain } from '../../../sim/kernel/value.ts'
import { KafkaBench } from '../../fixtures/kafka.ts'

const STEP = operationNumber('send')

it('[KQ5] tells of epochs, appends, decisions and markers, in their order', async () => {
  const bench = new KafkaBench({ topic: { partitions: 1 } })
  const watch = new TransactionWatch(bench.cluster)
  bench.up()
  bench.at(100, () => {
    const { kernel, writer, cluster } = bench
    const task = new Task(kernel, writer.incarnation, new HandlerSite('writer', 'write'), writer.entity, 0)
    const run = async (): Promise<void> => {
      const client = new ProducerClient(cluster, writer, { 'transactional.id': 't' })
      await client.initTransactions(task, STEP)
      for (const value of ['a', 'b']) {
        client.beginTransaction()
        const record = new SentRecord('events', 'key', value, sealPlain(value, 'value'), task.entity)
        await client.send(task, STEP, record)
        await (value === 'a' ? client.commitTransaction(task, STEP) : client.abortTransaction(task, STEP))
      }
    }
    task.start({ run, ended: (error) => expect(error).toBeUndefined() })
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
