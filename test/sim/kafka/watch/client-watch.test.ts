import { describe, expect, it } from 'vitest'
import type { ConsumerClient, PolledRecord } from '../../../../sim/kafka/consumer-client.ts'
import { checkGroups } from '../../../../sim/kafka/oracle/group-check.ts'
import { checkClientHistory } from '../../../../sim/kafka/oracle/history-check.ts'
import type { Operation } from '../../../../sim/kafka/oracle/history-operation.ts'
import type { SentRecord } from '../../../../sim/kafka/sent-record.ts'
import { ClientWatch } from '../../../../sim/kafka/watch/client-watch.ts'
import { courier, TOGETHER, violated } from '../../../fixtures/courier.ts'
import { KafkaBench } from '../../../fixtures/kafka.ts'
import { writeInTransactions } from '../../../fixtures/transactional-writer.ts'

/** An operation in a few words. */
function told(operation: Operation): string {
  switch (operation.kind) {
    case 'send':
      return `send ${operation.value} to ${operation.partition}: ${operation.outcome} ${operation.offset}`
    case 'poll':
      return `poll ${operation.records.map(({ offset, value }) => `${value}@${offset}`).join()} of ${operation.group}`
    case 'commit':
    case 'offset-fetch':
      return `${operation.kind} ${operation.offsets.map(({ partition, offset }) => `${partition}:${offset}`).join()}`
    case 'assign':
      return `assign ${operation.partitions.join()} in ${operation.epoch}`
    case 'seek':
      return `seek ${operation.partition} ${operation.offset}, ${operation.reason}`
    case 'transaction':
      return `transaction ${operation.outcome}`
    default:
      return operation.kind
  }
}

/** A consumer as far as a watch asks it. */
function member(groupId: string, memberId: string, generationId: number): ConsumerClient {
  const consumer = {
    config: { 'isolation.level': 'read_committed' },
    groupMetadata: () => ({ groupId, memberId, generationId, groupInstanceId: null }),
  }
  return { groupId, alive: true, consumer } as unknown as ConsumerClient
}

const P0 = { topic: 'events', partition: 0 }

describe('a watch over the clients of a cluster', () => {
  it('[KQ7] tells what they send, are given, commit and are assigned', async () => {
    const bench = new KafkaBench({ topic: { partitions: 1 } })
    const watch = new ClientWatch(bench.cluster)
    const [reader] = bench.up(['r1'])
    bench.send(100, 'a')
    bench.at(2_000, () => reader?.client.seek(P0, 0, 0))
    await bench.run()
    const [committed, uncommitted] = watch.histories
    expect(committed.operations.map(told)).toEqual(['send 0 to events-0: ok 0'])
    expect(uncommitted.operations.map(told)).toEqual([
      'assign events-0 in 1',
      'group-epoch',
      'group-epoch',
      'send 0 to events-0: ok 0',
      'poll 0@0 of readers',
      'commit events-0:1',
      'seek events-0 0, application',
      'poll 0@0 of readers',
      'commit events-0:1',
    ])
    expect(uncommitted.momentOf(3)).toEqual({ atMicros: 100_917, cause: expect.any(Number) })
    expect(watch.records).toMatchObject([{ key: 'a', value: 'a' }])
    expect([...checkClientHistory(uncommitted), ...checkGroups(uncommitted)]).toEqual([])
    // Nobody at read_committed reads at all.
    expect(checkClientHistory(committed).map(({ type }) => type)).toEqual(['unseen'])
    expect(watch.histories.map((history) => watch.isDrained(history, 'events-0'))).toEqual([false, true])
  })

  it('[KQ7] tells of transactions, and of the records whose offsets they commit', async () => {
    const bench = new KafkaBench({ topic: { partitions: 1 } })
    const watch = new ClientWatch(bench.cluster)
    bench.up()
    const reader = member('readers', 'm', 1)
    writeInTransactions(bench, ['a', 'b'], async (writer, value) => {
      const { offset, record } = await writer.send(value)
      watch.polled(reader, [{ ...P0, offset: offset + 10, place: '', record: { ...record } as SentRecord }])
      await writer.sendOffset(offset + 11)
      return value === 'a'
    })
    await bench.run()
    const [{ operations }] = watch.histories
    const transactions = operations.filter(({ kind }) => kind === 'transaction')
    expect(transactions.map(told)).toEqual(['transaction ok', 'transaction fail'])
    const within = operations.flatMap((one) =>
      'transaction' in one ? [`${told(one)} in ${one.transaction}`] : [],
    )
    const [first, second] = transactions.map(({ id }) => id)
    expect(within).toEqual([
      `send 0 to events-0: ok 0 in ${first}`,
      `poll 1@10 of readers in ${first}`,
      `commit events-0:11 in ${first}`,
      `send 2 to events-0: ok 2 in ${second}`,
      'poll 3@12 of readers in -1',
      `commit events-0:13 in ${second}`,
    ])
  })

  it('[KQ7] tells of two members that own a partition', () => {
    const watch = new ClientWatch(new KafkaBench().cluster)
    const [one, other] = [member('readers', 'one', 3), member('readers', 'other', 3)]
    watch.assigned(one, 'assigned', [P0])
    watch.assigned(other, 'assigned', [{ ...P0, partition: 1 }])
    expect(checkGroups(watch.histories[0])).toEqual([])
    watch.assigned(other, 'assigned', [P0])
    expect(checkGroups(watch.histories[0])).toMatchObject([
      { type: 'double-ownership', operations: [0, 2], partition: 'events-0' },
    ])
  })

  it.each([
    ['every group was sent past it', ['a', 'b'], true],
    ['one of the groups read there', ['a'], false],
    ['nobody reads there', [], false],
  ])('[KQ7] excuses what nobody reads if %s', (_case, moved, isExpired) => {
    const watch = new ClientWatch(new KafkaBench().cluster)
    const record = { ...P0, offset: 9, place: '', record: {} } as unknown as PolledRecord
    for (const group of ['a', 'b'].filter((group) => moved.length > 0 || group === 'none')) {
      const reader = member(group, 'm', 1)
      if (moved.includes(group)) watch.moved(reader, P0, 5, 'reset')
      watch.polled(reader, [record])
    }
    expect(watch.isExpired('events-0', 4)).toBe(isExpired)
    expect(watch.isExpired('events-0', 5)).toBe(false)
  })

  it('[KQ7] knows records again whose batch was too large and has been split', async () => {
    const play = (kafka: object) =>
      courier(
        { relay: TOGETHER, sameAddress: 6 },
        { workload: { orders: 6, every: '1ms' }, cluster: { oracles: ['clients'], kafka } },
      )
    const result = await play({ 'max.message.bytes': 1_000 })
    expect([result.verdict, violated(result)]).toEqual(['pass', []])
    // Whatever is split is sent once more.
    expect(result.events).toBeGreaterThan((await play({})).events)
  })
})
