import type { ErrorCode } from '../error-code.ts'
import type { ClassicMember } from './classic-member.ts'
import type { ClassicRebalance } from './classic-rebalance.ts'
import { responseErrorOf, type Write } from './group-log.ts'

/** The leader's assignments on their way to the log. */
export class AssignmentWrite implements Write {
  private readonly rebalance: ClassicRebalance
  private readonly generationId: number
  private readonly assignments: ReadonlyMap<string, unknown>

  constructor(rebalance: ClassicRebalance, assignments: ReadonlyMap<string, unknown>) {
    this.rebalance = rebalance
    this.generationId = rebalance.group.generationId
    this.assignments = assignments
  }

  committed(nowMillis: number): void {
    if (this.isCurrent) this.rebalance.assign(this.assignments, nowMillis)
  }

  failed(errorCode: ErrorCode, nowMillis: number): void {
    if (!this.isCurrent) return
    this.rebalance.failSyncs(responseErrorOf(errorCode), nowMillis)
    this.rebalance.prepareOrComplete(nowMillis)
  }

  private get isCurrent(): boolean {
    const { group } = this.rebalance
    return group.state === 'CompletingRebalance' && group.generationId === this.generationId
  }
}

/** A static member's new id on its way to the log, while the group stays as it is (rule G10). */
export class ReplacementWrite implements Write {
  private readonly rebalance: ClassicRebalance
  private readonly old: ClassicMember
  private readonly member: ClassicMember
  private readonly formerLeader: string
  private readonly canSkipAssignment: boolean

  constructor(
    rebalance: ClassicRebalance,
    old: ClassicMember,
    member: ClassicMember,
    formerLeader: string,
    canSkipAssignment: boolean,
  ) {
    this.rebalance = rebalance
    this.old = old
    this.member = member
    this.formerLeader = formerLeader
    this.canSkipAssignment = canSkipAssignment
  }

  committed(): void {
    const { rebalance, member } = this
    const isLeader = this.canSkipAssignment && rebalance.group.leaderId === member.memberId
    const response = rebalance.joined(member, isLeader)
    rebalance.answerJoin(
      member,
      this.canSkipAssignment
        ? { ...response, skipAssignment: isLeader }
        : { ...response, leader: this.formerLeader },
    )
  }

  /** The old member id counts again. */
  failed(errorCode: ErrorCode, nowMillis: number): void {
    const { rebalance, member, old } = this
    const response = { ...rebalance.joined(member, false), memberId: '', leader: this.formerLeader }
    rebalance.answerJoin(member, { ...response, errorCode: responseErrorOf(errorCode) })
    if (rebalance.group.members.get(member.memberId) !== member) return
    rebalance.replaceStatic(member, old, nowMillis)
  }
}
