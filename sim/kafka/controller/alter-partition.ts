import type { ErrorCode } from '../error-code.ts'
import type { AlterPartitionRequest, AlterPartitionResponse } from '../replication/message.ts'
import type { PartitionRegistration } from './registration.ts'
import type { ControllerState, TopicPartition } from './state.ts'

/** What the leader of a partition is told that asked for another ISR (rule R9). Source: ReplicationControlManager. */
export function alterPartition(
  state: ControllerState,
  topicPartition: TopicPartition,
  request: AlterPartitionRequest,
): AlterPartitionResponse {
  const { metadata } = state
  if (metadata.brokers.get(request.brokerId)?.brokerEpoch !== request.brokerEpoch)
    return refused('STALE_BROKER_EPOCH')
  const { topic, partition } = topicPartition
  const before = metadata.partition(topic, partition)
  if (before === undefined) return refused('UNKNOWN_TOPIC_OR_PARTITION')
  const error = refusal(state, before, request)
  if (error !== 'NONE') return refused(error)

  const record = state.change(topicPartition, {
    election: state.ordinaryElection(topic),
    isr: request.newIsrWithEpochs.map(({ brokerId }) => brokerId),
    leaderRecoveryState: request.leaderRecoveryState,
  })
  if (record !== undefined) state.commit([record])
  // A reassignment that ends with this ISR may end its reign.
  const leader = record?.change.leader
  if (leader !== undefined && leader !== request.brokerId) return refused('NEW_LEADER_ELECTED')
  const after = metadata.partition(topic, partition) as PartitionRegistration
  return {
    errorCode: 'NONE',
    leaderId: after.leader,
    leaderEpoch: after.leaderEpoch,
    isr: after.isr,
    leaderRecoveryState: after.leaderRecoveryState,
    partitionEpoch: after.partitionEpoch,
  }
}

function refused(errorCode: ErrorCode): AlterPartitionResponse {
  return {
    errorCode,
    leaderId: 0,
    leaderEpoch: 0,
    isr: [],
    leaderRecoveryState: 'RECOVERED',
    partitionEpoch: 0,
  }
}

function refusal(
  state: ControllerState,
  partition: PartitionRegistration,
  request: AlterPartitionRequest,
): ErrorCode {
  // Who knows more than this controller has heard of another one.
  if (request.leaderEpoch > partition.leaderEpoch) return 'NOT_CONTROLLER'
  if (request.partitionEpoch > partition.partitionEpoch) return 'NOT_CONTROLLER'
  if (request.leaderEpoch < partition.leaderEpoch) return 'FENCED_LEADER_EPOCH'
  if (request.brokerId !== partition.leader) return 'INVALID_REQUEST'
  if (request.partitionEpoch < partition.partitionEpoch) return 'INVALID_UPDATE_VERSION'
  const isr = request.newIsrWithEpochs.map(({ brokerId }) => brokerId)
  if (!isValidIsr(isr, partition)) return 'INVALID_REQUEST'
  if (request.leaderRecoveryState === 'RECOVERING') {
    if (isr.length > 1 || partition.leaderRecoveryState === 'RECOVERED') return 'INVALID_REQUEST'
  }
  const isEligible = ({ brokerId, brokerEpoch }: (typeof request.newIsrWithEpochs)[number]) => {
    const known = state.metadata.eligibleBrokerEpoch(brokerId)
    return known !== undefined && (brokerEpoch === -1 || brokerEpoch === known)
  }
  return request.newIsrWithEpochs.every(isEligible) ? 'NONE' : 'INELIGIBLE_REPLICA'
}

function isValidIsr(isr: readonly number[], { replicas, leader }: PartitionRegistration): boolean {
  return new Set(isr).size === isr.length && isr.every((id) => replicas.includes(id)) && isr.includes(leader)
}
