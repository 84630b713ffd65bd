import { CLIENT_ASSIGNORS, type ClientAssignor } from './assignor/client-assignor.ts'
import {
  type ConsumerProtocolSubscription,
  DEFAULT_GENERATION,
  type GroupAssignment,
} from './assignor/subscription.ts'
import { groupBatch } from './broker/group-log.ts'
import { subscribedTopics } from './broker/group-shard.ts'
import { CLIENT_HOST } from './broker/groups.ts'
import type { JoinOffer } from './consumer/stable-member.ts'
import { ClassicGroup, CONSUMER_PROTOCOL_TYPE } from './coordinator/classic-group.ts'
import { ClassicMember } from './coordinator/classic-member.ts'
import type { GroupMetadataValue } from './coordinator/group-log.ts'
import type { JoinGroupProtocol } from './coordinator/group-message.ts'
import type { RecordBatch } from './log/batch.ts'

/** A consumer that is to be a member. */
export interface Joiner {
  readonly memberId: string
  readonly clientId: string
  readonly offer: JoinOffer
}

/** Who comes to form a group, and what there is for them. */
export interface Gathering {
  readonly groupId: string
  /** At least one; the first leads. */
  readonly joiners: readonly Joiner[]
  /** Of the topics that there are. */
  readonly partitionCounts: ReadonlyMap<string, number>
  readonly nowMillis: number
}

/** What becomes of a gathering: plain data that nobody changes. */
export interface Formation {
  /** As its coordinator writes it down: when the first member comes, and with the assignment. */
  readonly batches: readonly RecordBatch[]
  /** The last of what is written down. */
  readonly value: GroupMetadataValue
  /** Topics that some member reads, in the order in which they are named. */
  readonly topics: readonly string[]
  /** By member id. */
  readonly assignments: GroupAssignment
}

/** Gatherings kept at once: a page, or a suite, may see many systems. */
const MOST_FORMATIONS = 1_000

/**
 * By the member id of who leads, since the groups of one system form alike in nearly every run. A formation follows from
 * its gathering alone, all of which is compared, so that keeping it cannot influence a run.
 */
const known = new Map<string, { readonly gathering: Gathering; readonly formation: Formation }>()

/**
 * What comes of it when some consumers form a group by JoinGroup and SyncGroup, all of them within
 * group.initial.rebalance.delay.ms.
 */
export function formationOf(gathering: Gathering): Formation {
  const { joiners } = gathering
  const leader = joiners[0] as Joiner
  const last = known.get(leader.memberId)
  if (last !== undefined && isSame(last.gathering, gathering, last.formation)) return last.formation
  const formation = formed(gathering)
  const chosen = formation.value.members.map(
    ({ subscription }) => subscription as ConsumerProtocolSubscription,
  )
  if (!chosen.every(isNew)) return formation
  if (known.size >= MOST_FORMATIONS) known.clear()
  known.set(leader.memberId, { gathering, formation })
  return formation
}

/** The group itself, stable in its first generation. */
export function groupOf({ groupId, joiners }: Gathering, { value, assignments }: Formation): ClassicGroup {
  const group = ClassicGroup.loaded(groupId, value, subscribedTopics)
  for (const joiner of joiners) {
    const member = memberOf(joiner)
    member.assignment = assignments.get(member.memberId) ?? null
    group.add(member)
  }
  group.refreshSubscribedTopics()
  return group
}

function formed({ groupId, joiners, partitionCounts, nowMillis }: Gathering): Formation {
  const group = new ClassicGroup(groupId, nowMillis, subscribedTopics)
  const empty = group.persisted(null)
  group.transitionTo('PreparingRebalance', nowMillis)
  for (const joiner of joiners) group.add(memberOf(joiner))
  group.initNextGeneration(nowMillis)
  const members = group.joinResponseMembers().map(({ memberId, groupInstanceId, metadata }) => ({
    memberId,
    groupInstanceId,
    metadata: metadata as ConsumerProtocolSubscription,
  }))
  const topics = [...new Set(members.flatMap(({ metadata }) => metadata.topics))]
  const counts = new Map(topics.map((topic) => [topic, partitionCounts.get(topic) ?? 0]))
  const assignor = CLIENT_ASSIGNORS.get(group.protocolName ?? '') as ClientAssignor
  const assignments = assignor.assign(counts, members, group.leaderId ?? '')
  const value = group.persisted(assignments)
  const batches = [empty, value].map((written) => groupBatch(groupId, written, nowMillis))
  return { batches, value, topics, assignments }
}

function memberOf({ memberId, clientId, offer }: Joiner): ClassicMember {
  const { sessionTimeoutMs, rebalanceTimeoutMs, groupInstanceId, protocols } = offer
  return new ClassicMember({
    memberId,
    groupInstanceId,
    clientId,
    clientHost: CLIENT_HOST,
    rebalanceTimeoutMs,
    sessionTimeoutMs,
    protocolType: CONSUMER_PROTOCOL_TYPE,
    protocols,
    assignment: null,
  })
}

/** Whether one forms as the other has, in which all members were new. */
function isSame(one: Gathering, other: Gathering, { value, topics }: Formation): boolean {
  if (one.groupId !== other.groupId || one.nowMillis !== other.nowMillis) return false
  if (one.joiners.length !== other.joiners.length) return false
  for (let at = 0; at < one.joiners.length; at++)
    if (!isSameJoiner(one.joiners[at] as Joiner, other.joiners[at] as Joiner, value.protocol)) return false
  for (const topic of topics)
    if (one.partitionCounts.get(topic) !== other.partitionCounts.get(topic)) return false
  return true
}

/** @param protocol the one that is chosen: of the others nothing counts but their names */
function isSameJoiner(one: Joiner, other: Joiner, protocol: string | null): boolean {
  const { sessionTimeoutMs, rebalanceTimeoutMs, groupInstanceId, protocols } = other.offer
  if (
    one.memberId !== other.memberId ||
    one.clientId !== other.clientId ||
    one.offer.sessionTimeoutMs !== sessionTimeoutMs ||
    one.offer.rebalanceTimeoutMs !== rebalanceTimeoutMs ||
    one.offer.groupInstanceId !== groupInstanceId ||
    one.offer.protocols.length !== protocols.length
  )
    return false
  for (let at = 0; at < protocols.length; at++) {
    const { name, metadata } = protocols[at] as JoinGroupProtocol
    const before = one.offer.protocols[at] as JoinGroupProtocol
    if (name !== before.name || (name === protocol && !isSameSubscription(before.metadata, metadata)))
      return false
  }
  return true
}

/** @param one of a member that is new */
function isSameSubscription(one: unknown, other: unknown): boolean {
  const { topics } = one as ConsumerProtocolSubscription
  const { topics: others } = other as ConsumerProtocolSubscription
  if (!isNew(other as ConsumerProtocolSubscription) || topics.length !== others.length) return false
  for (let at = 0; at < topics.length; at++) if (topics[at] !== others[at]) return false
  return true
}

/** Whether a member says nothing of itself but what it subscribes to. */
function isNew({ userData, ownedPartitions, generationId }: ConsumerProtocolSubscription): boolean {
  return userData === null && ownedPartitions.length === 0 && generationId === DEFAULT_GENERATION
}
