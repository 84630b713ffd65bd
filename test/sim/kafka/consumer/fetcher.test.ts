import { describe, expect, it } from 'vitest'
import { markerBatch, producedBatch } from '../../../../sim/kafka/log/batch.ts'
import { fetchRefused } from '../../../../sim/kafka/replication/message.ts'
import { batchAt, ConsumerStage, fetched, found, records, T0, T1 } from '../../../fixtures/consumer-stage.ts'

describe('fetching', () => {
  it('[KF1] asks each leader for all its partitions at once, in the words of the configuration', () => {
    const stage = new ConsumerStage({ 'fetch.min.bytes': 7, 'isolation.level': 'read_committed' })
    stage.assignAt(3, T0, T1)
    expect(stage.offsets()).toEqual([])
    const fetch = stage.take('Fetch')
    expect(fetch.nodeId).toBe(1)
    expect(fetch.body).toMatchObject({
      replicaId: -1,
      maxWaitMs: 500,
      minBytes: 7,
      maxBytes: 52_428_800,
      isolationLevel: 'read_committed',
      topics: [
        {
          topic: 't',
          partitions: [
            { partition: 0, fetchOffset: 3, currentLeaderEpoch: 5, partitionMaxBytes: 1_048_576 },
            { partition: 1, fetchOffset: 3 },
          ],
        },
      ],
    })
    expect(stage.pending()).toEqual([])
  })

  it('[KF1] says that a parked fetch is outdated when another would be sent, once', () => {
    const stage = new ConsumerStage().assignAt(0, T0)
    stage.poll()
    stage.consumer.seek(T0, 5)
    stage.poll()
    stage.poll()
    expect(stage.heard).toEqual(['outdated 1'])
    stage.take('Fetch').answer(fetched(found(0, [batchAt(0, 2)])))
    expect(stage.take('Fetch').body.topics[0]?.partitions).toMatchObject([{ fetchOffset: 5 }])
  })

  it('[KF2] leaves out what lies below the offset that was fetched', () => {
    const stage = new ConsumerStage().assignAt(3, T0)
    stage.poll()
    stage.take('Fetch').answer(fetched(found(0, [batchAt(0, 5)])))
    expect(stage.offsets()).toEqual([3, 4])
    expect(stage.consumer.position(T0)).toBe(5)
  })

  it('[KF12] keeps the records behind a marker with which a fetch begins', () => {
    const stage = new ConsumerStage().assignAt(3, T0)
    stage.poll()
    const marker = markerBatch(4, 0, { controlType: 'COMMIT', coordinatorEpoch: 0 }, 0).assigned(3, 5, -1)
    stage.take('Fetch').answer(fetched(found(0, [marker, batchAt(4, 2)])))
    expect(stage.heard).toEqual(['wakeup'])
    expect(stage.offsets()).toEqual([4, 5])
  })

  it('[KF6] hands out max.poll.records at a time, and fetches no partition that has records in hand', () => {
    const stage = new ConsumerStage({ 'max.poll.records': 2 }).assignAt(0, T0)
    stage.poll()
    stage.take('Fetch').answer(fetched(found(0, [batchAt(0, 3)])))
    expect(stage.offsets()).toEqual([0, 1])
    expect(stage.consumer.position(T0)).toBe(2)
    expect(stage.pending()).toEqual([])
    expect(stage.offsets()).toEqual([2])
    expect(stage.take('Fetch').body.topics[0]?.partitions).toMatchObject([{ fetchOffset: 3 }])
  })

  it('[KF6] does not fetch from a node that leads a partition with records in hand, but from others', () => {
    const stage = new ConsumerStage({ 'max.poll.records': 1 })
    stage.topics.get('t')?.push({ leader: 2, leaderEpoch: 5 })
    stage.assignAt(0, T0, T1, { topic: 't', partition: 2 })
    stage.poll()
    stage.take('Fetch').answer(fetched(found(0, [batchAt(0, 2)])))
    expect(stage.offsets()).toEqual([0])
    expect(stage.take('Fetch').nodeId).toBe(2)
    expect(stage.pending()).toEqual([])
  })

  it('[KF6] keeps the order of each partition and takes answers in the order in which they came', () => {
    const stage = new ConsumerStage().assignAt(0, T0, T1)
    stage.poll()
    stage.take('Fetch').answer(fetched(found(1, [batchAt(0, 2)]), found(0, [batchAt(0, 1)])))
    expect(stage.poll().map(({ partition, offset }) => [partition, offset])).toEqual([
      [1, 0],
      [1, 1],
      [0, 0],
    ])
  })

  it('[KF11] wakes a parked poll up when there are records, and only then', () => {
    const stage = new ConsumerStage().assignAt(0, T0)
    stage.poll()
    stage.take('Fetch').answer(fetched(found(0, [])))
    expect(stage.heard).toEqual([])
    stage.take('Fetch').answer(fetched(found(0, [batchAt(0, 1)])))
    expect(stage.heard).toEqual(['wakeup'])
    expect(stage.offsets()).toEqual([0])
    stage.take('Fetch').answer(fetched(found(0, [batchAt(1, 1)])))
    expect(stage.heard).toEqual(['wakeup'])
  })

  it('[KF11] keeps records of a paused partition until it is resumed, and drops them after a seek', () => {
    const stage = new ConsumerStage().assignAt(0, T0)
    stage.poll()
    stage.consumer.pause([T0])
    stage.take('Fetch').answer(fetched(found(0, [batchAt(0, 1)])))
    expect(stage.offsets()).toEqual([])
    expect(stage.consumer.paused()).toEqual([T0])
    stage.consumer.resume([T0])
    expect(stage.offsets()).toEqual([0])
    stage.take('Fetch').answer(fetched(found(0, [batchAt(1, 1)])))
    stage.consumer.seek(T0, 7)
    expect(stage.offsets()).toEqual([])
    expect(stage.take('Fetch').body.topics[0]?.partitions).toMatchObject([{ fetchOffset: 7 }])
  })

  it('[KF12] leaves out control batches, and under read_committed what was aborted, but moves past both', () => {
    const producer = { producerId: 4, producerEpoch: 0, baseSequence: 0, isTransactional: true }
    const written = producedBatch(records(2), producer)
    const log = [
      batchAt(0, 1),
      batchAt(1, 2, 5, written),
      markerBatch(4, 0, { controlType: 'ABORT', coordinatorEpoch: 0 }, 0).assigned(3, 5, -1),
      batchAt(4, 2, 5, written),
      markerBatch(4, 0, { controlType: 'COMMIT', coordinatorEpoch: 0 }, 0).assigned(6, 5, -1),
    ]
    const abortedTransactions = [{ producerId: 4, firstOffset: 1, lastOffset: 3, lastStableOffset: 4 }]
    const read = (isolation: 'read_committed' | 'read_uncommitted'): number[] => {
      const stage = new ConsumerStage({ 'isolation.level': isolation }).assignAt(0, T0)
      stage.poll()
      stage.take('Fetch').answer(fetched(found(0, log, { abortedTransactions })))
      const offsets = stage.offsets()
      expect(stage.consumer.position(T0)).toBe(7)
      return offsets
    }
    expect(read('read_committed')).toEqual([0, 4, 5])
    expect(read('read_uncommitted')).toEqual([0, 1, 2, 4, 5])
  })

  it('[KF12] moves past a fetch of which nothing may be seen, without waking anybody', () => {
    const stage = new ConsumerStage().assignAt(3, T0)
    stage.poll()
    const marker = markerBatch(4, 0, { controlType: 'COMMIT', coordinatorEpoch: 0 }, 0).assigned(3, 5, -1)
    stage.take('Fetch').answer(fetched(found(0, [marker])))
    expect(stage.heard).toEqual([])
    expect(stage.take('Fetch').body.topics[0]?.partitions).toMatchObject([{ fetchOffset: 4 }])
  })

  it('[KF13] fails at a batch that does not fit its checksum until it is skipped, if it looks', () => {
    const corrupt = batchAt(1, 1).corrupted()
    const stage = new ConsumerStage().assignAt(0, T0)
    stage.poll()
    stage.take('Fetch').answer(fetched(found(0, [batchAt(0, 1), corrupt])))
    expect(stage.offsets()).toEqual([0])
    expect([stage.pollError(), stage.pollError()]).toEqual(['CORRUPT_BATCH', 'CORRUPT_BATCH'])
    stage.consumer.seek(T0, 2)
    expect(stage.pollError()).toBe('none')

    const careless = new ConsumerStage({ 'check.crcs': false }).assignAt(0, T0)
    careless.poll()
    careless.take('Fetch').answer(fetched(found(0, [corrupt])))
    expect(careless.offsets()).toEqual([1])
  })

  it('[KF14] looks for the new leader when the old one refuses, after a back-off', () => {
    const stage = new ConsumerStage().assignAt(0, T0)
    stage.poll()
    stage.topics.set('t', [{ leader: 2, leaderEpoch: 6 }])
    stage.take('Fetch').answer(fetched(fetchRefused(0, 'NOT_LEADER_OR_FOLLOWER')))
    expect(stage.pending()).toEqual([])
    stage.pass(100)
    expect(stage.take('Fetch')).toMatchObject({
      nodeId: 2,
      body: { topics: [{ partitions: [{ currentLeaderEpoch: 6 }] }] },
    })
  })

  it('[KF14] waits for a node whose connection broke, longer each time', () => {
    const stage = new ConsumerStage().assignAt(0, T0)
    const waits: number[] = []
    stage.poll()
    for (let failure = 0; failure < 3; failure++) {
      stage.take('Fetch').answer(undefined)
      expect(stage.pending()).toEqual([])
      const before = stage.nowMillis
      while (stage.pending().length === 0) stage.pass(1)
      waits.push(stage.nowMillis - before)
    }
    expect(waits).toEqual([50, 100, 200])
  })

  it('[KF3] resets a position that is out of range by auto.offset.reset, or fails', () => {
    const stage = new ConsumerStage({ 'auto.offset.reset': 'earliest' }).assignAt(50, T0)
    stage.poll()
    stage.take('Fetch').answer(fetched(fetchRefused(0, 'OFFSET_OUT_OF_RANGE')))
    expect(stage.take('ListOffsets').body.topics[0]?.partitions[0]?.timestamp).toBe(-2)

    const strict = new ConsumerStage({ 'auto.offset.reset': 'none' }).assignAt(50, T0)
    strict.poll()
    strict.take('Fetch').answer(fetched(fetchRefused(0, 'OFFSET_OUT_OF_RANGE')))
    expect(strict.heard).toEqual(['wakeup'])
    expect(strict.pollError()).toBe('OFFSET_OUT_OF_RANGE')
  })
})
