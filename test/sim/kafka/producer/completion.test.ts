import { describe, expect, it } from 'vitest'
import type { ErrorCode } from '../../../../sim/kafka/error-code.ts'
import type { ProducerSettings } from '../../../../sim/kafka/producer/config.ts'
import { ProducerCluster } from '../../../fixtures/producer-cluster.ts'

const AT_ONCE: ProducerSettings = { 'linger.ms': 0 }
const PLAIN: ProducerSettings = { ...AT_ONCE, 'enable.idempotence': false }

function cluster(settings: ProducerSettings = AT_ONCE): ProducerCluster {
  return new ProducerCluster(settings, { orders: [0, 1, 2], bills: [0] })
}

describe('[KP11] retries', () => {
  it('[KP11] testRetries: a broken connection fails a batch when its retries are used up', () => {
    const each = cluster({ ...PLAIN, retries: 1 })
    each.produce('a', { partition: 0 })
    each.break(0)
    each.at(99)
    expect(each.produced.length).toBe(1)
    each.at(100)
    expect(each.produced.length).toBe(2)
    each.break(0)
    expect(each.sends.ended).toEqual(['a: NETWORK_EXCEPTION'])
  })

  it('[KP11] a broker is left alone the longer the more often its connection breaks', () => {
    const each = cluster({
      ...PLAIN,
      'retry.backoff.ms': 0,
      'reconnect.backoff.ms': 50,
      'reconnect.backoff.max.ms': 150,
    })
    each.brokers = [0]
    each.topics.set('orders', [0])
    each.produce('a')
    // An answer on the connection would end the series.
    each.silent.add('Metadata')
    for (const millis of [50, 150, 300, 450]) {
      each.break(0)
      each.at(millis - 1)
      expect(each.open('Produce')).toEqual([])
      each.at(millis)
      expect(each.open('Produce').length).toBe(1)
    }
    each.acknowledge()
    each.produce('b')
    each.break(0)
    each.at(500)
    expect(each.open('Produce').length).toBe(1)
  })

  const retried: readonly ErrorCode[] = [
    'CORRUPT_MESSAGE',
    'UNKNOWN_TOPIC_OR_PARTITION',
    'LEADER_NOT_AVAILABLE',
    'NOT_LEADER_OR_FOLLOWER',
    'REQUEST_TIMED_OUT',
    'NOT_ENOUGH_REPLICAS',
    'NOT_ENOUGH_REPLICAS_AFTER_APPEND',
    'KAFKA_STORAGE_ERROR',
  ]
  it.each(retried)('[KP11] %s is sent again, from 100 ms on, twice as long each time', (error) => {
    const each = cluster()
    each.produce('a', { partition: 0 })
    each.refuse(error)
    each.at(99)
    expect(each.produced.length).toBe(1)
    each.at(100)
    each.refuse(error)
    each.at(299)
    expect(each.produced.length).toBe(2)
    each.at(300)
    each.acknowledge(4)
    expect(each.sends.ended).toEqual(['a: 0@4'])
  })

  const final: readonly ErrorCode[] = [
    'INVALID_TOPIC_EXCEPTION',
    'RECORD_LIST_TOO_LARGE',
    'INVALID_REQUIRED_ACKS',
  ]
  it.each(final)('[KP11] %s is final', (error) => {
    const each = cluster()
    each.produce('a', { partition: 0 })
    each.refuse(error, { errorMessage: 'because' })
    expect(each.sends.ended).toEqual([`a: ${error}`])
    expect(each.sends.errors[0]?.message).toBe('because')
  })
})

describe('[KP17] a batch that a record spoils', () => {
  const rows: readonly (readonly [readonly number[], readonly string[]])[] = [
    [[], ['a: INVALID_TIMESTAMP', 'b: INVALID_TIMESTAMP']],
    [[1], ['a: KAFKA_EXCEPTION', 'b: INVALID_TIMESTAMP']],
    [
      [0, 1],
      ['a: INVALID_RECORD', 'b: INVALID_RECORD'],
    ],
  ]
  it.each(rows)('[KP17] with errors of the records %j', (indexes, ended) => {
    const each = cluster({ 'linger.ms': 1 })
    each.produce('a', { partition: 0 })
    each.produce('b', { partition: 0 })
    each.at(1)
    const recordErrors = indexes.map((batchIndex) => ({ batchIndex, batchIndexErrorMessage: null }))
    each.refuse('INVALID_TIMESTAMP', { recordErrors, errorMessage: 'too old' })
    expect(each.sends.ended).toEqual(ended)
  })
})

describe('[KP8] lost sequences', () => {
  it('[KP8] testEpochBumpOnOutOfOrderSequenceForNextBatch: a gap that should not be begins a new epoch', () => {
    const each = cluster()
    each.produce('a', { partition: 0 })
    each.acknowledge(0)
    each.produce('b', { partition: 0 })
    each.refuse('OUT_OF_ORDER_SEQUENCE_NUMBER')
    each.at(100)
    expect(each.produced.slice(2)).toEqual(['0: orders-0[b]@0'])
    expect(epochs(each)).toEqual([0, 0, 1])
    each.acknowledge(1)
    expect(each.sends.ended).toEqual(['a: 0@0', 'b: 0@1'])
  })

  it('[KP8] testUnresolvedSequencesAreNotFatal: a batch that expired after a retry holds up new ones', () => {
    const each = cluster({
      ...AT_ONCE,
      'request.timeout.ms': 1000,
      'delivery.timeout.ms': 1500,
      'retry.backoff.ms': 100,
    })
    each.produce('a', { partition: 0 })
    each.at(800)
    each.produce('b', { partition: 0 })
    each.answerProduce({ errorCode: 'NOT_LEADER_OR_FOLLOWER', baseOffset: -1 }, 0)
    each.at(900)
    // The first is under way again when it expires, and the second when that becomes known.
    each.at(1500)
    expect(each.sends.ended).toEqual(['a: REQUEST_TIMED_OUT'])
    each.produce('c', { partition: 0 })
    expect(each.produced).toEqual(['0: orders-0[a]@0', '0: orders-0[b]@1', '0: orders-0[a]@0'])
    each.answerProduce({ errorCode: 'NONE', baseOffset: 9 }, 0)
    expect(each.produced.at(-1)).toBe('0: orders-0[c]@2')
    expect(epochs(each).at(-1)).toBe(0)
  })
})

describe('[KP6] answers that are no failure', () => {
  it('[KP6] testIdempotentSplitBatchAndSend: parts keep the sequences of the whole', () => {
    const each = cluster({ 'linger.ms': 1, 'batch.size': 300 })
    for (const value of ['a', 'b', 'c']) each.produce(value, { partition: 0, valueBytes: 60 })
    each.at(1)
    each.refuse('MESSAGE_TOO_LARGE')
    // Without compression it still fits into batch.size; from then on it is halved (KAFKA-8350).
    expect(each.produced).toEqual(['0: orders-0[a b c]@0', '0: orders-0[a b c]@0'])
    each.refuse('MESSAGE_TOO_LARGE')
    // As with all that is sent again, one at a time.
    expect(each.produced.slice(2)).toEqual(['0: orders-0[a]@0'])
    for (const offset of [5, 6, 7]) each.acknowledge(offset)
    expect(each.produced.slice(2)).toEqual(['0: orders-0[a]@0', '0: orders-0[b]@1', '0: orders-0[c]@2'])
    expect(each.sends.ended).toEqual(['a: 0@5', 'b: 0@6', 'c: 0@7'])
    each.produce('d', { partition: 0 })
    each.at(2)
    expect(each.produced.at(-1)).toBe('0: orders-0[d]@3')
  })

  it('[KP6] testSplitBatchAndSend: without idempotence parts go in their order too', () => {
    const each = cluster({ ...PLAIN, 'linger.ms': 1, 'batch.size': 1000 })
    for (const value of [...'abcdefgh']) each.produce(value, { partition: 0, valueBytes: 100 })
    each.at(1)
    for (let refusal = 0; refusal < 2; refusal++) each.refuse('MESSAGE_TOO_LARGE')
    expect(each.produced.slice(2)).toEqual(['0: orders-0[a b c]', '0: orders-0[d e f]', '0: orders-0[g h]'])
  })

  it('[KP6] a record that is too large by itself fails', () => {
    const each = cluster()
    each.produce('a', { partition: 0 })
    each.refuse('MESSAGE_TOO_LARGE')
    expect(each.sends.ended).toEqual(['a: MESSAGE_TOO_LARGE'])
  })

  it('[KP6] what has expired is not split', () => {
    const each = cluster({ 'linger.ms': 1, 'request.timeout.ms': 1000, 'delivery.timeout.ms': 1500 })
    each.produce('a', { partition: 0 })
    each.produce('b', { partition: 0 })
    each.at(1500)
    each.refuse('MESSAGE_TOO_LARGE')
    expect(each.sends.ended).toEqual(['a: REQUEST_TIMED_OUT', 'b: REQUEST_TIMED_OUT'])
    expect(each.produced.length).toBe(1)
  })

  it.each([[AT_ONCE], [PLAIN]])(
    '[KP6] with %j a duplicate of which the broker knows no more is a success at no offset',
    (settings) => {
      const each = cluster(settings)
      each.produce('a', { partition: 0 })
      each.refuse('DUPLICATE_SEQUENCE_NUMBER')
      expect(each.sends.ended).toEqual(['a: 0@-1'])
    },
  )
})

function epochs(each: ProducerCluster): number[] {
  return each
    .requests('Produce')
    .flatMap(({ topicData }) => topicData)
    .flatMap(({ partitionData }) => partitionData)
    .map(({ records }) => records.producerEpoch)
}
