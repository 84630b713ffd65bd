import { describe, expect, it } from 'vitest'
import { UNDEFINED_EPOCH } from '../../../../sim/kafka/log/epoch-cache.ts'
import { moveLog } from '../../../../sim/kafka/log/move.ts'
import { batchOf, emptyLog } from '../../../fixtures/log.ts'

/** A log that was written to in epochs 0 and 2, and whose leader in epochs 1 and 3 wrote nothing, in another directory. */
function moved(epochsMoveWithLog: boolean) {
  const log = emptyLog({ switches: { epochsMoveWithLog } })
  for (const epoch of [0, 1, 2, 3]) {
    log.startEpoch(epoch)
    if (epoch % 2 === 0) log.appendAsLeader(batchOf(['a', 'b']), epoch, 0)
  }
  moveLog(log)
  return log
}

describe('a log that is moved to another directory', () => {
  it('[KL16] takes its history of epochs along', () => {
    const log = moved(true)
    expect(log.epochs.entries.map(({ epoch, startOffset }) => `${epoch}:${startOffset}`)).toEqual([
      '0:0',
      '2:2',
      '3:4',
    ])
    expect(log.endOffsetForEpoch(3)).toEqual({ epoch: 3, endOffset: 4 })
  })

  it('[KL16] knows only the epochs of its batches otherwise (KAFKA-20961)', () => {
    const log = moved(false)
    expect(log.epochs.entries.map(({ epoch, startOffset }) => `${epoch}:${startOffset}`)).toEqual([
      '0:0',
      '2:2',
    ])
    expect(log.endOffsetForEpoch(3).epoch).toBe(UNDEFINED_EPOCH)
    expect(log.endOffsetForEpoch(1)).toEqual({ epoch: 0, endOffset: 2 })
  })
})
