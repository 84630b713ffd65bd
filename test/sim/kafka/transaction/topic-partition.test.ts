import { describe, expect, it } from 'vitest'
import {
  byTopic,
  containsAll,
  namesOf,
  splitPartitionName,
} from '../../../../sim/kafka/transaction/topic-partition.ts'

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
