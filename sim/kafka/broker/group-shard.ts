import { Answer } from '../coordinator/answer.ts'
import { ConsumerGroupCoordinator } from '../coordinator/consumer-group-coordinator.ts'
import {
  type ConsumerGroupHeartbeatRequest,
  type ConsumerGroupHeartbeatResponse,
  type HeartbeatClient,
  refusal,
} from '../coordinator/consumer-group-heartbeat.ts'
import type { ConsumerGroupSnapshot } from '../coordinator/consumer-group-snapshot.ts'
import { GroupCoordinator } from '../coordinator/group-coordinator.ts'
import { type LogEntry, responseErrorOf } from '../coordinator/group-log.ts'
import type { ErrorCode } from '../error-code.ts'
import { brokerAssignors } from './assignors.ts'
import type { BrokerContext } from './context.ts'
import { groupEntries, ReplicatedGroupLog } from './group-log.ts'
import type { Replica } from './replica.ts'

const ASSIGNORS = brokerAssignors()
const NO_GROUPS: readonly never[] = []
/** What the log has of consumer groups where there are none: nobody writes to it. */
const NOTHING_WRITTEN = new Map<string, ConsumerGroupSnapshot>()

/**
 * The groups of one partition of __consumer_offsets, for as long as this broker leads it. Source: CoordinatorRuntime,
 * GroupCoordinatorShard.
 */
export class GroupShard {
  readonly log: ReplicatedGroupLog
  readonly classic: GroupCoordinator
  /** That of the groups of KIP-848, undefined while there has been none. */
  knownModern: ConsumerGroupCoordinator | undefined = undefined
  private readonly context: BrokerContext
  /** Consumer groups as the log has them. */
  private written = NOTHING_WRITTEN

  constructor(context: BrokerContext, replica: Replica) {
    this.context = context
    this.log = new ReplicatedGroupLog(context, replica)
    const { config, host, nowMillis } = context
    this.classic = new GroupCoordinator(
      {
        config,
        log: this.log,
        newMemberId: (prefix) => `${prefix}-${host.newMemberId()}`,
        subscribedTopics,
        otherGroups: {
          find: (groupId) => this.knownModern?.group(groupId),
          all: () => this.knownModern?.groups() ?? NO_GROUPS,
          remove: (groupId) => {
            if (typeof this.log.appendConsumerGroup(groupId, null) === 'number') this.forget(groupId)
          },
        },
      },
      nowMillis,
    )
    this.load(replica)
  }

  /** That of the groups of KIP-848; made when there is something to do for it. */
  get modern(): ConsumerGroupCoordinator {
    if (this.knownModern === undefined) {
      const { config, host, metadata } = this.context
      this.knownModern = new ConsumerGroupCoordinator({
        config,
        assignors: ASSIGNORS,
        topics: {
          partitionCount: (topic) => metadata.topics.get(topic)?.partitions.length,
          topicNames: () => metadata.topics.keys(),
        },
        newMemberId: () => host.newMemberId(),
      })
      this.written = new Map()
    }
    return this.knownModern
  }

  /** Handles ConsumerGroupHeartbeat: what it changes is written down before it is answered. */
  heartbeat(
    request: ConsumerGroupHeartbeatRequest,
    client: HeartbeatClient,
    respond: (response: ConsumerGroupHeartbeatResponse) => void,
  ): void {
    const { nowMillis } = this.context
    const { groupId } = request
    if (request.memberEpoch === 0) {
      const error = this.classic.replaceClassic(groupId, nowMillis)
      if (error !== 'NONE') {
        respond(refusal('GROUP_ID_NOT_FOUND', `Group ${groupId} is not a consumer group.`))
        return
      }
    }
    const response = this.modern.heartbeat(request, client, nowMillis)
    const error = this.keep(groupId)
    const failure = (code: ErrorCode) => refusal(responseErrorOf(code), '')
    if (error === 'NONE') this.log.whenCommitted(new Answer(response, failure, respond))
    else respond(failure(error))
  }

  /** Handles DeleteGroups of one group, whatever its type. */
  deleteGroup(groupId: string, respond: (errorCode: ErrorCode) => void): void {
    const { nowMillis } = this.context
    const group = this.knownModern?.group(groupId)
    if (group === undefined) {
      this.classic.deleteGroups([groupId], nowMillis, ([result]) => respond(result?.errorCode ?? 'NONE'))
      return
    }
    const errorCode = group.validateDelete()
    if (errorCode !== 'NONE') {
      respond(errorCode)
      return
    }
    this.classic.offsets.deleteAll(groupId, [])
    const result = this.log.appendConsumerGroup(groupId, null)
    if (typeof result === 'string') respond(responseErrorOf(result))
    else {
      this.forget(groupId)
      this.log.whenCommitted(new Answer<ErrorCode>('NONE', responseErrorOf, respond))
    }
  }

  /** A classic member comes to a group: it becomes a classic one if nobody is in it. @returns why it cannot */
  admitsClassic(groupId: string): boolean {
    const group = this.knownModern?.group(groupId)
    if (group === undefined) return true
    if (!group.isEmpty) return false
    if (typeof this.log.appendConsumerGroup(groupId, null) === 'number') this.forget(groupId)
    return true
  }

  workDeadlineMillis(): number {
    const modernMillis = this.knownModern?.nextDeadlineMillis() ?? Number.POSITIVE_INFINITY
    return Math.min(this.classic.workDeadlineMillis(), modernMillis)
  }

  advance(nowMillis: number): void {
    this.classic.advance(nowMillis)
    const { knownModern } = this
    if (knownModern === undefined || knownModern.nextDeadlineMillis() > nowMillis) return
    knownModern.advance(nowMillis)
    for (const { groupId } of [...knownModern.groups()]) this.keep(groupId)
  }

  /** The broker leads the partition no more. */
  resign(nowMillis: number): void {
    this.classic.unload(nowMillis)
    this.log.resign()
  }

  private load(replica: Replica): void {
    if (replica.log.isUntouched) return
    const { nowMillis } = this.context
    const entries: LogEntry[] = []
    const snapshots = new Map<string, ConsumerGroupSnapshot>()
    for (const entry of groupEntries(replica)) {
      if (!('consumerGroup' in entry)) entries.push(entry)
      else if (entry.value === null) snapshots.delete(entry.consumerGroup)
      else snapshots.set(entry.consumerGroup, entry.value)
    }
    for (const [groupId, snapshot] of snapshots) {
      this.modern.load(snapshot, nowMillis)
      this.written.set(groupId, snapshot)
    }
    this.classic.load(entries, nowMillis, replica.log.highWatermark)
  }

  /** Writes a consumer group down if it has changed; undoes the change if that fails. */
  private keep(groupId: string): ErrorCode {
    const snapshot = this.modern.snapshot(groupId)
    const before = this.written.get(groupId)
    if (snapshot === undefined || (before !== undefined && isSame(before, snapshot))) return 'NONE'
    const result = this.log.appendConsumerGroup(groupId, snapshot)
    if (typeof result === 'number') {
      this.written.set(groupId, snapshot)
      this.told(snapshot, before)
      return 'NONE'
    }
    if (before === undefined) this.modern.forget(groupId)
    else this.modern.load(before, this.context.nowMillis)
    return result
  }

  private told(snapshot: ConsumerGroupSnapshot, before: ConsumerGroupSnapshot | undefined): void {
    if (snapshot.groupEpoch === before?.groupEpoch) return
    const clients = snapshot.members.map(({ clientId }) => clientId)
    this.context.host.observer?.groupChanged(snapshot.groupId, snapshot.groupEpoch, clients)
  }

  private forget(groupId: string): void {
    this.modern.forget(groupId)
    this.written.delete(groupId)
  }
}

function isSame(left: ConsumerGroupSnapshot, right: ConsumerGroupSnapshot): boolean {
  return (
    left.groupEpoch === right.groupEpoch &&
    left.assignmentEpoch === right.assignmentEpoch &&
    left.targets === right.targets &&
    left.topics === right.topics &&
    left.regexesResolvedAtMillis === right.regexesResolvedAtMillis &&
    left.members.length === right.members.length &&
    left.members.every((member, at) => member === right.members[at])
  )
}

/** The topics in what a consumer says of itself when it joins; undefined when it is no consumer's metadata. */
export function subscribedTopics(metadata: unknown): readonly string[] | undefined {
  if (metadata === null || typeof metadata !== 'object' || !('topics' in metadata)) return undefined
  return Array.isArray(metadata.topics) ? (metadata.topics as readonly string[]) : undefined
}
