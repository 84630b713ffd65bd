import { describe, expect, it } from 'vitest'
import { ProducerClient } from '../../../sim/kafka/producer-client.ts'
import { SentRecord } from '../../../sim/kafka/sent-record.ts'
import { operationNumber } from '../../../sim/kernel/step.ts'
import { HandlerSite, Task } from '../../../sim/kernel/task.ts'
import { sealPlain } from '../../../sim/kernel/value.ts'
import { KafkaBench } from '../../fixtures/kafka.ts'

const STEP = operationNumber('send')

function begin(bench: KafkaBench, run: (task: Task) => Promise<unknown>): void {
  const { kernel, writer } = bench
  const site = new HandlerSite('writer', 'write')
  const task = new Task(kernel, writer.incarnation, site, writer.entity, 0)
  task.start({ run: () => run(task), ended: (error) => expect(error).toBeUndefined() })
}

function write(client: ProducerClient, task: Task, value: string): Promise<unknown> {
  const record = new SentRecord('events', 'key', value, sealPlain(value, 'value'), task.entity)
  return client.send(task, STEP, record)
}

describe('a transactional producer', () => {
  it('[B18] commits and aborts, and keeps no run alive when it is done', async () => {
    const bench = new KafkaBench({ settings: { 'isolation.level': 'read_committed' } })
    bench.up(['reader-1'])
    bench.at(100, () =>
      begin(bench, async (task) => {
        const client = new ProducerClient(bench.cluster, bench.writer, { 'transactional.id': 't' })
        await client.initTransactions(task, STEP)
        for (const value of ['a', 'b', 'c']) {
          client.beginTransaction()
          await write(client, task, value)
          await (value === 'b' ? client.abortTransaction(task, STEP) : client.commitTransaction(task, STEP))
        }
      }),
    )
    await bench.run()
    expect(bench.polled.map(({ value }) => value)).toEqual(['a', 'c'])
    expect(bench.kernel.nowMicros).toBeLessThan(60_000_000)
  })

  it('[B18] fences the one that had its id before', async () => {
    const bench = new KafkaBench()
    bench.up()
    const codes: unknown[] = []
    bench.at(100, () =>
      begin(bench, async (task) => {
        const settings = { 'transactional.id': 't' }
        const old = new ProducerClient(bench.cluster, bench.writer, settings)
        await old.initTransactions(task, STEP)
        old.beginTransaction()
        await write(old, task, 'a')
        const client = new ProducerClient(bench.cluster, bench.writer, settings)
        await client.initTransactions(task, STEP)
        await old.commitTransaction(task, STEP).catch((error) => codes.push(error.code))
        old.close()
      }),
    )
    await bench.run()
    expect(codes).toEqual(['PRODUCER_FENCED'])
  })
})
