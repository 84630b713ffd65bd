import { describe, expect, it } from 'vitest'
import type { ProducerSettings } from '../../../../sim/kafka/producer/config.ts'
import { ProducerCluster } from '../../../fixtures/producer-cluster.ts'

const AT_ONCE: ProducerSettings = { 'linger.ms': 0 }

function cluster(settings: ProducerSettings = AT_ONCE): ProducerCluster {
  return new ProducerCluster(settings, { orders: [0, 1, 2] })
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
