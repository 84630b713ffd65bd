import type {
  BrokerHeartbeatRequest,
  BrokerHeartbeatResponse,
  BrokerRegistrationRequest,
  BrokerRegistrationResponse,
} from '../controller/controller.ts'
import type { Metadata } from '../controller/metadata.ts'
import type { ReassignmentResult } from '../controller/reassign.ts'
import type { TopicPartition } from '../controller/state.ts'
import type { CreatableTopic, CreatePartitionsTopic, TopicResult } from '../controller/topics.ts'
import type { ClassicGroup } from '../coordinator/classic-group.ts'
import type { ControlRecordType, RecordBatch } from '../log/batch.ts'
import type { Disk } from '../log/disk.ts'
import type { StoredLog } from '../log/recovery.ts'
import type { Channel } from '../protocol/api.ts'
import type { AlterPartitionRequest, AlterPartitionResponse } from '../replication/message.ts'
import type { AllocateProducerIdsResponse } from '../transaction/producer-id.ts'
import type { PartitionName } from '../transaction/topic-partition.ts'

interface Exchange<Request, Response> {
  readonly request: Request
  readonly response: Response
}

/** What a broker asks of the active controller; the last four come from clients, by way of the broker (ForwardingManager). */
export interface ControllerApis {
  readonly BrokerRegistration: Exchange<BrokerRegistrationRequest, BrokerRegistrationResponse>
  readonly BrokerHeartbeat: Exchange<BrokerHeartbeatRequest, BrokerHeartbeatResponse>
  readonly AlterPartition: Exchange<TopicPartition & AlterPartitionRequest, AlterPartitionResponse>
  readonly AllocateProducerIds: Exchange<
    { readonly brokerId: number; readonly brokerEpoch: number },
    AllocateProducerIdsResponse
  >
  readonly CreateTopics: Exchange<readonly CreatableTopic[], readonly TopicResult[]>
  readonly DeleteTopics: Exchange<readonly string[], readonly TopicResult[]>
  readonly CreatePartitions: Exchange<readonly CreatePartitionsTopic[], readonly TopicResult[]>
  readonly ElectLeaders: Exchange<
    {
      readonly electionType: 'PREFERRED' | 'UNCLEAN'
      readonly partitions: readonly TopicPartition[] | undefined
    },
    readonly ReassignmentResult[]
  >
}

export type ControllerApi = keyof ControllerApis

/** A request to the active controller. */
export interface ControllerRequest<Api extends ControllerApi = ControllerApi> {
  readonly api: Api
  readonly body: ControllerApis[Api]['request']
}

/** Hears how a request ended, once, and not before `send` has returned; undefined when no controller answered. */
export type ControllerAnswered<Api extends ControllerApi> = (
  response: ControllerApis[Api]['response'] | undefined,
  nowMillis: number,
) => void

/** How a broker reaches the active controller, whoever it is. */
export interface ControllerChannel {
  send<Api extends ControllerApi>(request: ControllerRequest<Api>, answered: ControllerAnswered<Api>): void
}

/** What a broker uses a connection to another broker for; each use has connections of its own, as in Kafka. */
export type ChannelUse =
  /** Fetches of followers: those wait at the leader for as long as there is nothing to copy. */
  | 'replication'
  /** WriteTxnMarkers. */
  | 'markers'
  /** AddPartitionsToTxn. */
  | 'verification'

/** Watches what a broker does; changes nothing. */
export interface BrokerObserver {
  /** A batch of a client is in the log of its leader, from an offset on. */
  appended(topic: string, partition: number, batch: RecordBatch, baseOffset: number): void
  /** The marker that ends a producer's transaction on a partition is in the log of its leader, at an offset. */
  transactionEnded(
    topic: string,
    partition: number,
    producerId: number,
    how: ControlRecordType,
    offset: number,
  ): void
  /** This broker leads a partition from now on. */
  leads(topic: string, partition: number): void
  /** What stands before an offset of a partition is in every in-sync replica: consumers may read it. */
  highWatermarkRaised(topic: string, partition: number, offset: number): void
  /** A group has a new generation (or epoch), with these clients as members. */
  groupChanged(groupId: string, generation: number, clientIds: readonly string[]): void
}

/** What a broker is given by whoever runs it. */
export interface BrokerHost {
  /**
   * To all brokers, for the last two uses this one included. Requests arrive although earlier ones are not answered yet;
   * a request says itself after which time it is given up, which for replication is never.
   */
  readonly channels: Readonly<Record<ChannelUse, Channel>>
  readonly controller: ControllerChannel
  readonly observer?: BrokerObserver
  /**
   * Fetches of consumers for which there is nothing wait without a time limit, and are answered with nothing when
   * `Broker.press` says that somebody waits behind them.
   */
  readonly parksFetches?: boolean
  /** The space that the broker's logs have, for the life of the broker; without limit unless given. */
  readonly disk?: Disk
  /** Makes up what comes after the prefix of a member id (in Kafka a UUID); never the same twice in a cluster. */
  newMemberId(): string
  /** Makes up the id of a life of a broker; never the same twice in a cluster. */
  newIncarnationId(): string
}

/** What a broker that is down has on its disk. */
export interface BrokerDisk {
  readonly logs: ReadonlyMap<string, StoredReplica>
  /** Broker epoch of a life that was shut down in order; -1 otherwise. */
  readonly cleanShutdownEpoch: number
}

/** A broker of a healthy cluster that has been up: registered, unfenced, and with everything that it copies. */
export interface StandingBroker {
  readonly brokerEpoch: number
  /** What it has heard, which is everything. */
  readonly metadata: Metadata
  /** What the logs hold that are not empty: replicated, and committed. */
  readonly contents: ReadonlyMap<PartitionName, readonly RecordBatch[]>
  /** The classic groups that are written down in them; those that others coordinate do not matter. */
  readonly groups: readonly ClassicGroup[]
}

/** The log of one partition on the disk, with the topic that it belongs to: one of the same name may have followed. */
export interface StoredReplica {
  readonly topic: string
  readonly topicId: number
  readonly partition: number
  readonly log: StoredLog
}

export const EMPTY_DISK: BrokerDisk = { logs: new Map(), cleanShutdownEpoch: -1 }
