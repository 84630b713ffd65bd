import { describe, expect, it } from 'vitest'
import { errorsOf, merged, splitTopics } from '../../../../sim/kafka/broker/offset-topics.ts'
import { Metadata } from '../../../../sim/kafka/controller/metadata.ts'
import type { OffsetCommitTopic } from '../../../../sim/kafka/coordinator/offset-message.ts'

const REGISTRATION = {
  replicas: [1],
  isr: [1],
  leader: 1,
  leaderEpoch: 0,
  partitionEpoch: 0,
  leaderRecoveryState: 'RECOVERED',
  elr: [],
  lastKnownElr: [],
  addingReplicas: [],
  removingReplicas: [],
} as const

function metadata(): Metadata {
  const known = new Metadata()
  known.replay({
    baseOffset: 0,
    records: [
      { type: 'Topic', topic: 'orders' },
      { type: 'Partition', topic: 'orders', partition: 0, registration: REGISTRATION },
    ],
  })
  return known
}

function committing(name: string, ...indexes: readonly number[]): OffsetCommitTopic {
  const partitions = indexes.map((partitionIndex) => ({
    partitionIndex,
    committedOffset: 1,
    committedLeaderEpoch: 0,
    committedMetadata: '',
  }))
  return { name, partitions }
}

describe('splitTopics', () => {
  it('takes the request as it is where all partitions exist', () => {
    const topics = [committing('orders', 0)]
    expect(splitTopics(topics, metadata())).toEqual({ known: topics, unknown: [] })
  })

  it('tells partitions that do not exist from those that do, and answers them in one place', () => {
    const topics = [committing('orders', 1, 0), committing('payments', 0)]
    const { known, unknown } = splitTopics(topics, metadata())
    expect(known).toEqual([committing('orders', 0)])
    expect(merged(topics, errorsOf(known, 'NONE'), unknown)).toEqual([
      {
        name: 'orders',
        partitions: [
          { partitionIndex: 0, errorCode: 'NONE' },
          { partitionIndex: 1, errorCode: 'UNKNOWN_TOPIC_OR_PARTITION' },
        ],
      },
      { name: 'payments', partitions: [{ partitionIndex: 0, errorCode: 'UNKNOWN_TOPIC_OR_PARTITION' }] },
    ])
  })

  it('leaves out a topic of which no partition is named', () => {
    expect(splitTopics([committing('orders')], metadata())).toEqual({ known: [], unknown: [] })
  })
})
