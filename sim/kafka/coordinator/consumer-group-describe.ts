import type { ErrorCode } from '../error-code.ts'
import type { ConsumerGroup, ConsumerGroupState } from './consumer-group.ts'
import { NO_PARTITIONS, type TopicPartitions, toTopicPartitions } from './consumer-group-partitions.ts'

/** A member in a ConsumerGroupDescribe response. */
export interface DescribedMember {
  readonly memberId: string
  readonly instanceId: string | null
  readonly rackId: string | null
  readonly memberEpoch: number
  readonly clientId: string
  readonly clientHost: string
  readonly subscribedTopicNames: readonly string[]
  readonly subscribedTopicRegex: string
  /** What it may own, without what it was asked to give up. */
  readonly assignment: { readonly topicPartitions: readonly TopicPartitions[] }
  readonly targetAssignment: { readonly topicPartitions: readonly TopicPartitions[] }
}

/** A group in a ConsumerGroupDescribe response. */
export interface DescribedGroup {
  readonly errorCode: ErrorCode
  readonly errorMessage: string | null
  readonly groupId: string
  /** Empty when there is an error. */
  readonly groupState: ConsumerGroupState | ''
  readonly groupEpoch: number
  readonly assignmentEpoch: number
  readonly assignorName: string
  readonly members: readonly DescribedMember[]
}

/** ConsumerGroupDescribe of a group (ConsumerGroup.asDescribedGroup). @param assignorName the one that it uses */
export function describeGroup(group: ConsumerGroup, assignorName: string): DescribedGroup {
  return {
    errorCode: 'NONE',
    errorMessage: null,
    groupId: group.groupId,
    groupState: group.state,
    groupEpoch: group.groupEpoch,
    assignmentEpoch: group.assignmentEpoch,
    assignorName,
    members: [...group.members.values()].map((member) => ({
      memberId: member.memberId,
      instanceId: member.instanceId,
      rackId: member.rackId,
      memberEpoch: member.memberEpoch,
      clientId: member.clientId,
      clientHost: member.clientHost,
      subscribedTopicNames: [...member.subscribedTopicNames],
      subscribedTopicRegex: member.subscribedTopicRegex,
      assignment: { topicPartitions: toTopicPartitions(member.assignedPartitions) },
      targetAssignment: {
        topicPartitions: toTopicPartitions(group.target(member.memberId) ?? NO_PARTITIONS),
      },
    })),
  }
}

/** ConsumerGroupDescribe of a group that does not exist. */
export function describeMissing(groupId: string): DescribedGroup {
  return {
    errorCode: 'GROUP_ID_NOT_FOUND',
    errorMessage: `Group ${groupId} not found.`,
    groupId,
    groupState: '',
    groupEpoch: 0,
    assignmentEpoch: 0,
    assignorName: '',
    members: [],
  }
}
