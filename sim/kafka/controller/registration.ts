import type { PartitionRegistration as ReplicaRegistration } from '../replication/message.ts'

/** In place of a broker id: nobody leads. */
export const NO_LEADER = -1

/** What the controller knows of one partition; replicas hear part of it. Source: PartitionRegistration. */
export interface PartitionRegistration extends ReplicaRegistration {
  /** Eligible leader replicas (KIP-966): they left the ISR below min.insync.replicas, and still have what is committed. */
  readonly elr: readonly number[]
  /** The last leader, while the partition has none and the ISR is empty. */
  readonly lastKnownElr: readonly number[]
  /** Replicas that a reassignment under way adds, and those that it will remove. */
  readonly addingReplicas: readonly number[]
  readonly removingReplicas: readonly number[]
}

/** What the controller knows of one broker. Source: BrokerRegistration. */
export interface BrokerRegistration {
  readonly brokerId: number
  /** The life of the broker: the offset of the metadata at which it was registered. */
  readonly brokerEpoch: number
  /** Chosen by the broker anew at each start. */
  readonly incarnationId: string
  readonly rack: string | undefined
  readonly fenced: boolean
  readonly inControlledShutdown: boolean
}

/** A change of a partition; what is undefined stays. Source: PartitionChangeRecord. */
export interface PartitionChange {
  /** Set, if only to what it is, it starts a new leader epoch. */
  readonly leader?: number | undefined
  readonly isr?: readonly number[] | undefined
  readonly leaderRecoveryState?: PartitionRegistration['leaderRecoveryState'] | undefined
  readonly replicas?: readonly number[] | undefined
  readonly addingReplicas?: readonly number[] | undefined
  readonly removingReplicas?: readonly number[] | undefined
  readonly elr?: readonly number[] | undefined
  readonly lastKnownElr?: readonly number[] | undefined
}

const NO_BROKERS: readonly number[] = []

/** A partition that nobody has led yet: the first in-sync replica does. */
export function newPartition(replicas: readonly number[], isr: readonly number[]): PartitionRegistration {
  return {
    replicas,
    isr,
    leader: isr[0] ?? NO_LEADER,
    leaderEpoch: 0,
    partitionEpoch: 0,
    leaderRecoveryState: 'RECOVERED',
    elr: NO_BROKERS,
    lastKnownElr: NO_BROKERS,
    addingReplicas: NO_BROKERS,
    removingReplicas: NO_BROKERS,
  }
}

/** The partition after a change: every change is a new partition epoch (rule C5). */
export function changed(partition: PartitionRegistration, change: PartitionChange): PartitionRegistration {
  return {
    replicas: change.replicas ?? partition.replicas,
    isr: change.isr ?? partition.isr,
    leader: change.leader ?? partition.leader,
    leaderEpoch: partition.leaderEpoch + (change.leader === undefined ? 0 : 1),
    partitionEpoch: partition.partitionEpoch + 1,
    leaderRecoveryState: change.leaderRecoveryState ?? partition.leaderRecoveryState,
    elr: change.elr ?? partition.elr,
    lastKnownElr: change.lastKnownElr ?? partition.lastKnownElr,
    addingReplicas: change.addingReplicas ?? partition.addingReplicas,
    removingReplicas: change.removingReplicas ?? partition.removingReplicas,
  }
}

/** Whether its first replica leads. */
export function hasPreferredLeader({ leader, replicas }: PartitionRegistration): boolean {
  return leader === replicas[0]
}

/** Whether two lists of brokers are the same, in the same order. */
export function sameBrokers(a: readonly number[], b: readonly number[]): boolean {
  return a.length === b.length && a.every((id, index) => id === b[index])
}
