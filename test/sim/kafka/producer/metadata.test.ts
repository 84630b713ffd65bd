import { describe, expect, it } from 'vitest'
import type { ProducerSettings } from '../../../../sim/kafka/producer/config.ts'
import { isStaleMetadata } from '../../../../sim/kafka/producer/metadata.ts'
import type { RequestOf } from '../../../../sim/kafka/protocol/api.ts'
import { ProducerCluster } from '../../../fixtures/producer-cluster.ts'

const AT_ONCE: ProducerSettings = { 'linger.ms': 0 }

function cluster(settings: ProducerSettings = AT_ONCE): ProducerCluster {
  return new ProducerCluster(settings, { orders: [0, 1, 2], bills: [0] })
}

/** When metadata was asked for, and of which topics. */
function asked(each: ProducerCluster): string[] {
  return each.sent
    .filter(({ request }) => request.api === 'Metadata')
    .map(({ request, atMillis }) => {
      const { topics } = request.body as RequestOf<'Metadata'>
      return `${atMillis}: ${(topics ?? []).map(({ name }) => name).join(' ')}`
    })
}

describe('[KP10] metadata', () => {
  it('[KP10] is asked for at once when a topic is new, and only of that topic', () => {
    const each = cluster()
    each.produce('a')
    each.produce('b', { topic: 'bills' })
    expect(asked(each)).toEqual(['0: orders', '0: bills'])
    expect(each.produced.length).toBe(2)
  })

  it('[KP10] lets sends of a topic that is not known wait in their order', () => {
    const each = cluster()
    each.silent.add('Metadata')
    each.produce('a', { partition: 1 })
    each.produce('b', { partition: 1 })
    expect([each.sends.placed, each.produced]).toEqual([[], []])
    each.silent.clear()
    each.settle()
    expect(each.sends.placed).toEqual(['a@1', 'b@1'])
    expect(each.produced).toEqual(['1: orders-1[a b]@0'])
  })

  it('[KP10] is asked again with growing pauses while a topic does not exist', () => {
    const each = cluster()
    each.topics.delete('orders')
    each.produce('a')
    each.at(1600)
    expect(asked(each)).toEqual(['0: orders', '100: orders', '300: orders', '700: orders', '1500: orders'])
    each.topics.set('orders', [2])
    each.at(2500)
    expect(each.produced).toEqual(['2: orders-0[a]@0'])
  })

  it('[KP10] is asked again in haste once an answer has brought something new', () => {
    const each = cluster()
    each.topics.delete('orders')
    each.produce('a')
    each.at(650)
    each.topics.set('orders', [0])
    each.at(710)
    each.refuse('LEADER_NOT_AVAILABLE')
    each.at(1000)
    expect(asked(each).slice(3)).toEqual(['700: orders', '800: orders'])
  })

  it('[KP10] a topic with an invalid name fails at once', () => {
    const each = cluster()
    each.topicErrors.set('orders', 'INVALID_TOPIC_EXCEPTION')
    each.produce('a')
    expect(each.sends.ended).toEqual(['a: INVALID_TOPIC_EXCEPTION'])
  })

  it('[KP10] grows old after metadata.max.age.ms, until nobody has used a topic for metadata.max.idle.ms', () => {
    const each = cluster({ ...AT_ONCE, 'metadata.max.age.ms': 10_000, 'metadata.max.idle.ms': 25_000 })
    each.produce('a')
    each.acknowledge()
    each.at(100_000)
    expect(asked(each)).toEqual(['0: orders', '10000: orders', '20000: orders', '30000: orders'])
    expect(each.producer.nextDeadlineMillis()).toBe(Number.POSITIVE_INFINITY)
    each.produce('b')
    expect(asked(each).slice(4)).toEqual(['100000: orders'])
    expect(each.produced.length).toBe(2)
  })

  it('[KP10] is asked for after an error that says that it is wrong, and the batch goes to the new leader', () => {
    const each = cluster()
    each.produce('a', { partition: 0 })
    each.at(1000)
    each.topics.set('orders', [2, 1, 2])
    each.leaderEpochs.set('orders-0', 1)
    each.refuse('NOT_LEADER_OR_FOLLOWER')
    expect(asked(each).slice(1)).toEqual(['1000: orders'])
    expect(each.produced.slice(1)).toEqual(['2: orders-0[a]@0'])
  })

  it('[KP10] does not believe in an older leader epoch', () => {
    const each = cluster()
    each.leaderEpochs.set('orders-0', 5)
    each.produce('a', { partition: 0 })
    each.at(1000)
    each.topics.set('orders', [2, 1, 2])
    each.leaderEpochs.set('orders-0', 4)
    each.refuse('NOT_LEADER_OR_FOLLOWER')
    expect(asked(each).slice(1)).toEqual(['1000: orders'])
    each.at(1100)
    expect(each.produced.slice(1)).toEqual(['0: orders-0[a]@0'])
  })

  it('[KP10] knows no leader that is no known broker', () => {
    const each = cluster()
    each.topics.set('orders', [9, 1, 2])
    each.produce('a', { partition: 0 })
    each.at(50)
    expect(each.produced).toEqual([])
    each.brokers = [0, 1, 2, 9]
    each.at(500)
    expect(each.produced).toEqual(['9: orders-0[a]@0'])
  })

  it('[KP10] of another new topic is asked for as soon as the answer about the first is there', () => {
    const each = cluster()
    each.produce('x')
    each.silent.add('Metadata')
    each.at(1000)
    each.produce('a', { topic: 'bills' })
    each.produce('b', { topic: 'unknown' })
    each.silent.clear()
    each.settle()
    expect(asked(each).slice(1, 3)).toEqual(['1000: bills', '1000: unknown'])
  })

  it('[KP10] knows no longer what an answer about all topics does not name', () => {
    const each = cluster()
    each.produce('x', { partition: 0 })
    each.acknowledge()
    each.forgotten.add('orders')
    each.at(300_000)
    each.produce('a', { partition: 0 })
    expect([each.produced.length, each.sends.placed.length]).toEqual([1, 1])
  })

  it('[KP10] is asked with growing pauses when nobody answers', () => {
    const each = cluster({ ...AT_ONCE, 'reconnect.backoff.ms': 0 })
    each.silent.add('Metadata')
    each.produce('a')
    for (const millis of [100, 300, 700]) {
      each.break(0)
      each.at(millis - 1)
      expect(each.open('Metadata').length).toBe(0)
      each.at(millis)
      expect(each.open('Metadata').length).toBe(1)
    }
  })

  it('[KP10] is asked elsewhere when a broker does not answer', () => {
    const each = cluster({ ...AT_ONCE, 'reconnect.backoff.ms': 1000 })
    each.produce('x')
    each.acknowledge()
    each.silent.add('Metadata')
    each.produce('a', { topic: 'bills' })
    each.silent.clear()
    each.break(0)
    each.at(200)
    expect(each.sent.filter(({ request }) => request.api === 'Metadata').map(({ nodeId }) => nodeId)).toEqual(
      [0, 0, 1],
    )
    each.at(1000)
    expect(each.produced.length).toBe(2)
  })

  it('[KP10] is asked of the broker with the fewest requests under way, from a random one on', () => {
    const each = new ProducerCluster(AT_ONCE, { orders: [0, 1, 2], bills: [0] }, { randomBelow: () => 1 })
    for (const partition of [1, 2]) each.produce('a', { partition })
    each.produce('b', { topic: 'bills' })
    each.acknowledge()
    each.produce('c', { topic: 'unknown' })
    const nodes = each.sent.filter(({ request }) => request.api === 'Metadata').map(({ nodeId }) => nodeId)
    expect(nodes.slice(1)).toEqual([0, 1])
  })

  it('[KP10] a topic that was deleted and created again begins with small epochs', () => {
    const each = cluster()
    each.leaderEpochs.set('orders-0', 5)
    each.topicIds.set('orders', 'first')
    each.produce('a', { partition: 0 })
    each.at(1000)
    each.topicIds.set('orders', 'second')
    each.topics.set('orders', [2])
    each.leaderEpochs.set('orders-0', 0)
    each.refuse('UNKNOWN_TOPIC_OR_PARTITION')
    each.at(1100)
    expect(each.produced.slice(1)).toEqual(['2: orders-0[a]@0'])
  })
})

describe('[KP10] a leader that a broker names (KIP-951)', () => {
  const hint = (leaderId: number, leaderEpoch: number) => ({
    errorCode: 'NOT_LEADER_OR_FOLLOWER' as const,
    baseOffset: -1,
    currentLeader: { leaderId, leaderEpoch },
  })

  it('[KP10] gets the batch at once', () => {
    const each = cluster()
    each.produce('a', { partition: 0 })
    each.answerProduce(hint(2, 1))
    expect(each.produced.slice(1)).toEqual(['2: orders-0[a]@0'])
  })

  it('[KP10] may be a new broker', () => {
    const each = cluster()
    each.produce('a', { partition: 0 })
    each.answerProduce(hint(7, 1), 0, [{ nodeId: 7 }])
    expect(each.produced.slice(1)).toEqual(['7: orders-0[a]@0'])
  })

  it.each([
    ['is of an old epoch', hint(2, 0)],
    ['is not known', hint(-1, -1)],
    ['is no known broker', hint(7, 1)],
    ['comes with another error', { ...hint(2, 1), errorCode: 'LEADER_NOT_AVAILABLE' as const }],
  ])('[KP10] changes nothing when it %s', (_why, response) => {
    const each = cluster()
    each.produce('a', { partition: 0 })
    each.answerProduce(response)
    expect(each.produced.length).toBe(1)
    each.at(100)
    expect(each.produced.slice(1)).toEqual(['0: orders-0[a]@0'])
  })

  it('[KP10] is the end of haste: a second refusal backs off', () => {
    const each = cluster()
    each.produce('a', { partition: 0 })
    each.answerProduce(hint(2, 1))
    each.answerProduce(hint(2, 1))
    expect(each.produced.length).toBe(2)
    each.at(199)
    expect(each.produced.length).toBe(2)
    each.at(200)
    expect(each.produced.length).toBe(3)
  })
})

describe('[KP10] errors that ask for metadata', () => {
  it.each([
    ['UNKNOWN_TOPIC_OR_PARTITION', true],
    ['LEADER_NOT_AVAILABLE', true],
    ['NOT_LEADER_OR_FOLLOWER', true],
    ['NETWORK_EXCEPTION', true],
    ['KAFKA_STORAGE_ERROR', true],
    ['FENCED_LEADER_EPOCH', true],
    ['UNKNOWN_LEADER_EPOCH', false],
    ['NOT_ENOUGH_REPLICAS', false],
    ['REQUEST_TIMED_OUT', false],
    ['NONE', false],
  ] as const)('[KP10] %s: %s', (error, isStale) => {
    expect(isStaleMetadata(error)).toBe(isStale)
  })
})
