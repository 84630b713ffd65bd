import { describe, expect, it } from 'vitest'
import { batchOf } from '../../../fixtures/log.ts'
import { ReplicaSet } from '../../../fixtures/replicas.ts'

describe('ListOffsets', () => {
  it('[KL13] a leader whose high watermark is below its epoch’s start knows no latest offset yet', () => {
    const set = new ReplicaSet({ replicas: 2 })
    set.produce(0, ['a', 'b'])
    set.fetch(1)
    set.elect(1)
    set.tell(1)
    const { partition } = set.broker(1)
    expect(partition.listOffset(-1, 1, 'read_uncommitted').errorCode).toBe('OFFSET_NOT_AVAILABLE')
    expect(partition.listOffset(-1, 1, undefined).offset).toBe(2)
    expect(partition.listOffset(-2, 1, 'read_uncommitted').offset).toBe(0)
    set.tell(0)
    set.fetch(0)
    expect(partition.listOffset(-1, 1, 'read_uncommitted')).toMatchObject({ offset: 2, leaderEpoch: 1 })
  })

  it('[KL13] a time is not answered with a record that is not replicated', () => {
    const set = new ReplicaSet({ replicas: 2 })
    const { partition } = set.broker(0)
    partition.append(batchOf(['a'], 1_000), 1, 1_000)
    expect(partition.listOffset(1_000, 0, 'read_uncommitted').offset).toBe(-1)
    set.fetch(1)
    set.fetch(1)
    expect(partition.listOffset(1_000, 0, 'read_uncommitted').offset).toBe(0)
  })
})
