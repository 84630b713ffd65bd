import { invariant } from '../../kernel/error.ts'
import type { Deadline } from './deadlines.ts'
import type { PersistedMember } from './group-log.ts'
import type {
  DescribedGroupMember,
  JoinGroupProtocol,
  JoinGroupResponse,
  Respond,
  SyncGroupResponse,
} from './group-message.ts'

/** What a member says of itself when it joins. */
export interface MemberDetails {
  readonly memberId: string
  readonly groupInstanceId: string | null
  readonly clientId: string
  readonly clientHost: string
  readonly rebalanceTimeoutMs: number
  readonly sessionTimeoutMs: number
  readonly protocolType: string
  readonly protocols: readonly JoinGroupProtocol[]
  readonly assignment: unknown
}

/** A member of a classic group. Source: ClassicGroupMember of Apache Kafka. */
export class ClassicMember {
  readonly memberId: string
  readonly groupInstanceId: string | null
  readonly clientId: string
  readonly clientHost: string
  readonly protocolType: string
  rebalanceTimeoutMs: number
  sessionTimeoutMs: number
  /** In the order of the member's preference. */
  protocols: readonly JoinGroupProtocol[]
  /** Null is the empty assignment. */
  assignment: unknown
  /** Has not completed a join phase yet, so that its parked JoinGroup may run out. */
  isNew = false
  /** Its JoinGroup waits for the end of the join phase. */
  awaitingJoin: Respond<JoinGroupResponse> | undefined
  /** Its SyncGroup waits for the leader's. */
  awaitingSync: Respond<SyncGroupResponse> | undefined
  /** When its session runs out. */
  session: Deadline | undefined
  /** Its heartbeats are routine, so that its session cannot run out. */
  isSuspended = false

  constructor(details: MemberDetails) {
    this.memberId = details.memberId
    this.groupInstanceId = details.groupInstanceId
    this.clientId = details.clientId
    this.clientHost = details.clientHost
    this.protocolType = details.protocolType
    this.rebalanceTimeoutMs = details.rebalanceTimeoutMs
    this.sessionTimeoutMs = details.sessionTimeoutMs
    this.protocols = details.protocols
    this.assignment = details.assignment
    this.awaitingJoin = undefined
    this.awaitingSync = undefined
    this.session = undefined
  }

  /** Whether it may be silent: a member that waits for the coordinator cannot be late, unless it is new. */
  get hasSatisfiedHeartbeat(): boolean {
    return !this.isNew && (this.awaitingJoin !== undefined || this.awaitingSync !== undefined)
  }

  /** What it said about itself in a protocol. */
  metadata(protocolName: string | null): unknown {
    const protocol = this.protocols.find(({ name }) => name === protocolName)
    invariant(protocol !== undefined, `member ${this.memberId} does not support protocol ${protocolName}`)
    return protocol.metadata
  }

  /** The first of its protocols among the candidates. */
  vote(candidates: ReadonlySet<string>): string {
    const protocol = this.protocols.find(({ name }) => candidates.has(name))
    invariant(protocol !== undefined, `member ${this.memberId} supports none of the candidate protocols`)
    return protocol.name
  }

  /** Whether it offers these protocols, in this order and with this metadata. */
  matches(
    protocols: readonly JoinGroupProtocol[],
    sameMetadata: (left: unknown, right: unknown) => boolean,
  ): boolean {
    if (protocols === this.protocols) return true
    return (
      protocols.length === this.protocols.length &&
      this.protocols.every((own, index) => {
        const other = protocols[index] as JoinGroupProtocol
        return own.name === other.name && sameMetadata(own.metadata, other.metadata)
      })
    )
  }

  /** As it is persisted. */
  persisted(protocolName: string | null, assignment: unknown): PersistedMember {
    const { memberId, groupInstanceId, clientId, clientHost } = this
    return {
      memberId,
      groupInstanceId,
      clientId,
      clientHost,
      rebalanceTimeout: this.rebalanceTimeoutMs,
      sessionTimeout: this.sessionTimeoutMs,
      subscription: this.metadata(protocolName),
      assignment,
    }
  }

  /** As DescribeGroups shows it. @param protocolName null when the group is not stable */
  described(protocolName: string | null): DescribedGroupMember {
    const { memberId, groupInstanceId, clientId, clientHost, assignment } = this
    const memberMetadata = protocolName === null ? null : this.metadata(protocolName)
    return { memberId, groupInstanceId, clientId, clientHost, memberMetadata, memberAssignment: assignment }
  }
}
