import type { ErrorCode } from '../error-code.ts'
import { isReassigning, reassignmentTo, reverted } from './reassignment.ts'
import type { MetadataRecord } from './record.ts'
import type { PartitionRegistration } from './registration.ts'
import type { ControllerState, TopicPartition } from './state.ts'
import { isValidAssignment } from './topics.ts'

/** One partition of an AlterPartitionReassignments request. */
export interface ReassignablePartition extends TopicPartition {
  /** The replicas that it is to have; undefined to go back to those that it had. */
  readonly replicas: readonly number[] | undefined
}

export interface ReassignmentResult extends TopicPartition {
  readonly errorCode: ErrorCode
}

/** What a reassignment, or the end of one, changes first; alterations of the ISR do the rest. Source: ReplicationControlManager. */
export function reassigned(
  state: ControllerState,
  target: ReassignablePartition,
  allowReplicationFactorChange: boolean,
): { readonly errorCode: ErrorCode; readonly record?: MetadataRecord | undefined } {
  const partition = state.metadata.partition(target.topic, target.partition)
  if (partition === undefined) return { errorCode: 'UNKNOWN_TOPIC_OR_PARTITION' }
  if (target.replicas === undefined) return cancelled(state, target, partition)
  if (!isValidAssignment(state, target.replicas)) return { errorCode: 'INVALID_REPLICA_ASSIGNMENT' }
  if (!allowReplicationFactorChange && replicationFactor(partition) !== target.replicas.length)
    return { errorCode: 'INVALID_REPLICATION_FACTOR' }
  const { replicas, adding, removing } = reassignmentTo(partition.replicas, target.replicas)
  // What an earlier reassignment adds or removes stays so, unless this one says otherwise.
  const record = state.change(target, {
    replicas,
    addingReplicas: adding.length > 0 ? adding : undefined,
    removingReplicas: removing.length > 0 ? removing : undefined,
  })
  return { errorCode: 'NONE', record }
}

function cancelled(
  state: ControllerState,
  topicPartition: TopicPartition,
  partition: PartitionRegistration,
): { readonly errorCode: ErrorCode; readonly record?: MetadataRecord | undefined } {
  if (!isReassigning(partition)) return { errorCode: 'NO_REASSIGNMENT_IN_PROGRESS' }
  const { replicas, isr, unclean } = reverted(partition)
  const { topic } = topicPartition
  if (unclean && !state.isUncleanElectionEnabled(topic)) return { errorCode: 'INVALID_REPLICA_ASSIGNMENT' }
  const target = { replicas, isr, addingReplicas: [], removingReplicas: [] }
  return {
    errorCode: 'NONE',
    record: state.change(topicPartition, { ...target, election: state.ordinaryElection(topic) }),
  }
}

/** How many replicas it has, not counting a reassignment under way twice. */
function replicationFactor(partition: PartitionRegistration): number {
  const { replicas, addingReplicas, removingReplicas } = partition
  const all = new Set([...replicas, ...addingReplicas])
  for (const id of removingReplicas) all.delete(id)
  return all.size
}
