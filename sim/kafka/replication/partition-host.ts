import type { ReplicationConfig, ReplicationSwitches } from './config.ts'
import type { AlterPartitionRequest, AlterPartitionResponse } from './message.ts'
import type { Partition } from './partition.ts'

/** What a replica needs to know of the cluster, and whom it tells what. */
export interface PartitionHost {
  readonly brokerId: number
  /** The life of this broker. */
  readonly brokerEpoch: number
  readonly config: ReplicationConfig
  readonly switches: ReplicationSwitches
  /** min.insync.replicas of the topic. */
  readonly minInsyncReplicas: number
  /** Broker epoch of a broker that may join an ISR (neither fenced nor shutting down), as far as this broker has heard; undefined for others. */
  eligibleBrokerEpoch(brokerId: number): number | undefined
  /** Sends AlterPartition to the controller. */
  alterPartition(
    request: AlterPartitionRequest,
    respond: (response: AlterPartitionResponse, nowMillis: number) => void,
  ): void
  /** The high watermark has risen: delayed produce and fetch requests may be done. */
  highWatermarkRaised(partition: Partition, nowMillis: number): void
}
