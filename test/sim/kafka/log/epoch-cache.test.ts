import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  LeaderEpochCache,
  UNDEFINED_EPOCH,
  UNDEFINED_EPOCH_OFFSET,
} from '../../../../sim/kafka/log/epoch-cache.ts'

/** A cache after assignments, written as `epoch:offset epoch:offset`. */
const cacheOf = (assignments: string) => {
  const cache = new LeaderEpochCache()
  for (const pair of assignments === '' ? [] : assignments.split(' ')) {
    const [epoch = 0, startOffset = 0] = pair.split(':').map(Number)
    cache.assign(epoch, startOffset)
  }
  return cache
}

/** The entries, written like assignments. */
const pairs = ({ entries }: LeaderEpochCache) =>
  entries.map(({ epoch, startOffset }) => `${epoch}:${startOffset}`).join(' ')

const endOffset = (cache: LeaderEpochCache, epoch: number, logEndOffset: number) => {
  const { epoch: found, endOffset: end } = cache.endOffsetFor(epoch, logEndOffset)
  return `${found}:${end}`
}

const UNDEFINED = `${UNDEFINED_EPOCH}:${UNDEFINED_EPOCH_OFFSET}`
const THREE = '2:6 3:8 4:11'

// Tables of Kafka's LeaderEpochFileCacheTest, by the names that they have there.

describe('assignments', () => {
  it.each<[string, string, string]>([
    ['shouldAddEpochAndMessageOffsetToCache', '2:10', '2:10'],
    ['shouldNotOverwriteLogEndOffsetForALeaderEpochOnceItHasBeenAssigned', '2:9 2:10', '2:9'],
    ['shouldEnforceMonotonicallyIncreasingStartOffsets', '2:9 3:9', '3:9'],
    ['shouldNotOverwriteOffsetForALeaderEpochOnceItHasBeenAssigned', '2:6 2:10', '2:6'],
    ['shouldNotUpdateEpochAndStartOffsetIfItDidNotChange', '2:6 2:7', '2:6'],
    ['shouldSupportEpochsThatDoNotStartFromZero', '2:6', '2:6'],
    ['shouldEnforceMonotonicallyIncreasingEpochs', '1:5 2:6 1:7', '1:7'],
    ['shouldEnforceOffsetsIncreaseMonotonically', '2:6 3:5', '3:5'],
    ['shouldTruncateIfMatchingEpochButEarlierStartingOffset', '5:11 6:12 7:13 7:12', '5:11 7:12'],
  ])('[KL7] %s', (_, assigned, expected) => expect(pairs(cacheOf(assigned))).toEqual(expected))

  it('[KL7] refuses negative epochs and offsets', () => {
    expect(() => new LeaderEpochCache().assign(-1, 0)).toThrow(RangeError)
    expect(() => new LeaderEpochCache().assign(0, -1)).toThrow(RangeError)
  })

  it('[KL7] shouldPersistEpochsBetweenInstances', () => {
    expect(pairs(new LeaderEpochCache(cacheOf('2:6').entries))).toEqual('2:6')
  })

  it('[KL7] keeps epochs and offsets strictly increasing, whatever is assigned', () => {
    const assignments = fc.array(fc.tuple(fc.nat(9), fc.nat(30)), { minLength: 1 })
    fc.assert(
      fc.property(assignments, (assigned) => {
        const cache = new LeaderEpochCache()
        for (const [epoch, startOffset] of assigned) cache.assign(epoch, startOffset)
        for (const [index, { epoch, startOffset }] of cache.entries.entries()) {
          const last = cache.entries[index - 1]
          if (last !== undefined && (epoch <= last.epoch || startOffset <= last.startOffset)) return false
        }
        return cache.latestEpoch === assigned[assigned.length - 1]?.[0]
      }),
    )
  })
})

describe('end offsets', () => {
  it.each<[string, string, number, number, string]>([
    ['shouldAddEpochAndMessageOffsetToCache', '2:10', 2, 11, '2:11'],
    ['shouldReturnLogEndOffsetIfLatestEpochRequested', '2:11 2:12', 2, 14, '2:14'],
    ['shouldReturnUndefinedOffsetIfUndefinedEpochRequested', '2:11 3:12', -1, 0, UNDEFINED],
    ['shouldReturnUnsupportedIfNoEpochRecorded', '', 0, 0, UNDEFINED],
    ['shouldReturnUnsupportedIfNoEpochRecordedAndUndefinedEpochRequested', '', -1, 73, UNDEFINED],
    ['shouldReturnFirstEpochIfRequestedEpochLessThanFirstEpoch', '5:11 6:12 7:13', 4, 0, '4:11'],
    ['shouldTruncateIfMatchingEpochButEarlierStartingOffset, 5', '5:11 6:12 7:13 7:12', 5, 0, '5:12'],
    ['shouldTruncateIfMatchingEpochButEarlierStartingOffset, 6', '5:11 6:12 7:13 7:12', 6, 0, '5:12'],
    [
      'shouldGetFirstOffsetOfSubsequentEpochWhenOffsetRequestedForPreviousEpoch',
      '1:11 1:12 2:13 2:14 3:15 3:16',
      2,
      17,
      '2:15',
    ],
    [
      'shouldReturnNextAvailableEpochIfThereIsNoExactEpochForTheOneRequested, 1',
      '0:10 2:13 4:17',
      1,
      0,
      '0:13',
    ],
    [
      'shouldReturnNextAvailableEpochIfThereIsNoExactEpochForTheOneRequested, 2',
      '0:10 2:13 4:17',
      2,
      0,
      '2:17',
    ],
    [
      'shouldReturnNextAvailableEpochIfThereIsNoExactEpochForTheOneRequested, 3',
      '0:10 2:13 4:17',
      3,
      0,
      '2:17',
    ],
    ['shouldReturnInvalidOffsetIfEpochIsRequestedWhichIsNotCurrentlyTracked', '2:100', 3, 100, UNDEFINED],
    ['shouldSupportEpochsThatDoNotStartFromZero', '2:6', 2, 7, '2:7'],
    ['shouldEnforceMonotonicallyIncreasingEpochs, 1', '1:5 2:6 1:7', 1, 8, '1:8'],
    ['shouldEnforceMonotonicallyIncreasingEpochs, 2', '1:5 2:6 1:7', 2, 8, UNDEFINED],
    ['shouldIncreaseAndTrackEpochsAsLeadersChangeManyTimes, 0 of an empty log', '0:0 1:0', 0, 0, '0:0'],
    ['shouldIncreaseAndTrackEpochsAsLeadersChangeManyTimes, 1 of an empty log', '0:0 1:0', 1, 0, '1:0'],
    ['shouldIncreaseAndTrackEpochsAsLeadersChangeManyTimes, 0', '0:0 1:0 2:5', 0, 10, '0:0'],
    ['shouldIncreaseAndTrackEpochsAsLeadersChangeManyTimes, 1', '0:0 1:0 2:5', 1, 10, '1:5'],
    ['shouldIncreaseAndTrackEpochsAsLeadersChangeManyTimes, 2', '0:0 1:0 2:5', 2, 10, '2:10'],
    ['shouldIncreaseAndTrackEpochsAsFollowerReceivesManyMessages, 0', '0:0 0:2 1:3 1:5 2:6 2:8', 0, 9, '0:3'],
    ['shouldIncreaseAndTrackEpochsAsFollowerReceivesManyMessages, 1', '0:0 0:2 1:3 1:5 2:6 2:8', 1, 9, '1:6'],
    ['shouldIncreaseAndTrackEpochsAsFollowerReceivesManyMessages, 2', '0:0 0:2 1:3 1:5 2:6 2:8', 2, 9, '2:9'],
    ['shouldFetchEndOffsetOfEmptyCache', '', 7, 0, UNDEFINED],
  ])('[KL9] [KL11] %s', (_, assigned, epoch, logEndOffset, expected) =>
    expect(endOffset(cacheOf(assigned), epoch, logEndOffset)).toEqual(expected),
  )
})

describe('truncation', () => {
  it.each<[string, number, string]>([
    ['shouldDropEntriesOnEpochBoundaryWhenRemovingLatestEntries', 8, '2:6'],
    ['shouldDropEntriesBetweenEpochBoundaryWhenRemovingNewest', 9, '2:6 3:8'],
    ['shouldNotResetEpochHistoryTailIfUndefinedPassed', -1, THREE],
  ])('[KL10] from the end: %s', (_, offset, expected) => {
    const cache = cacheOf(THREE)
    cache.truncateFromEnd(offset)
    expect(pairs(cache)).toEqual(expected)
  })

  it.each<[string, string, number, string]>([
    ['shouldPreserveResetOffsetOnClearEarliestIfOneExists', THREE, 8, '3:8 4:11'],
    ['shouldNotClearAnythingIfOffsetTooEarly', THREE, 1, THREE],
    ['shouldNotClearAnythingIfOffsetIsFirstOffset', THREE, 6, THREE],
    ['shouldRetainLatestEpochOnClearAllEarliest', THREE, 11, '4:11'],
    ['shouldUpdateOffsetBetweenEpochBoundariesOnClearEarliest', THREE, 9, '3:9 4:11'],
    ['shouldUpdateOffsetBetweenFirstTwoEpochBoundariesOnClearEarliest', '0:0 1:7 2:10', 5, '0:5 1:7 2:10'],
    ['shouldRetainLatestEpochOnClearAllEarliestAndUpdateItsOffset', THREE, 15, '4:15'],
    ['shouldNotResetEpochHistoryHeadIfUndefinedPassed', THREE, -1, THREE],
  ])('[KL10] from the start: %s', (_, assigned, offset, expected) => {
    const cache = cacheOf(assigned)
    cache.truncateFromStart(offset)
    expect(pairs(cache)).toEqual(expected)
  })

  it('[KL10] shouldWriteCheckpointOnTruncation', () => {
    const cache = cacheOf(THREE)
    cache.truncateFromEnd(11)
    cache.truncateFromStart(8)
    expect(pairs(new LeaderEpochCache(cache.entries))).toEqual('3:8')
  })

  it('[KL10] shouldClearAllEntries', () => {
    const cache = cacheOf(THREE)
    cache.clear()
    expect(pairs(cache)).toBe('')
  })

  it('[KL10] shouldClearEarliestOnEmptyCache, shouldClearLatestOnEmptyCache', () => {
    const cache = new LeaderEpochCache()
    cache.truncateFromStart(7)
    cache.truncateFromEnd(7)
    expect(pairs(cache)).toBe('')
  })
})

describe('neighbours', () => {
  it('[KL7] testPreviousEpoch, testFindPreviousEpoch, testFindPreviousEntry, shouldFetchLatestEpochOfEmptyCache', () => {
    const cache = new LeaderEpochCache()
    const latestAndPrevious = () => [cache.latestEpoch, cache.previousEntry(cache.latestEpoch)]
    const steps: unknown[] = [latestAndPrevious()]
    for (const [epoch, startOffset] of [
      [2, 10],
      [4, 15],
      [10, 20],
    ] as const) {
      cache.assign(epoch, startOffset)
      steps.push(latestAndPrevious())
    }
    cache.truncateFromEnd(18)
    steps.push(latestAndPrevious())
    expect(steps).toEqual([
      [UNDEFINED_EPOCH, undefined],
      [2, undefined],
      [4, { epoch: 2, startOffset: 10 }],
      [10, { epoch: 4, startOffset: 15 }],
      [4, { epoch: 2, startOffset: 10 }],
    ])
  })

  it('[KL7] testFindNextEpoch', () => {
    const cache = cacheOf('0:0 1:100 2:200')
    expect([-1, 0, 1, 2, 100].map((epoch) => cache.nextEpoch(epoch))).toEqual([0, 1, 2, -1, -1])
  })

  it('[KL7] testGetEpochEntry', () => {
    const cache = cacheOf('2:100 3:500 5:1000')
    expect([2, 3, 4, 5].map((epoch) => cache.entry(epoch)?.startOffset)).toEqual([100, 500, undefined, 1000])
    expect(cache.earliestEntry).toEqual({ epoch: 2, startOffset: 100 })
  })

  it('[KL7] shouldFetchEpochForGivenOffset', () => {
    const cache = cacheOf('0:10 1:20 5:30')
    expect([25, 20, 30, 50, 5].map((offset) => cache.epochForOffset(offset))).toEqual([1, 1, 5, 5, -1])
  })
})
