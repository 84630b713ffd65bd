import type { TopicPartition } from '../assignor/subscription.ts'
import type { ClientObserver } from '../client-observer.ts'
import type { KafkaCluster } from '../cluster.ts'
import type { ConsumerClient, PolledRecord } from '../consumer-client.ts'
import type {
  OffsetCommitRequest,
  OffsetCommitResponse,
  OffsetFetchRequest,
  OffsetFetchResponse,
  TxnOffsetCommitRequest,
} from '../coordinator/offset-message.ts'
import { ClientHistory } from '../oracle/history-client.ts'
import type {
  Operation,
  Outcome,
  PartitionOffset,
  PollOperation,
  SendOperation,
  TransactionOperation,
} from '../oracle/history-operation.ts'
import type { ProducerRecord, SendListener } from '../producer/record.ts'
import type { ProducerClient } from '../producer-client.ts'
import type { ApiRequest, Channel } from '../protocol/api.ts'
import type { ProducerError } from '../transaction/client-error.ts'
import type { GroupMetadata, Offsets } from '../transaction/client-request.ts'
import { type PartitionName, partitionName, splitPartitionName } from '../transaction/topic-partition.ts'
import { WatchedChannel } from '../watched-channel.ts'
import { GroupWatch, memberName } from './group-watch.ts'
import { ReaderSkips } from './reader-skips.ts'

/** When an operation was begun, and the trace id of what was happening. */
export interface Moment {
  readonly atMicros: number
  readonly cause: number
}

/** A history that knows when its operations were begun. */
export class WatchedHistory extends ClientHistory {
  readonly isolationLevel: 'read_committed' | 'read_uncommitted'
  private readonly moments: Moment[] = []
  private readonly cluster: KafkaCluster

  constructor(cluster: KafkaCluster, isolationLevel: WatchedHistory['isolationLevel']) {
    super()
    this.cluster = cluster
    this.isolationLevel = isolationLevel
  }

  momentOf(operation: number): Moment {
    return this.moments[operation] as Moment
  }

  protected override push<Recorded extends Operation>(operation: Recorded): Recorded {
    const { nowMicros: atMicros, cause } = this.cluster.kernel
    this.moments.push({ atMicros, cause })
    return super.push(operation)
  }
}

/** A transaction that has begun, in each history. */
interface OpenTransaction {
  readonly operations: readonly TransactionOperation[]
  readonly offsets: { readonly group: string; readonly partition: PartitionName; readonly offset: number }[]
}

/**
 * Tells the history of a cluster's clients, for `checkClientHistory`, `checkVisibility` and `checkGroups`: one as those at
 * read_committed see it, and one of those at read_uncommitted. A record is known by its object, or by the one that it is a copy
 * of (its batch was split), so that what an application says twice is no duplicate. Each record is a poll of its own, which
 * belongs to the transaction that commits its offset.
 */
export class ClientWatch implements ClientObserver {
  readonly histories: readonly [WatchedHistory, WatchedHistory]
  /** By the numbers that are their values in the histories. */
  readonly records: ProducerRecord[] = []
  /** Of each client of a history that is a producer. */
  readonly producers = new Map<string, ProducerClient>()
  private readonly cluster: KafkaCluster
  private readonly groups: GroupWatch
  private readonly values = new Map<object, number>()
  private readonly names = new Map<ProducerClient, string>()
  private readonly held = new Map<ConsumerClient, Set<PartitionName>>()
  private readonly historyOfGroup = new Map<string, WatchedHistory>()
  private readonly open = new Map<ProducerClient, OpenTransaction>()
  /** What was polled and belongs to no transaction, by group and partition. */
  private readonly unbound = new Map<string, PollOperation[]>()
  private readonly skips = new ReaderSkips()

  /** @param cluster that has not been started, and has no clients */
  constructor(cluster: KafkaCluster) {
    this.cluster = cluster
    this.histories = [
      new WatchedHistory(cluster, 'read_committed'),
      new WatchedHistory(cluster, 'read_uncommitted'),
    ]
    this.groups = new GroupWatch(cluster, (group) => this.historyOf(group))
    cluster.clientObserver = this
  }

  /** Whether nobody had to read a record: it may be deleted, or every group that read there was sent past it. */
  isExpired(partition: PartitionName, offset: number): boolean {
    return this.skips.isSkipped(partition, offset) || this.isDeleted(partition, offset)
  }

  /** Whether some consumer of a history that is alive has read a partition to its end. */
  isDrained(history: WatchedHistory, partition: PartitionName): boolean {
    const place = splitPartitionName(partition)
    const leader = this.cluster.controller.controller.metadata.partition(place.topic, place.partition)?.leader
    const leading = this.cluster.nodes.get(leader ?? -1)?.broker
    const log = leading?.replicas.get(place.topic, place.partition)?.log
    if (log === undefined) return false
    for (const [consumer, held] of this.held) {
      if (!consumer.alive || !held.has(partition) || this.historyOfMember(consumer) !== history) continue
      if ((consumer.consumer.position(place) ?? -1) >= log.highWatermark) return true
    }
    return false
  }

  channelOf(client: ConsumerClient | ProducerClient, channel: Channel): Channel {
    return new WatchedChannel(channel, (request) => this.asked(client, request))
  }

  sending(producer: ProducerClient, listener: SendListener): SendListener {
    return new WatchedSend(this, producer, listener, this.open.get(producer)?.operations)
  }

  /** A record has its place in a batch. @returns the send in each history */
  appended(
    producer: ProducerClient,
    record: ProducerRecord,
    partition: number,
    transaction: readonly TransactionOperation[] | undefined,
  ): SendOperation[] {
    const name = this.nameOf(producer)
    const place = partitionName(record.topic, partition)
    const value = this.valueOf(record)
    return this.histories.map((history, at) => history.send(name, place, value, transaction?.[at]))
  }

  ended(sends: readonly SendOperation[], outcome: Outcome, offset: number): void {
    for (const [at, send] of sends.entries()) this.histories[at]?.sent(send, outcome, offset)
  }

  transactionBegun(producer: ProducerClient): void {
    const name = this.nameOf(producer)
    const operations = this.histories.map((history) => history.begin(name))
    this.open.set(producer, { operations, offsets: [] })
  }

  offsetsAdded(producer: ProducerClient, offsets: Offsets, { groupId: group }: GroupMetadata): void {
    const transaction = this.open.get(producer)
    for (const [partition, { committedOffset: offset }] of offsets)
      transaction?.offsets.push({ group, partition, offset })
  }

  transactionEnding(producer: ProducerClient): void {
    const { operations = [] } = this.open.get(producer) ?? {}
    for (const [at, operation] of operations.entries()) this.histories[at]?.ending(operation)
  }

  transactionEnded(producer: ProducerClient, isCommitted: boolean): void {
    const transaction = this.open.get(producer)
    if (transaction === undefined) return
    this.open.delete(producer)
    for (const [at, operation] of transaction.operations.entries())
      this.histories[at]?.ended(operation, isCommitted ? 'ok' : 'fail')
    if (isCommitted) this.bind(transaction)
  }

  polled(consumer: ConsumerClient, records: readonly PolledRecord[]): void {
    const { groupId } = consumer
    const history = this.historyOfMember(consumer)
    const name = memberOf(consumer)
    for (const { topic, partition: index, offset, record } of records) {
      const partition = partitionName(topic, index)
      const read = { partition, offset, value: this.valueOf(record) }
      const poll = history.poll(name, [read], groupId, history.isolationLevel)
      this.skips.read(groupId, partition, offset)
      const place = `${groupId} ${partition}`
      const unbound = this.unbound.get(place)
      if (unbound === undefined) this.unbound.set(place, [poll])
      else unbound.push(poll)
    }
  }

  assigned(
    consumer: ConsumerClient,
    change: 'assigned' | 'revoked',
    partitions: readonly TopicPartition[],
  ): void {
    let held = this.held.get(consumer)
    if (held === undefined) {
      held = new Set()
      this.held.set(consumer, held)
    }
    for (const { topic, partition } of partitions)
      if (change === 'assigned') held.add(partitionName(topic, partition))
      else held.delete(partitionName(topic, partition))
    const { groupId, generationId } = consumer.consumer.groupMetadata()
    const epoch = this.groups.epochOf(groupId, generationId)
    this.historyOfMember(consumer).assign(memberOf(consumer), [...held], groupId, epoch)
  }

  moved(
    consumer: ConsumerClient,
    { topic, partition: index }: TopicPartition,
    offset: number,
    reason: 'application' | 'reset',
  ): void {
    const partition = partitionName(topic, index)
    this.skips.moved(consumer.groupId, partition, offset)
    const history = this.historyOfMember(consumer)
    history.seek(memberOf(consumer), partition, offset, consumer.groupId, reason)
  }

  private isDeleted(partition: PartitionName, offset: number): boolean {
    const { topic, partition: index } = splitPartitionName(partition)
    for (const { broker } of this.cluster.nodes.values()) {
      const log = broker?.replicas.get(topic, index)?.log
      if (log !== undefined && (log.logStartOffset > offset || log.firstDirtyOffset !== undefined))
        return true
    }
    return false
  }

  private bind({ operations, offsets }: OpenTransaction): void {
    for (const { group, partition, offset } of offsets) {
      const place = `${group} ${partition}`
      const id = operations[this.historyOf(group) === this.histories[0] ? 0 : 1]?.id ?? -1
      const others: PollOperation[] = []
      for (const poll of this.unbound.get(place) ?? [])
        if ((poll.records[0]?.offset ?? offset) < offset) poll.transaction = id
        else others.push(poll)
      this.unbound.set(place, others)
    }
  }

  /** @returns who hears the answer; undefined if it is of no interest */
  private asked(
    client: ConsumerClient | ProducerClient,
    { api, body }: ApiRequest,
  ): ((response: unknown) => void) | undefined {
    switch (api) {
      case 'OffsetCommit':
        return this.committing(
          body as OffsetCommitRequest,
          (body as OffsetCommitRequest).generationIdOrMemberEpoch,
        )
      case 'TxnOffsetCommit':
        return this.committing(
          body as TxnOffsetCommitRequest,
          (body as TxnOffsetCommitRequest).generationId,
          this.open.get(client as ProducerClient),
        )
      case 'OffsetFetch':
        return this.fetching(body as OffsetFetchRequest)
      default:
        return undefined
    }
  }

  private committing(
    { groupId, memberId, topics }: Pick<OffsetCommitRequest, 'groupId' | 'memberId' | 'topics'>,
    epoch: number,
    transaction?: OpenTransaction,
  ): (response: unknown) => void {
    const history = this.historyOf(groupId)
    const operation = transaction?.operations[history === this.histories[0] ? 0 : 1]
    const name = memberName(groupId, memberId)
    const commit = history.commit(
      name,
      groupId,
      this.groups.epochOf(groupId, epoch),
      offsetsIn(topics),
      operation,
    )
    return (response) => {
      if (response === undefined) return
      const answers = (response as OffsetCommitResponse).topics.flatMap(({ partitions }) => partitions)
      history.committed(commit, answers.every(({ errorCode }) => errorCode === 'NONE') ? 'ok' : 'info')
    }
  }

  private fetching({ groupId, memberId }: OffsetFetchRequest): (response: unknown) => void {
    const history = this.historyOf(groupId)
    const fetch = history.fetchOffsets(memberName(groupId, memberId ?? ''), groupId)
    return (response) => {
      const { errorCode, topics } = (response ?? { errorCode: 'NETWORK_EXCEPTION' }) as OffsetFetchResponse
      if (errorCode === 'NONE') history.fetchedOffsets(fetch, offsetsIn(topics))
    }
  }

  private nameOf(producer: ProducerClient): string {
    let name = this.names.get(producer)
    if (name === undefined) {
      name = `producer ${this.names.size + 1} of ${producer.process.name}`
      this.names.set(producer, name)
      this.producers.set(name, producer)
    }
    return name
  }

  private valueOf(record: object): number {
    const sent = (record as ProducerRecord).copyOf ?? record
    let value = this.values.get(sent)
    if (value === undefined) {
      value = this.records.length
      this.values.set(sent, value)
      this.records.push(sent as ProducerRecord)
    }
    return value
  }

  private historyOfMember(consumer: ConsumerClient): WatchedHistory {
    const { groupId } = consumer
    let history = this.historyOfGroup.get(groupId)
    if (history === undefined) {
      const isolationLevel = consumer.consumer.config['isolation.level']
      history = this.histories[isolationLevel === 'read_committed' ? 0 : 1]
      this.historyOfGroup.set(groupId, history)
    }
    return history
  }

  private historyOf(group: string): WatchedHistory {
    return this.historyOfGroup.get(group) ?? this.histories[0]
  }
}

/** A consumer as histories name it. */
function memberOf({ groupId, consumer }: ConsumerClient): string {
  return memberName(groupId, consumer.groupMetadata().memberId)
}

function offsetsIn(
  topics: readonly {
    readonly name: string
    readonly partitions: readonly {
      readonly partitionIndex: number
      readonly committedOffset: number
      readonly errorCode?: string
    }[]
  }[],
): PartitionOffset[] {
  return topics.flatMap(({ name, partitions }) =>
    partitions
      .filter(({ errorCode = 'NONE' }) => errorCode === 'NONE')
      .map(({ partitionIndex, committedOffset: offset }) => ({
        partition: partitionName(name, partitionIndex),
        offset,
      })),
  )
}

/** A send of which histories are told. */
class WatchedSend implements SendListener {
  private readonly watch: ClientWatch
  private readonly producer: ProducerClient
  private readonly listener: SendListener
  private readonly transaction: readonly TransactionOperation[] | undefined
  private sends: readonly SendOperation[] = []

  constructor(
    watch: ClientWatch,
    producer: ProducerClient,
    listener: SendListener,
    transaction: WatchedSend['transaction'],
  ) {
    this.watch = watch
    this.producer = producer
    this.listener = listener
    this.transaction = transaction
  }

  appended(record: ProducerRecord, partition: number): void {
    this.sends = this.watch.appended(this.producer, record, partition, this.transaction)
    this.listener.appended?.(record, partition)
  }

  acknowledged(record: ProducerRecord, partition: number, offset: number, timestamp: number): void {
    const isKnown = this.producer.config.acks !== '0'
    this.watch.ended(this.sends, isKnown ? 'ok' : 'info', offset)
    this.listener.acknowledged(record, partition, offset, timestamp)
  }

  failed(record: ProducerRecord, error: ProducerError): void {
    this.watch.ended(this.sends, 'info', -1)
    this.listener.failed(record, error)
  }
}
