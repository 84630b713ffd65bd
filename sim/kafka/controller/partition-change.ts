import type { LeaderRecoveryState } from '../replication/message.ts'
import { completed } from './reassignment.ts'
import { NO_LEADER, type PartitionChange, type PartitionRegistration, sameBrokers } from './registration.ts'

/**
 * How to look for a leader: among the in-sync replicas, the present leader first (`ONLINE`) or the first replica first
 * (`PREFERRED`), or if need be among all that are alive (`UNCLEAN`).
 */
export type Election = 'PREFERRED' | 'ONLINE' | 'UNCLEAN'

/** What is wanted of a partition; what is undefined is to stay. */
export interface PartitionTarget {
  readonly election?: Election | undefined
  readonly isr?: readonly number[] | undefined
  readonly replicas?: readonly number[] | undefined
  readonly addingReplicas?: readonly number[] | undefined
  readonly removingReplicas?: readonly number[] | undefined
  readonly leaderRecoveryState?: LeaderRecoveryState | undefined
  /** Brokers that may have lost what they had. */
  readonly uncleanShutdownReplicas?: readonly number[] | undefined
}

export interface PartitionChangeRules {
  /** Whether a broker is alive: registered, neither fenced nor shutting down (rule C1). */
  readonly isAcceptableLeader: (brokerId: number) => boolean
  /** min.insync.replicas, no more than there are replicas. */
  readonly minInsyncReplicas: number
  /** KIP-966. */
  readonly eligibleLeaderReplicas: boolean
}

export interface ElectionResult {
  readonly leader: number
  /** Committed records may be lost. */
  readonly unclean: boolean
}

type ListName = 'isr' | 'replicas' | 'addingReplicas' | 'removingReplicas' | 'elr' | 'lastKnownElr'

/** What is to become of a partition, while it is worked out. */
interface Draft {
  isr: readonly number[]
  elr: readonly number[]
  replicas: readonly number[]
  adding: readonly number[]
  removing: readonly number[]
}

/**
 * Who is to lead a partition (rules C1, C2). Source: PartitionChangeBuilder.electLeader, with the fix of KAFKA-19522: a
 * last known leader that is not alive is not elected.
 */
export function electLeader(
  partition: PartitionRegistration,
  target: PartitionTarget,
  rules: PartitionChangeRules,
): ElectionResult {
  return elect(partition, drafted(partition, target), target.election ?? 'ONLINE', rules)
}

/**
 * The change that brings a partition to where it is wanted, with an election if it needs one (rules C1 to C5). Source:
 * PartitionChangeBuilder. Out of scope: log directories (KIP-858) and the unclean recovery of KIP-966's second part.
 * @returns undefined if nothing changes
 */
export function partitionChange(
  partition: PartitionRegistration,
  target: PartitionTarget,
  rules: PartitionChangeRules,
): PartitionChange | undefined {
  const draft = drafted(partition, target)
  endReassignment(draft)
  if (rules.eligibleLeaderReplicas)
    keepEligible(partition, draft, target.uncleanShutdownReplicas ?? [], rules)

  const elected = elect(partition, draft, target.election ?? 'ONLINE', rules)
  let leader: number | undefined
  let uncleanIsr: readonly number[] | undefined
  let leaderRecoveryState = target.leaderRecoveryState ?? partition.leaderRecoveryState
  if (elected.leader !== partition.leader) {
    leader = elected.leader
    if (draft.elr.includes(leader)) {
      draft.isr = [leader]
      draft.elr = draft.elr.filter((id) => id !== leader)
    }
    if (elected.unclean) {
      uncleanIsr = [leader]
      leaderRecoveryState = 'RECOVERING'
    }
  } else if (!partition.replicas.every((id) => draft.replicas.includes(id))) {
    leader = partition.leader
  }
  if (uncleanIsr !== undefined || !rules.eligibleLeaderReplicas) draft.elr = []

  const isr = uncleanIsr ?? (draft.isr.length > 0 || rules.eligibleLeaderReplicas ? draft.isr : partition.isr)
  return difference(partition, {
    leader,
    isr,
    leaderRecoveryState,
    replicas: draft.replicas.length > 0 ? draft.replicas : partition.replicas,
    addingReplicas: draft.adding,
    removingReplicas: draft.removing,
    elr: draft.elr,
    lastKnownElr: lastKnownLeader(partition, isr, leader, rules),
  })
}

function drafted(partition: PartitionRegistration, target: PartitionTarget): Draft {
  return {
    isr: target.isr ?? partition.isr,
    elr: partition.elr,
    replicas: target.replicas ?? partition.replicas,
    adding: target.addingReplicas ?? partition.addingReplicas,
    removing: target.removingReplicas ?? partition.removingReplicas,
  }
}

function endReassignment(draft: Draft): void {
  const end = completed(draft, draft.isr)
  if (end === undefined) return
  draft.isr = end.isr
  draft.replicas = end.replicas
  draft.adding = []
  draft.removing = []
}

/** Below min.insync.replicas, who leaves the ISR stays eligible: nothing more is committed (rule C4). */
function keepEligible(
  partition: PartitionRegistration,
  draft: Draft,
  unclean: readonly number[],
  { minInsyncReplicas }: PartitionChangeRules,
): void {
  if (draft.isr.length >= minInsyncReplicas) {
    draft.elr = []
    return
  }
  const candidates = new Set([...draft.elr, ...partition.isr])
  draft.elr = [...candidates]
    .filter((id) => !draft.isr.includes(id) && !unclean.includes(id))
    .sort((left, right) => left - right)
}

function elect(
  partition: PartitionRegistration,
  { isr, elr, replicas }: Draft,
  election: Election,
  { isAcceptableLeader, eligibleLeaderReplicas }: PartitionChangeRules,
): ElectionResult {
  const isValid = (id: number) =>
    (isr.includes(id) || (isr.length === 0 && elr.includes(id))) && isAcceptableLeader(id)
  const preferred = election === 'PREFERRED' ? replicas[0] : undefined
  const candidates = preferred === undefined ? [partition.leader] : [preferred, partition.leader]
  const clean = candidates.find(isValid) ?? replicas.find(isValid)
  if (clean !== undefined) return { leader: clean, unclean: false }

  const [last, ...others] = partition.lastKnownElr
  const isLastKnown = eligibleLeaderReplicas && isr.length === 0 && elr.length === 0 && others.length === 0
  if (isLastKnown && last !== undefined && isAcceptableLeader(last)) return { leader: last, unclean: true }

  const alive = election === 'UNCLEAN' ? replicas.find(isAcceptableLeader) : undefined
  return alive === undefined ? { leader: NO_LEADER, unclean: false } : { leader: alive, unclean: true }
}

/** The last leader is remembered when the ISR becomes empty, and forgotten when there is a leader. */
function lastKnownLeader(
  { isr: before, leader: led, lastKnownElr }: PartitionRegistration,
  isr: readonly number[],
  leader: number | undefined,
  { eligibleLeaderReplicas }: PartitionChangeRules,
): readonly number[] {
  if (!eligibleLeaderReplicas) return lastKnownElr
  const emptied = isr.length === 0 && before.length > 0
  if (emptied && (lastKnownElr.length !== 1 || lastKnownElr[0] !== led)) return [led]
  return (leader ?? led) === NO_LEADER ? lastKnownElr : []
}

function difference(
  partition: PartitionRegistration,
  next: Omit<PartitionRegistration, 'leader' | 'leaderEpoch' | 'partitionEpoch'> & {
    readonly leader: number | undefined
  },
): PartitionChange | undefined {
  const list = (name: ListName) => (sameBrokers(next[name], partition[name]) ? undefined : next[name])
  const change: PartitionChange = {
    leader: next.leader,
    isr: list('isr'),
    leaderRecoveryState:
      next.leaderRecoveryState === partition.leaderRecoveryState ? undefined : next.leaderRecoveryState,
    replicas: list('replicas'),
    addingReplicas: list('addingReplicas'),
    removingReplicas: list('removingReplicas'),
    elr: list('elr'),
    lastKnownElr: list('lastKnownElr'),
  }
  return Object.values(change).every((value) => value === undefined) ? undefined : change
}
