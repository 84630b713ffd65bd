import { describe, expect, it } from 'vitest'
import {
  byTopic,
  containsAll,
  coordinatorPartition,
  namesOf,
  splitPartitionName,
} from '../../../../sim/kafka/transaction/topic-partition.ts'

describe('the partition of an id', () => {
  // Hash codes that java.lang.String documents and is known for; the last one is Integer.MIN_VALUE.
  it.each([
    { id: '', hash: 0 },
    { id: 'a', hash: 97 },
    { id: 'hello', hash: 99_162_322 },
    { id: 'hello world', hash: 1_794_106_052 },
    { id: 'The quick brown fox jumps over the lazy dog', hash: 609_428_141 },
    { id: 'polygenelubricants', hash: 0 },
  ])('[KT1] $id comes from its Java hash code', ({ id, hash }) => {
    expect(coordinatorPartition(id, 2 ** 31)).toBe(hash)
    expect(coordinatorPartition(id, 50)).toBe(hash % 50)
  })
})

describe('partitions by name', () => {
  it('[KT3] keep topics with dashes apart from indexes', () => {
    expect(splitPartitionName('my-topic-12')).toEqual({ topic: 'my-topic', partition: 12 })
    const grouped = [
      { name: 'b-1', partitions: [0, 2] },
      { name: 'a', partitions: [1] },
    ]
    expect(byTopic(['b-1-0', 'a-1', 'b-1-2'])).toEqual(grouped)
    expect(namesOf(grouped)).toEqual(['b-1-0', 'b-1-2', 'a-1'])
  })

  it('[KT3] contain all of some, or not', () => {
    const set = new Set(['a-0', 'a-1'])
    expect(containsAll(set, ['a-1', 'a-0'])).toBe(true)
    expect(containsAll(set, [])).toBe(true)
    expect(containsAll(set, ['a-0', 'a-2'])).toBe(false)
  })
})
