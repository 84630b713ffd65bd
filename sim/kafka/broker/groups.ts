import type { ClassicGroup } from '../coordinator/classic-group.ts'
import { joinError, syncError } from '../coordinator/classic-rebalance.ts'
import { describeMissing } from '../coordinator/consumer-group-describe.ts'
import { invalidHeartbeat, refusal } from '../coordinator/consumer-group-heartbeat.ts'
import { responseErrorOf } from '../coordinator/group-log.ts'
import type { JoinGroupRequest } from '../coordinator/group-message.ts'
import type { TopicErrors } from '../coordinator/offset-message.ts'
import type { ErrorCode } from '../error-code.ts'
import { SENTINEL_GUARD } from '../log/verification.ts'
import type { ApiRequest } from '../protocol/api.ts'
import { partitionName } from '../transaction/topic-partition.ts'
import { txnOffsetCommitSupport } from '../transaction/verifier.ts'
import type { BrokerContext } from './context.ts'
import { GroupShard } from './group-shard.ts'
import { areKnown, errorsOf, merged, splitTopics } from './offset-topics.ts'
import type { Replica } from './replica.ts'
import type { Replicas } from './replicas.ts'
import type { Respond } from './respond.ts'
import { GROUP_METADATA_TOPIC, partitionFor } from './topic.ts'
import type { Transactions } from './transactions.ts'

/** JoinGroup from this version on makes a new dynamic member come back with an id (KIP-394). */
const KNOWN_MEMBER_ID_VERSION = 4

/** The host that a member is said to come from. */
export const CLIENT_HOST = '/127.0.0.1'

/**
 * The requests of group members and about offsets, each to the coordinator of its group. Source: GroupCoordinatorService,
 * and the handlers of KafkaApis. Out of scope: classic members in groups of KIP-848.
 */
export class Groups {
  private readonly context: BrokerContext
  private readonly shards = new Map<number, GroupShard>()
  /** The deadlines below have to be worked out again. */
  private isChanged = false
  private dueMillis = Number.POSITIVE_INFINITY
  private workMillis = Number.POSITIVE_INFINITY
  private housekeepingMillis = Number.POSITIVE_INFINITY

  constructor(context: BrokerContext) {
    this.context = context
  }

  /** The broker leads a partition of __consumer_offsets, in a new epoch: loading takes no time. */
  elected(replica: Replica, nowMillis: number): void {
    this.resigned(replica.index, nowMillis)
    this.changed()
    this.shards.set(replica.index, new GroupShard(this.context, replica))
  }

  /** Something happened to a coordinator. */
  changed(): void {
    this.isChanged = true
  }

  resigned(partition: number, nowMillis: number): void {
    this.changed()
    this.shards.get(partition)?.resign(nowMillis)
    this.shards.delete(partition)
  }

  topicsChanged(topics: ReadonlySet<string>, deleted: ReadonlySet<string>): void {
    this.changed()
    for (const shard of this.shards.values()) {
      shard.knownModern?.onTopicsChanged(topics)
      if (deleted.size > 0) shard.classic.offsets.topicsDeleted(deleted)
    }
  }

  /** Coordinates those of some groups whose partition it leads, as it would have formed them. */
  resume(groups: readonly ClassicGroup[]): void {
    for (const group of groups) {
      const shard = this.shardOf(group.groupId)
      if (typeof shard !== 'string') shard.classic.adopt(group, this.context.nowMillis)
    }
  }

  isStable(groupId: string): boolean {
    const shard = this.shardOf(groupId)
    if (typeof shard === 'string') return false
    return shard.classic.isStable(groupId) || shard.knownModern?.isStable(groupId) === true
  }

  hasMember(groupId: string, memberId: string): boolean {
    const shard = this.shardOf(groupId)
    if (typeof shard === 'string') return false
    return (
      shard.classic.hasMember(groupId, memberId) ||
      shard.knownModern?.group(groupId)?.members.has(memberId) === true
    )
  }

  suspendSession(groupId: string, memberId: string): void {
    const shard = this.shardOf(groupId)
    if (typeof shard === 'string') return
    shard.classic.suspendSession(groupId, memberId)
    shard.knownModern?.suspendSession(groupId, memberId)
  }

  resumeSession(groupId: string, memberId: string, heardMillis: number): void {
    const shard = this.shardOf(groupId)
    if (typeof shard === 'string') return
    shard.classic.resumeSession(groupId, memberId, heardMillis)
    shard.knownModern?.resumeSession(groupId, memberId, heardMillis)
  }

  nextDeadlineMillis(): number {
    if (this.isChanged) this.findDeadlines()
    return this.dueMillis
  }

  workDeadlineMillis(): number {
    if (this.isChanged) this.findDeadlines()
    return this.workMillis
  }

  housekeepingDeadlineMillis(): number {
    if (this.isChanged) this.findDeadlines()
    return this.housekeepingMillis
  }

  private findDeadlines(): void {
    this.isChanged = false
    this.workMillis = Number.POSITIVE_INFINITY
    this.housekeepingMillis = Number.POSITIVE_INFINITY
    for (const shard of this.shards.values()) {
      this.workMillis = Math.min(this.workMillis, shard.workDeadlineMillis())
      this.housekeepingMillis = Math.min(this.housekeepingMillis, shard.classic.housekeepingDeadlineMillis())
    }
    this.dueMillis = Math.min(this.workMillis, this.housekeepingMillis)
  }

  advance(nowMillis: number): void {
    if (this.nextDeadlineMillis() > nowMillis) return
    this.changed()
    for (const shard of this.shards.values()) shard.advance(nowMillis)
  }

  joinGroup({ body, apiVersion, clientId }: ApiRequest<'JoinGroup'>, respond: Respond<'JoinGroup'>): void {
    const shard = this.shardOf(body.groupId)
    if (body.groupId !== '' && typeof shard === 'string') {
      respond(joinError(body.memberId, shard))
      return
    }
    if (typeof shard === 'string') respond(joinError(body.memberId, 'INVALID_GROUP_ID'))
    else if (!shard.admitsClassic(body.groupId)) respond(this.joinModern(body, apiVersion))
    else {
      const header = { apiVersion, clientId, clientHost: CLIENT_HOST }
      shard.classic.joinGroup(body, header, this.context.nowMillis, respond)
    }
  }

  syncGroup({ body }: ApiRequest<'SyncGroup'>, respond: Respond<'SyncGroup'>): void {
    const shard = this.shardOf(body.groupId)
    if (typeof shard === 'string') respond(syncError(shard))
    else shard.classic.syncGroup(body, this.context.nowMillis, respond)
  }

  heartbeat({ body }: ApiRequest<'Heartbeat'>, respond: Respond<'Heartbeat'>): void {
    const shard = this.shardOf(body.groupId)
    if (typeof shard === 'string')
      // Heartbeats of clients go on while a coordinator loads.
      respond({ errorCode: shard === 'COORDINATOR_LOAD_IN_PROGRESS' ? 'NONE' : shard })
    else respond(shard.classic.heartbeat(body, this.context.nowMillis))
  }

  leaveGroup({ body }: ApiRequest<'LeaveGroup'>, respond: Respond<'LeaveGroup'>): void {
    const shard = this.shardOf(body.groupId)
    if (typeof shard === 'string') respond({ errorCode: shard, members: [] })
    else shard.classic.leaveGroup(body, this.context.nowMillis, respond)
  }

  consumerGroupHeartbeat(
    { body, apiVersion, clientId }: ApiRequest<'ConsumerGroupHeartbeat'>,
    respond: Respond<'ConsumerGroupHeartbeat'>,
  ): void {
    const { config } = this.context
    const invalid = invalidHeartbeat(body, apiVersion, config['group.consumer.assignors'])
    const shard = this.shardOf(body.groupId)
    if (invalid !== undefined) respond(refusal(invalid.errorCode, invalid.errorMessage))
    else if (typeof shard === 'string') respond(refusal(shard, ''))
    else shard.heartbeat(body, { apiVersion, clientId, clientHost: CLIENT_HOST }, respond)
  }

  offsetCommit({ body, apiVersion }: ApiRequest<'OffsetCommit'>, respond: Respond<'OffsetCommit'>): void {
    const { nowMillis, metadata } = this.context
    const shard = this.shardOf(body.groupId)
    if (typeof shard !== 'string' && body.topics.length > 0 && areKnown(body.topics, metadata)) {
      shard.classic.offsets.commit(body, apiVersion, nowMillis, respond)
      return
    }
    const { known, unknown } = splitTopics(body.topics, metadata)
    const answer = (topics: readonly TopicErrors[]) =>
      respond({ topics: known === body.topics ? topics : merged(body.topics, topics, unknown) })
    if (known.length === 0) answer([])
    else if (typeof shard === 'string') answer(errorsOf(known, shard))
    else {
      const request = { ...body, topics: known }
      shard.classic.offsets.commit(request, apiVersion, nowMillis, ({ topics }) => answer(topics))
    }
  }

  /** Handles TxnOffsetCommit, once the transaction is verified, or the partition is added to it (rules S7, T9). */
  txnOffsetCommit(
    request: ApiRequest<'TxnOffsetCommit'>,
    replicas: Replicas,
    { verifier }: Transactions,
    respond: Respond<'TxnOffsetCommit'>,
  ): void {
    const { body, apiVersion } = request
    const { context } = this
    const { known, unknown } = splitTopics(body.topics, this.context.metadata)
    const answer = (topics: readonly TopicErrors[]) =>
      respond({ topics: merged(body.topics, topics, unknown) })
    const shard = this.shardOf(body.groupId)
    if (known.length === 0 || typeof shard === 'string') {
      answer(typeof shard === 'string' ? errorsOf(known, shard) : [])
      return
    }
    const partition = this.partitionOf(body.groupId)
    const replica = replicas.get(GROUP_METADATA_TOPIC, partition) as Replica
    const support = txnOffsetCommitSupport(apiVersion)
    const { transactionalId, producerId, producerEpoch } = body
    const commit = (guard: number): void => {
      shard.log.guard = guard
      const transaction = { ...body, topics: known }
      const { offsets } = shard.classic
      offsets.commitTransactional(transaction, apiVersion, context.nowMillis, ({ topics }) => answer(topics))
      shard.log.guard = SENTINEL_GUARD
    }
    if (!verifier.isNeeded(support)) {
      commit(SENTINEL_GUARD)
      return
    }
    const bumps = support === 'add-partition'
    const { producers } = replica.log
    const guard = producers.beginVerification(producerId, -1, producerEpoch, bumps, context.nowMillis)
    if (typeof guard === 'string') answer(errorsOf(known, guard))
    else if (guard === SENTINEL_GUARD) commit(guard)
    else {
      const name = partitionName(GROUP_METADATA_TOPIC, partition)
      const verification = { transactionalId, producerId, producerEpoch, partitions: [name], support }
      verifier.verify(verification, context.nowMillis, (errors, nowMillis) => {
        context.nowMillis = nowMillis
        const error = errors.get(name)
        if (error !== undefined) answer(errorsOf(known, verificationErrorOf(error)))
        else if (this.shards.get(partition) !== shard) answer(errorsOf(known, 'NOT_COORDINATOR'))
        else commit(guard)
        context.settle()
      })
    }
  }

  offsetFetch({ body }: ApiRequest<'OffsetFetch'>, respond: Respond<'OffsetFetch'>): void {
    const shard = this.shardOf(body.groupId)
    if (typeof shard === 'string') respond({ groupId: body.groupId, errorCode: shard, topics: [] })
    else shard.classic.offsets.fetch(body, respond)
  }

  offsetDelete({ body }: ApiRequest<'OffsetDelete'>, respond: Respond<'OffsetDelete'>): void {
    const shard = this.shardOf(body.groupId)
    if (typeof shard === 'string') {
      respond({ errorCode: shard, topics: [] })
      return
    }
    const { metadata, nowMillis } = this.context
    const exists = (name: string, index: number) => metadata.partition(name, index) !== undefined
    const known = body.topics
      .map(({ name, partitions }) => ({
        name,
        partitions: partitions.filter(({ partitionIndex }) => exists(name, partitionIndex)),
      }))
      .filter(({ partitions }) => partitions.length > 0)
    const unknown = body.topics
      .map(({ name, partitions }) => ({
        name,
        partitions: partitions
          .filter(({ partitionIndex }) => !exists(name, partitionIndex))
          .map(({ partitionIndex }) => ({
            partitionIndex,
            errorCode: 'UNKNOWN_TOPIC_OR_PARTITION' as const,
          })),
      }))
      .filter(({ partitions }) => partitions.length > 0)
    const request = { ...body, topics: known }
    shard.classic.offsets.delete(request, nowMillis, (response) =>
      respond(
        response.errorCode === 'NONE'
          ? { ...response, topics: merged(body.topics, response.topics, unknown) }
          : response,
      ),
    )
  }

  describeGroups(
    { body, apiVersion }: ApiRequest<'DescribeGroups'>,
    respond: Respond<'DescribeGroups'>,
  ): void {
    const groups = body.groups.flatMap((groupId) => {
      const shard = this.shardOf(groupId)
      if (typeof shard !== 'string') return shard.classic.describeGroups([groupId], apiVersion)
      const nothing = { groupState: '', protocolType: '', protocolData: '', members: [] }
      return [{ errorCode: shard, groupId, ...nothing }]
    })
    respond({ groups })
  }

  consumerGroupDescribe(
    { body }: ApiRequest<'ConsumerGroupDescribe'>,
    respond: Respond<'ConsumerGroupDescribe'>,
  ): void {
    const groups = body.groupIds.flatMap((groupId) => {
      const shard = this.shardOf(groupId)
      if (typeof shard !== 'string') return shard.modern.describe([groupId])
      return [{ ...describeMissing(groupId), errorCode: shard }]
    })
    respond({ groups })
  }

  deleteGroups({ body }: ApiRequest<'DeleteGroups'>, respond: Respond<'DeleteGroups'>): void {
    const errors = new Map<string, ErrorCode>()
    const answered = (groupId: string, errorCode: ErrorCode): void => {
      errors.set(groupId, errorCode)
      if (errors.size < new Set(body.groupsNames).size) return
      respond({
        results: [...errors].map(([name, code]) => ({ groupId: name, errorCode: code })),
      })
    }
    if (body.groupsNames.length === 0) respond({ results: [] })
    for (const groupId of new Set(body.groupsNames)) {
      const shard = this.shardOf(groupId)
      if (typeof shard === 'string') answered(groupId, shard)
      else shard.deleteGroup(groupId, (errorCode) => answered(groupId, errorCode))
    }
  }

  /** The marker that ends a transaction which has offsets in a partition of __consumer_offsets (rule T7). */
  completeTransaction(
    partition: number,
    marker: Parameters<GroupShard['classic']['offsets']['endTransaction']>[0],
    respond: (errorCode: ErrorCode) => void,
  ): void {
    const shard = this.shards.get(partition)
    this.changed()
    if (shard === undefined) respond('NOT_LEADER_OR_FOLLOWER')
    else shard.classic.offsets.endTransaction(marker, this.context.nowMillis, respond)
  }

  private partitionOf(groupId: string): number {
    return partitionFor(this.context, GROUP_METADATA_TOPIC, groupId)
  }

  private shardOf(groupId: string): GroupShard | ErrorCode {
    if (groupId === '') return 'INVALID_GROUP_ID'
    this.changed()
    return this.shards.get(this.partitionOf(groupId)) ?? 'NOT_COORDINATOR'
  }

  /** A classic member at a group of KIP-848 that has members. */
  private joinModern(
    { memberId, protocolType, protocols }: JoinGroupRequest,
    apiVersion: number,
  ): ReturnType<typeof joinError> {
    if (protocolType !== 'consumer' || protocols.length === 0)
      return joinError(memberId, 'INCONSISTENT_GROUP_PROTOCOL')
    if (memberId !== '' || apiVersion < KNOWN_MEMBER_ID_VERSION)
      return joinError(memberId, 'INCONSISTENT_GROUP_PROTOCOL')
    return joinError(this.context.host.newMemberId(), 'MEMBER_ID_REQUIRED')
  }
}

/** What a client is told that could not be verified: one that it knows (GroupCoordinatorService). */
function verificationErrorOf(error: ErrorCode): ErrorCode {
  return error === 'NETWORK_EXCEPTION' ? 'COORDINATOR_LOAD_IN_PROGRESS' : responseErrorOf(error)
}
