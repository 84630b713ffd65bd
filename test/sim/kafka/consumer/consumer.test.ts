import { describe, expect, it } from 'vitest'
import { ConsumerStage, T0 } from '../../../fixtures/consumer-stage.ts'

const WEEK_MILLIS = 7 * 86_400_000

const COMMITTED = {
  groupId: 'g',
  errorCode: 'NONE' as const,
  topics: [
    {
      name: 't',
      partitions: [
        {
          partitionIndex: 0,
          committedOffset: 0,
          committedLeaderEpoch: -1,
          metadata: '',
          errorCode: 'NONE' as const,
        },
      ],
    },
  ],
}

describe('an idle consumer', () => {
  it('[KF17] has no deadline but routine, which the driver may leave out for a week', () => {
    const stage = new ConsumerStage({ 'group.id': 'g' })
    stage.consumer.subscribe(['t'])
    stage.join([T0])
    stage.take('OffsetFetch').answer(COMMITTED)
    stage.pass(5_000, true)
    stage
      .take('OffsetCommit')
      .answer({ topics: [{ name: 't', partitions: [{ partitionIndex: 0, errorCode: 'NONE' }] }] })
    expect(stage.consumer.nextDeadlineMillis()).toBe(Number.POSITIVE_INFINITY)
    const before = stage.pending()
    stage.pass(WEEK_MILLIS, true)
    expect(stage.pending()).toEqual(before)
    expect(stage.consumer.heartbeatDeadlineMillis() - stage.nowMillis).toBeLessThanOrEqual(3_000)
    expect(stage.consumer.metadataDeadlineMillis() - stage.nowMillis).toBeLessThanOrEqual(300_000)
  })

  it('[KF17] looks for a topic that is missing as routine, once it has looked twice', () => {
    const stage = new ConsumerStage({ 'group.id': 'g' })
    stage.consumer.subscribe(['missing'])
    stage.poll()
    stage.pass(10_000, true)
    expect(stage.consumer.metadataDeadlineMillis() - stage.nowMillis).toBeLessThanOrEqual(1_000)
  })

  it('[KF17] reads by hand or by subscription, not both, and by pattern without internal topics', () => {
    const stage = new ConsumerStage({ 'group.id': 'g' })
    expect(() => stage.poll()).toThrow('not subscribed')
    stage.topics.set('__consumer_offsets', [{ leader: 1, leaderEpoch: 0 }])
    stage.consumer.subscribePattern(/t/)
    expect(() => stage.consumer.assign([T0])).toThrow('mutually exclusive')
    stage.poll()
    expect(stage.take('JoinGroup').body.protocols[0]?.metadata).toMatchObject({ topics: ['t'] })
  })
})
