import { describe, expect, it } from 'vitest'
import { producedBatch } from '../../../../sim/kafka/log/batch.ts'
import { ask, consumed, leaderOf } from '../../../fixtures/broker-client.ts'
import type { BrokerCluster } from '../../../fixtures/broker-cluster.ts'
import { coordinator, three } from '../../../fixtures/broker-trio.ts'

const SECOND = 1_000

/** Ends the coordinator of a key. @returns the next one */
function failOver(cluster: BrokerCluster, keyType: 'GROUP' | 'TRANSACTION', key: string): number {
  const before = coordinator(cluster, keyType, key)
  cluster.kill(before)
  cluster.advanceTo(cluster.nowMillis + 15 * SECOND)
  const after = coordinator(cluster, keyType, key)
  expect(after).not.toBe(before)
  return after
}

/** Has another broker lead the only partition of a topic. */
function move(cluster: BrokerCluster, topic: string, to: number): void {
  const { controller } = cluster.controller
  const replicas = [to, ...[1, 2, 3].filter((id) => id !== to)]
  controller.alterPartitionReassignments([{ topic, partition: 0, replicas }])
  const any = [1, 2, 3].find((id) => cluster.isUp(id)) ?? 1
  const topicPartitions = [{ topic, partitions: [0] }]
  ask(cluster, any, 'ElectLeaders', { electionType: 'PREFERRED', topicPartitions })
  cluster.advanceTo(cluster.nowMillis + SECOND)
  expect(leaderOf(cluster, topic)).toBe(to)
}

const heartbeat = (memberEpoch: number, subscribed: readonly string[] | null) => ({
  groupId: 'g',
  memberId: 'm',
  memberEpoch,
  instanceId: null,
  rackId: null,
  rebalanceTimeoutMs: subscribed === null ? -1 : 30_000,
  subscribedTopicNames: subscribed,
  subscribedTopicRegex: null,
  serverAssignor: null,
  topicPartitions: subscribed === null ? null : [],
})

describe('the coordinators of a broker', () => {
  it('[KB6] go on with a consumer group where another has left it', () => {
    const cluster = three()
    const first = coordinator(cluster, 'GROUP', 'g')
    const joined = ask(cluster, first, 'ConsumerGroupHeartbeat', heartbeat(0, ['t'])).response
    expect(joined).toMatchObject({ errorCode: 'NONE', memberEpoch: 2 })
    const second = failOver(cluster, 'GROUP', 'g')
    const stayed = ask(cluster, second, 'ConsumerGroupHeartbeat', heartbeat(2, null)).response
    expect(stayed).toMatchObject({ errorCode: 'NONE', memberEpoch: 2 })
    const described = ask(cluster, second, 'ConsumerGroupDescribe', { groupIds: ['g'] }).response?.groups[0]
    expect(described).toMatchObject({ groupState: 'Stable', groupEpoch: 2, assignmentEpoch: 2 })
    cluster.advanceTo(cluster.nowMillis + 45 * SECOND)
    expect(ask(cluster, second, 'DeleteGroups', { groupsNames: ['g'] }).response?.results[0]?.errorCode).toBe(
      'NONE',
    )
    const third = ask(cluster, second, 'ConsumerGroupHeartbeat', heartbeat(2, null)).response
    expect(third?.errorCode).toBe('GROUP_ID_NOT_FOUND')
  })

  it('[KB6] write down that a member was lost', () => {
    const cluster = three()
    const first = coordinator(cluster, 'GROUP', 'g')
    ask(cluster, first, 'ConsumerGroupHeartbeat', heartbeat(0, ['t']))
    cluster.advanceTo(cluster.nowMillis + 46 * SECOND)
    const second = failOver(cluster, 'GROUP', 'g')
    const described = ask(cluster, second, 'ConsumerGroupDescribe', { groupIds: ['g'] }).response?.groups[0]
    expect(described).toMatchObject({ groupState: 'Empty', groupEpoch: 3, members: [] })
  })

  it('[KB6] of groups say that they are loading when they cannot ask for a transaction', () => {
    const cluster = three()
    const groups = coordinator(cluster, 'GROUP', 'g')
    coordinator(cluster, 'TRANSACTION', 'x')
    const down = [1, 2, 3].find((id) => id !== groups) ?? 0
    move(cluster, '__transaction_state', down)
    cluster.kill(down)
    const offset = { partitionIndex: 0, committedOffset: 3, committedLeaderEpoch: -1, committedMetadata: '' }
    const refused = ask(cluster, groups, 'TxnOffsetCommit', {
      transactionalId: 'x',
      groupId: 'g',
      producerId: 5,
      producerEpoch: 0,
      generationId: -1,
      memberId: '',
      groupInstanceId: null,
      topics: [{ name: 't', partitions: [offset] }],
    })
    expect(refused.response?.topics[0]?.partitions[0]?.errorCode).toBe('COORDINATOR_LOAD_IN_PROGRESS')
  })

  it('[KB6] send away who asks for what they coordinate no more', () => {
    const cluster = three()
    const first = coordinator(cluster, 'TRANSACTION', 'x')
    const init = { transactionalId: 'x', transactionTimeoutMs: 60_000, producerId: -1, producerEpoch: -1 }
    ask(cluster, first, 'InitProducerId', init)
    move(cluster, '__transaction_state', first === 3 ? 2 : first + 1)
    expect(ask(cluster, first, 'InitProducerId', init).response?.errorCode).toBe('NOT_COORDINATOR')
    const described = ask(cluster, first, 'DescribeTransactions', { transactionalIds: ['x'] }).response
    expect(described?.transactionStates[0]?.errorCode).toBe('NOT_COORDINATOR')
    const second = coordinator(cluster, 'TRANSACTION', 'x')
    ask(cluster, second, 'InitProducerId', init)
    expect(ask(cluster, second, 'InitProducerId', init).response?.errorCode).toBe('NONE')
  })

  it('[KB6] undo what they cannot write down', () => {
    const cluster = three()
    const first = coordinator(cluster, 'GROUP', 'g')
    cluster.controller.controller.alterTopicConfigs('__consumer_offsets', { 'min.insync.replicas': '3' })
    cluster.kill(first === 3 ? 2 : 3)
    cluster.advanceTo(cluster.nowMillis + 15 * SECOND)
    const refused = ask(cluster, first, 'ConsumerGroupHeartbeat', heartbeat(0, ['t'])).response
    expect(refused?.errorCode).toBe('COORDINATOR_NOT_AVAILABLE')
    const described = ask(cluster, first, 'ConsumerGroupDescribe', { groupIds: ['g'] }).response?.groups[0]
    expect(described?.errorCode).toBe('GROUP_ID_NOT_FOUND')
  })

  it('[KB6] remember committed offsets', () => {
    const cluster = three()
    const first = coordinator(cluster, 'GROUP', 'g')
    const partition = {
      partitionIndex: 0,
      committedOffset: 7,
      committedLeaderEpoch: -1,
      committedMetadata: 'x',
    }
    const committed = ask(cluster, first, 'OffsetCommit', {
      groupId: 'g',
      generationIdOrMemberEpoch: -1,
      memberId: '',
      groupInstanceId: null,
      retentionTimeMs: -1,
      topics: [
        { name: 't', partitions: [partition] },
        { name: 'none', partitions: [partition] },
      ],
    }).response
    expect(committed?.topics.map(({ partitions }) => partitions[0]?.errorCode)).toEqual([
      'NONE',
      'UNKNOWN_TOPIC_OR_PARTITION',
    ])
    const second = failOver(cluster, 'GROUP', 'g')
    const topics = [{ name: 't', partitionIndexes: [0] }]
    const asked = { groupId: 'g', memberId: null, memberEpoch: -1, topics, requireStable: true }
    const fetched = ask(cluster, second, 'OffsetFetch', asked).response
    expect(fetched?.topics[0]?.partitions[0]).toMatchObject({ committedOffset: 7, metadata: 'x' })
    const other = [1, 2, 3].find((id) => cluster.isUp(id) && id !== second) ?? 0
    expect(ask(cluster, other, 'OffsetFetch', asked).response?.errorCode).toBe('NOT_COORDINATOR')
  })

  it('[KB6] end a transaction that another has begun, with the offsets that belong to it', () => {
    const cluster = three()
    const groups = coordinator(cluster, 'GROUP', 'g')
    const first = coordinator(cluster, 'TRANSACTION', 'x')
    const init = { transactionalId: 'x', transactionTimeoutMs: 60_000, producerId: -1, producerEpoch: -1 }
    ask(cluster, first, 'InitProducerId', init)
    const { producerId = -1, producerEpoch = -1 } = ask(cluster, first, 'InitProducerId', init).response ?? {}
    const record = { offsetDelta: 0, timestamp: 0, key: null, value: 'a', headers: [], sizeInBytes: 8 }
    const records = producedBatch([record], {
      producerId,
      producerEpoch,
      baseSequence: 0,
      isTransactional: true,
    })
    const topicData = [{ name: 't', partitionData: [{ index: 0, records }] }]
    const body = { transactionalId: 'x', acks: -1, timeoutMs: 5_000, topicData } as const
    const produced = ask(cluster, leaderOf(cluster, 't'), 'Produce', body)
    expect(produced.response?.responses[0]?.partitionResponses[0]?.errorCode).toBe('NONE')
    const offset = { partitionIndex: 0, committedOffset: 3, committedLeaderEpoch: -1, committedMetadata: '' }
    const offsets = ask(cluster, groups, 'TxnOffsetCommit', {
      transactionalId: 'x',
      groupId: 'g',
      producerId,
      producerEpoch,
      generationId: -1,
      memberId: '',
      groupInstanceId: null,
      topics: [{ name: 't', partitions: [offset] }],
    })
    expect(offsets.response?.topics[0]?.partitions[0]?.errorCode).toBe('NONE')
    expect(consumed(cluster, leaderOf(cluster, 't'), 't')).toEqual([])

    const second = failOver(cluster, 'TRANSACTION', 'x')
    const ended = ask(cluster, second, 'EndTxn', {
      transactionalId: 'x',
      producerId,
      producerEpoch,
      committed: true,
    })
    expect(ended.response).toEqual({ errorCode: 'NONE', producerId, producerEpoch: producerEpoch + 1 })
    cluster.advanceTo(cluster.nowMillis + 5 * SECOND)
    expect(consumed(cluster, leaderOf(cluster, 't'), 't')).toEqual(['a'])
    const topics = [{ name: 't', partitionIndexes: [0] }]
    const asked = { groupId: 'g', memberId: null, memberEpoch: -1, topics, requireStable: true }
    const fetched = ask(cluster, coordinator(cluster, 'GROUP', 'g'), 'OffsetFetch', asked).response
    expect(fetched?.topics[0]?.partitions[0]?.committedOffset).toBe(3)
    const described = ask(cluster, second, 'DescribeTransactions', { transactionalIds: ['x'] }).response
    expect(described?.transactionStates[0]?.transactionState).toBe('CompleteCommit')
  })
})
