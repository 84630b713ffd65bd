import { describe, expect, it } from 'vitest'
import { AbortedIndex, type AbortedTxn } from '../../../../sim/kafka/log/aborted-index.ts'

// TransactionIndexTest: producer, first offset, last offset, last stable offset.
const ENTRIES = [
  [0, 0, 10, 11],
  [1, 5, 15, 13],
  [2, 18, 35, 25],
  [3, 32, 50, 40],
] as const

const indexOf = () => {
  const index = new AbortedIndex()
  for (const [producerId, firstOffset, lastOffset, lastStableOffset] of ENTRIES) {
    index.append({ producerId, firstOffset, lastOffset, lastStableOffset })
  }
  return index
}

describe('the index of aborted transactions', () => {
  it.each([
    [0, 100, [0, 1, 2, 3], false],
    [0, 32, [0, 1, 2], true],
    [0, 35, [0, 1, 2, 3], true],
    [10, 35, [0, 1, 2, 3], true],
    [11, 35, [1, 2, 3], true],
    [20, 41, [2, 3], false],
  ] as const)(
    '[KT8] testCollectAbortedTransactions: [%i, %i) overlaps with %j',
    (from, to, expected, complete) => {
      const found: AbortedTxn[] = []
      expect(indexOf().collect(from, to, found)).toBe(complete)
      expect(found.map(({ producerId }) => producerId)).toEqual(expected)
    },
  )

  it.each([
    [51, 4],
    [50, 3],
    [16, 2],
    [15, 1],
    [0, 0],
  ])('[KT8] testTruncate: to %i leaves %i', (offset, expected) => {
    const index = indexOf()
    index.truncateTo(offset)
    expect(index.entries).toHaveLength(expected)
  })

  it('[KT8] testLastOffsetMustIncrease, testLastOffsetCannotDecrease', () => {
    for (const lastOffset of [50, 49]) {
      const aborted = { producerId: 9, firstOffset: 1, lastOffset, lastStableOffset: 60 }
      expect(() => indexOf().append(aborted)).toThrow(RangeError)
    }
  })

  it('[KT8] testReset', () => {
    const index = indexOf()
    index.reset()
    expect(index.entries).toEqual([])
  })
})
