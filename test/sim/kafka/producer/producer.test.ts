import { describe, expect, it } from 'vitest'
import type { ProducerSettings } from '../../../../sim/kafka/producer/config.ts'
import type { Completed } from '../../../../sim/kafka/producer/pending.ts'
import type { TransactionVersion } from '../../../../sim/kafka/transaction/version.ts'
import { ProducerCluster } from '../../../fixtures/producer-cluster.ts'

const AT_ONCE: ProducerSettings = { 'linger.ms': 0 }
const NEVER = Number.POSITIVE_INFINITY

function cluster(settings: ProducerSettings = AT_ONCE): ProducerCluster {
  return new ProducerCluster(settings, { orders: [0, 1, 2], bills: [0] })
}

/** What callbacks heard, in order. */
class Heard {
  readonly all: string[] = []

  of(name: string): Completed {
    return (error, nowMillis) => this.all.push(`${name} ${error?.code ?? 'done'} @${nowMillis}`)
  }
}

describe('[KP9] max.block.ms and buffer.memory (KafkaProducerTest)', () => {
  it('[KP9] a topic that does not exist fails the send after max.block.ms', () => {
    const each = cluster({ ...AT_ONCE, 'max.block.ms': 5000 })
    each.topics.delete('orders')
    each.at(10)
    each.produce('a')
    each.at(5009)
    expect(each.sends.ended).toEqual([])
    each.at(5010)
    expect(each.sends.ended).toEqual(['a: REQUEST_TIMED_OUT'])
    expect(each.sends.errors[0]?.message).toBe('Topic orders not present in metadata after 5000 ms.')
  })

  it('[KP9] testTopicRefreshInMetadata: a partition that does not exist is waited for', () => {
    const each = cluster({ ...AT_ONCE, 'max.block.ms': 5000 })
    each.produce('a', { partition: 3 })
    each.produce('b', { partition: 4 })
    each.topics.set('orders', [0, 1, 2, 0])
    each.at(5000)
    expect(each.produced).toEqual(['0: orders-3[a]@0'])
    expect(each.sends.errors[0]?.message).toBe(
      'Partition 4 of topic orders with partition count 4 is not present in metadata after 5000 ms.',
    )
  })

  it('[KP9] sends wait for memory in their order, and hurry what lingers', () => {
    const each = cluster({ 'linger.ms': 1000, 'batch.size': 120, 'buffer.memory': 240 })
    for (const value of ['a', 'b', 'c', 'd']) each.produce(value, { valueBytes: 30, partition: 0 })
    expect(each.sends.placed).toEqual(['a@0', 'b@0'])
    expect(each.produced).toEqual(['0: orders-0[a]@0', '0: orders-0[b]@1'])
    each.at(500)
    each.acknowledge(0)
    expect(each.sends.placed).toEqual(['a@0', 'b@0', 'c@0'])
    each.acknowledge(1)
    expect(each.sends.placed).toEqual(['a@0', 'b@0', 'c@0', 'd@0'])
    each.at(1500)
    expect(each.produced.slice(2)).toEqual(['0: orders-0[c]@2', '0: orders-0[d]@3'])
  })

  it('[KP9] a small record does not overtake one that waits for memory', () => {
    const each = cluster({ ...AT_ONCE, 'batch.size': 100, 'buffer.memory': 300 })
    each.produce('a', { valueBytes: 100, partition: 0 })
    each.produce('b', { valueBytes: 200, partition: 0 })
    each.produce('c', { valueBytes: 1, partition: 1 })
    expect(each.sends.placed).toEqual(['a@0'])
    each.acknowledge()
    expect(each.sends.placed).toEqual(['a@0', 'b@0'])
    each.acknowledge()
    expect(each.sends.placed).toEqual(['a@0', 'b@0', 'c@1'])
  })

  it('[KP9] who waits for memory gives up after max.block.ms', () => {
    const each = cluster({ ...AT_ONCE, 'batch.size': 100, 'buffer.memory': 100, 'max.block.ms': 2000 })
    each.produce('a', { partition: 0 })
    each.produce('b', { partition: 1 })
    each.at(2000)
    expect(each.sends.ended).toEqual(['b: REQUEST_TIMED_OUT'])
    expect(each.sends.errors[0]?.message).toBe(
      'Failed to allocate 100 bytes within the configured max blocking time 2000 ms.',
    )
    each.acknowledge()
    each.produce('c', { partition: 1 })
    expect(each.produced.slice(1)).toEqual(['1: orders-1[c]@0'])
  })

  it.each([
    [{ 'max.request.size': 200 }, 129, 'larger than 200, which is max.request.size'],
    [{ 'buffer.memory': 200, 'batch.size': 100 }, 129, 'larger than 200, which is buffer.memory'],
  ])('[KP9] with %j a record of more fails at once', (settings, valueBytes, message) => {
    const each = cluster({ ...AT_ONCE, ...settings })
    // 61 for the batch, 21 and 3 for the framing of a record above 63 bytes.
    each.produce('a', { valueBytes: 200 - 61 - 21 - 4 })
    each.produce('b', { valueBytes })
    expect(each.sends.placed.map((placed) => placed[0])).toEqual(['a'])
    expect(each.sends.ended).toEqual(['b: MESSAGE_TOO_LARGE'])
    expect(each.sends.errors[0]?.message).toContain(message)
  })
})

describe('[KP1] the partition of a record', () => {
  const rows: readonly (readonly [ProducerSettings, { key?: string; partition?: number }, number])[] = [
    [{}, { key: 'k' }, 2],
    [{}, { key: 'k', partition: 1 }, 1],
    [{}, {}, 0],
    [{ 'partitioner.ignore.keys': true }, { key: 'k' }, 0],
    [{ 'partitioner.class': 'platformatic' }, { key: '1' }, 2],
    [{ 'partitioner.class': 'RoundRobinPartitioner' }, { key: 'k' }, 0],
  ]
  it.each(rows)('[KP1] with %j and %j is %d', (settings, fields, partition) => {
    const each = cluster({ ...AT_ONCE, ...settings })
    each.produce('a', fields)
    expect(each.sends.placed).toEqual([`a@${partition}`])
  })
})

describe('[KP13] flush and close', () => {
  it('[KP13] flush sends what lingers, and ends when what was sent before has ended', () => {
    const each = cluster({ 'linger.ms': 1000, 'retry.backoff.ms': 100 })
    const heard = new Heard()
    each.produce('a', { partition: 0 })
    each.produce('b', { partition: 1 })
    each.producer.flush(heard.of('flush'), 0)
    each.produce('c', { partition: 2 })
    expect(each.produced).toEqual(['0: orders-0[a]@0', '1: orders-1[b]@0', '2: orders-2[c]@0'])
    each.refuse('NOT_ENOUGH_REPLICAS')
    each.acknowledge()
    each.at(100)
    expect(heard.all).toEqual([])
    each.answerProduce({ errorCode: 'INVALID_RECORD', baseOffset: -1 }, 1)
    expect(heard.all).toEqual(['flush done @100'])
    each.produce('d', { partition: 1 })
    expect(each.produced.length).toBe(4)
  })

  it('[KP13] flush with nothing to send ends at once', () => {
    const each = cluster()
    const heard = new Heard()
    each.producer.flush(heard.of('flush'), 0)
    expect(heard.all).toEqual(['flush done @0'])
  })

  it('[KP13] flush waits for the parts of a batch that was split', () => {
    const each = cluster({ 'linger.ms': 1 })
    const heard = new Heard()
    each.produce('a', { partition: 0 })
    each.produce('b', { partition: 0 })
    each.producer.flush(heard.of('flush'), 0)
    each.refuse('MESSAGE_TOO_LARGE')
    expect(heard.all).toEqual([])
    each.acknowledge()
    expect(heard.all).toEqual(['flush done @0'])
  })

  it('[KP13] flush waits for sends that wait for their topic', () => {
    const each = cluster()
    const heard = new Heard()
    each.silent.add('Metadata')
    each.produce('a')
    each.producer.flush(heard.of('flush'), 0)
    each.silent.clear()
    each.settle()
    expect(heard.all).toEqual([])
    each.acknowledge()
    expect(heard.all).toEqual(['flush done @0'])
  })

  it('[KP13] close sends what lingers, takes nothing more and ends when all has ended', () => {
    const each = cluster({ 'linger.ms': 1000 })
    const heard = new Heard()
    each.produce('a', { partition: 0 })
    each.producer.close(NEVER, heard.of('close'), 0)
    each.produce('b', { partition: 0 })
    expect(each.produced).toEqual(['0: orders-0[a]@0'])
    expect(each.sends.ended).toEqual(['b: ILLEGAL_STATE'])
    expect(heard.all).toEqual([])
    each.acknowledge(4)
    expect(each.sends.ended).toEqual(['b: ILLEGAL_STATE', 'a: 0@4'])
    expect(heard.all).toEqual(['close done @0'])
    expect(each.producer.nextDeadlineMillis()).toBe(NEVER)
    each.producer.close(0, heard.of('again'), 7)
    expect(heard.all).toEqual(['close done @0', 'again done @7'])
  })

  it('[KP13] close gives up what is left after its time, and hears no answers any more', () => {
    const each = cluster()
    const heard = new Heard()
    each.produce('a', { partition: 0 })
    each.producer.close(500, heard.of('close'), 0)
    each.at(500)
    expect(each.sends.ended).toEqual(['a: KAFKA_EXCEPTION'])
    expect(each.sends.errors[0]?.message).toBe('Producer is closed forcefully.')
    expect(heard.all).toEqual(['close done @500'])
    each.acknowledge()
    expect([each.sends.ended.length, each.producer.nextDeadlineMillis()]).toEqual([1, NEVER])
  })

  it('[KP13] close fails the sends that wait for their place', () => {
    const each = cluster()
    const heard = new Heard()
    each.topics.delete('orders')
    each.produce('a')
    each.producer.flush(heard.of('flush'), 0)
    each.producer.close(0, heard.of('close'), 0)
    expect(each.sends.ended).toEqual(['a: ILLEGAL_STATE'])
    expect(heard.all).toEqual(['flush done @0', 'close done @0'])
  })

  it('[KP13] callbacks may send again', () => {
    const each = cluster()
    const { sends } = each
    each.produce('a', { partition: 0 })
    sends.afterwards = (value) => {
      if (value === 'a') each.produce('b', { partition: 0 })
    }
    each.acknowledge(0)
    each.acknowledge(1)
    expect(sends.ended).toEqual(['a: 0@0', 'b: 0@1'])
  })
})

function transactional(
  version: TransactionVersion = 2,
  settings: ProducerSettings = {},
): {
  each: ProducerCluster
  heard: Heard
} {
  const each = new ProducerCluster(
    { ...AT_ONCE, 'transactional.id': 't', ...settings },
    { orders: [0, 1, 2] },
    { transactionVersion: version },
  )
  return { each, heard: new Heard() }
}

/** A producer that has called initTransactions, 100 ms ago. */
function initialized(version: TransactionVersion = 2, settings: ProducerSettings = {}) {
  const both = transactional(version, settings)
  both.each.producer.initTransactions(both.heard.of('init'), 0)
  both.each.settle()
  both.each.at(100)
  return both
}

function apis(each: ProducerCluster): string[] {
  return each.sent.map(({ request }) => `${request.api} ${request.apiVersion}`)
}

describe('[KP14] transactions', () => {
  it('[KP14] begin with a coordinator and a producer id', () => {
    const { each, heard } = initialized()
    expect(apis(each)).toEqual(['FindCoordinator 6', 'InitProducerId 5'])
    expect(each.sent.map(({ nodeId }) => nodeId)).toEqual([0, 1])
    expect(heard.all).toEqual(['init done @100'])
  })

  it.each([
    [0 as const, ['AddPartitionsToTxn 3', 'Produce 11', 'EndTxn 4']],
    [2 as const, ['Produce 12', 'EndTxn 5']],
  ])('[KP14] of version %d commit what was sent before, by %j', (version, requests) => {
    const { each, heard } = initialized(version)
    each.producer.beginTransaction()
    each.produce('a', { partition: 0 })
    each.producer.commitTransaction(heard.of('commit'), each.nowMillis)
    each.settle()
    expect(heard.all.slice(1)).toEqual([])
    each.acknowledge(3)
    expect(
      apis(each)
        .filter((api) => !api.startsWith('Metadata'))
        .slice(2),
    ).toEqual(requests)
    expect(heard.all.slice(1)).toEqual(['commit done @100'])
    expect(each.requests('Produce')[0]).toMatchObject({ transactionalId: 't', acks: -1 })
    const [batch] = each.requests('Produce')[0]?.topicData[0]?.partitionData ?? []
    expect(batch?.records).toMatchObject({ isTransactional: true, producerId: 7, baseSequence: 0 })
  })

  it('[KP14] commit waits for sends that wait for their topic', () => {
    const { each, heard } = initialized()
    each.producer.beginTransaction()
    each.silent.add('Metadata')
    each.produce('a')
    each.producer.commitTransaction(heard.of('commit'), each.nowMillis)
    each.silent.clear()
    each.settle()
    each.acknowledge()
    expect(each.requests('EndTxn')).toMatchObject([{ committed: true }])
    expect(each.sends.ended).toEqual(['a: 0@0'])
    expect(heard.all.slice(1)).toEqual(['commit done @100'])
  })

  it('[KP14] an abort fails what was never sent, and waits for what was', () => {
    const { each, heard } = initialized(2, { 'linger.ms': 1000 })
    each.producer.beginTransaction()
    each.produce('a', { partition: 0 })
    each.at(1100)
    each.produce('b', { partition: 1 })
    each.producer.abortTransaction(heard.of('abort'), each.nowMillis)
    each.settle()
    expect(each.sends.ended).toEqual(['b: TRANSACTION_ABORTED'])
    each.acknowledge()
    expect(each.requests('EndTxn')).toMatchObject([{ committed: false }])
    expect(heard.all.slice(1)).toEqual(['abort done @1100'])
  })

  it('[KP14] a batch that fails for good fails the commit, and only an abort leads on', () => {
    const { each, heard } = initialized()
    each.producer.beginTransaction()
    each.produce('a', { partition: 0 })
    each.refuse('RECORD_LIST_TOO_LARGE')
    each.produce('b', { partition: 0 })
    each.producer.commitTransaction(heard.of('commit'), each.nowMillis)
    expect(each.sends.ended).toEqual(['a: RECORD_LIST_TOO_LARGE', 'b: KAFKA_EXCEPTION'])
    expect(heard.all.slice(1)).toEqual(['commit KAFKA_EXCEPTION @100'])
    each.producer.abortTransaction(heard.of('abort'), each.nowMillis)
    each.settle()
    each.producer.beginTransaction()
    expect(heard.all.slice(2)).toEqual(['abort done @100'])
  })

  it('[KP14] a record that is too large asks for an abort', () => {
    const { each, heard } = initialized(2, { 'max.request.size': 1000 })
    each.producer.beginTransaction()
    each.produce('a', { valueBytes: 2000 })
    each.producer.commitTransaction(heard.of('commit'), each.nowMillis)
    expect(heard.all.slice(1)).toEqual(['commit KAFKA_EXCEPTION @100'])
  })

  it('[KP14] a record outside of a transaction is refused', () => {
    const { each } = initialized()
    each.produce('a')
    expect(each.sends.ended).toEqual(['a: ILLEGAL_STATE'])
    expect(each.produced).toEqual([])
  })

  it.each([
    [0 as const, ['AddOffsetsToTxn 4', 'FindCoordinator 6', 'TxnOffsetCommit 4']],
    [2 as const, ['FindCoordinator 6', 'TxnOffsetCommit 5']],
  ])('[KP14] offsets go with the transaction of version %d by %j', (version, requests) => {
    const { each, heard } = initialized(version)
    each.producer.beginTransaction()
    const offset = { committedOffset: 5, committedLeaderEpoch: 0, committedMetadata: '' }
    const group = { groupId: 'g', generationId: 1, memberId: 'm', groupInstanceId: null }
    each.producer.sendOffsetsToTransaction(
      new Map([['orders-0', offset]]),
      group,
      heard.of('offsets'),
      each.nowMillis,
    )
    each.settle()
    each.at(300)
    expect(apis(each).slice(2)).toEqual(requests)
    expect(heard.all.slice(1)).toEqual(['offsets done @200'])
    each.producer.commitTransaction(heard.of('commit'), each.nowMillis)
    each.settle()
    expect(heard.all.slice(2)).toEqual(['commit done @300'])
  })

  it('[KP14] an operation times out after max.block.ms, and can only be called again', () => {
    const { each, heard } = transactional(2, { 'max.block.ms': 3000 })
    each.silent.add('InitProducerId')
    each.producer.initTransactions(heard.of('init'), 0)
    each.settle()
    each.at(3000)
    expect(heard.all).toEqual(['init REQUEST_TIMED_OUT @3000'])
    expect(() => each.producer.beginTransaction()).toThrow('timed out and must be retried')
    each.producer.initTransactions(heard.of('again'), 3000)
    each.silent.clear()
    each.settle()
    expect(heard.all.slice(1)).toEqual(['again done @3000'])
    each.producer.beginTransaction()
  })

  it('[KP14] who is fenced can only close', () => {
    const { each, heard } = initialized()
    each.producer.beginTransaction()
    each.produce('a', { partition: 0 })
    each.produce('b', { partition: 1 })
    each.refuse('PRODUCER_FENCED')
    expect(each.sends.ended).toEqual(['a: PRODUCER_FENCED', 'b: PRODUCER_FENCED'])
    each.producer.abortTransaction(heard.of('abort'), each.nowMillis)
    expect(heard.all.slice(1)).toEqual(['abort PRODUCER_FENCED @100'])
    each.producer.close(NEVER, heard.of('close'), each.nowMillis)
    each.break(1)
    expect(heard.all.slice(2)).toEqual(['close done @100'])
  })

  it('[KP14] close aborts an open transaction', () => {
    const { each, heard } = initialized()
    each.producer.beginTransaction()
    each.produce('a', { partition: 0 })
    each.acknowledge()
    each.producer.close(NEVER, heard.of('close'), each.nowMillis)
    each.settle()
    expect(each.requests('EndTxn')).toMatchObject([{ committed: false }])
    expect(heard.all.slice(1)).toEqual(['close done @100'])
  })

  it('[KP14] nothing lingers from the first commit on, since Kafka never ends its flush', () => {
    const { each, heard } = initialized(2, { 'linger.ms': 1000 })
    each.producer.beginTransaction()
    each.produce('a', { partition: 0 })
    expect(each.produced).toEqual([])
    each.producer.commitTransaction(heard.of('commit'), each.nowMillis)
    each.acknowledge()
    each.producer.beginTransaction()
    each.produce('b', { partition: 0 })
    expect(each.produced.length).toBe(2)
  })

  it('[KP14] a producer without a transactional id has no transactions', () => {
    const each = cluster()
    const heard = new Heard()
    each.producer.initTransactions(heard.of('init'), 0)
    expect(heard.all).toEqual(['init ILLEGAL_STATE @0'])
    const plain = cluster({ 'enable.idempotence': false })
    expect(() => plain.producer.beginTransaction()).toThrow('without enabling transactions')
  })

  it('[KP14] the cluster may change to version 2 between two transactions', () => {
    const { each, heard } = initialized(0)
    each.producer.updateFeatures(1, 2)
    for (const value of ['a', 'b']) {
      each.producer.beginTransaction()
      each.produce(value, { partition: 0 })
      each.producer.commitTransaction(heard.of('commit'), each.nowMillis)
      each.acknowledge()
      each.at(each.nowMillis + 100)
    }
    expect(apis(each).filter((api) => api.startsWith('Produce'))).toEqual(['Produce 11', 'Produce 12'])
  })
})

describe('[KP16] an idle producer', () => {
  it('[KP16] has no deadline before its first send', () => {
    const each = cluster()
    expect(each.producer.nextDeadlineMillis()).toBe(NEVER)
    expect(each.sent).toEqual([])
  })

  it('[KP16] asks for metadata and for its producer id at the same time', () => {
    const each = cluster()
    each.silent.add('Metadata')
    each.silent.add('InitProducerId')
    each.produce('a')
    expect(apis(each)).toEqual(['InitProducerId 5', 'Metadata 12'])
  })
})
