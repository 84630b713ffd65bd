import type { ErrorCode } from '../error-code.ts'
import type { MarkerChannel } from './marker.ts'
import type {
  AddPartitionsToTxnBatchRequest,
  AddPartitionsToTxnBatchResponse,
  AddPartitionsToTxnRequest,
  AddPartitionsToTxnResponse,
  AddPartitionsToTxnTransaction,
  TopicErrors,
} from './message.ts'
import type { PreparedTransition, TransactionMetadata } from './metadata.ts'
import { isPreparing } from './state.ts'
import type { TransactionStateManager } from './state-manager.ts'
import { containsAll, namesOf, type PartitionName, splitPartitionName } from './topic-partition.ts'
import { type TransactionVersion, versionForAddPartitionsToTxn } from './version.ts'

/** The one answer to a request. */
export type Answered = (error: ErrorCode) => void

type PartitionErrors = ReadonlyMap<PartitionName, ErrorCode>

/** Who asks, and for which transaction. */
interface Producer {
  readonly transactionalId: string
  readonly producerId: number
  readonly producerEpoch: number
}

/**
 * Adds partitions to transactions and verifies that they are in one (rule T3). Source: TransactionCoordinator and
 * KafkaApis.handleAddPartitionsToTxnRequest of Kafka 4.x.
 */
export class AddPartitions {
  private readonly manager: TransactionStateManager
  private readonly channel: MarkerChannel

  constructor(manager: TransactionStateManager, channel: MarkerChannel) {
    this.manager = manager
    this.channel = channel
  }

  /** Versions 0 to 3: one transaction of a client. */
  fromClient(
    request: AddPartitionsToTxnRequest,
    apiVersion: number,
    nowMillis: number,
    respond: (response: AddPartitionsToTxnResponse) => void,
  ): void {
    const partitions = namesOf(request.v3AndBelowTopics)
    const producer = {
      transactionalId: request.v3AndBelowTransactionalId,
      producerId: request.v3AndBelowProducerId,
      producerEpoch: request.v3AndBelowProducerEpoch,
    }
    const answer = (errors: PartitionErrors): void =>
      respond({ resultsByTopicV3AndBelow: topicErrors(errors) })
    const missing = this.missing(partitions)
    const version = versionForAddPartitionsToTxn(apiVersion)
    if (missing !== undefined) answer(missing)
    else
      this.add(producer, partitions, version, nowMillis, (error) => {
        const told = apiVersion < 2 && error === 'PRODUCER_FENCED' ? 'INVALID_PRODUCER_EPOCH' : error
        answer(forAll(partitions, told))
      })
  }

  /** Version 4 and above: answered when every transaction of the batch is. */
  fromBroker(
    { transactions }: AddPartitionsToTxnBatchRequest,
    nowMillis: number,
    respond: (response: AddPartitionsToTxnBatchResponse) => void,
  ): void {
    const results: { transactionalId: string; topicResults: TopicErrors[] }[] = []
    for (const transaction of transactions) {
      const { transactionalId } = transaction
      const answer = (errors: PartitionErrors): void => {
        results.push({ transactionalId, topicResults: topicErrors(errors) })
        if (results.length === transactions.length)
          respond({ errorCode: 'NONE', resultsByTransaction: results })
      }
      this.oneOf(transaction, nowMillis, answer)
    }
  }

  /** Adds partitions; the answer comes when they are in the log. */
  add(
    producer: Producer,
    partitions: readonly PartitionName[],
    version: TransactionVersion,
    nowMillis: number,
    answered: Answered,
  ): void {
    const { transactionalId } = producer
    const owned = transactionalId === '' ? 'INVALID_REQUEST' : this.manager.lookUp(transactionalId)
    if (typeof owned === 'object') {
      const outcome = prepareAdd(owned.metadata, producer, partitions, version, nowMillis)
      if (typeof outcome === 'string') answered(outcome)
      else this.manager.append(transactionalId, owned.coordinatorEpoch, outcome, nowMillis, answered)
    } else answered(owned ?? 'INVALID_PRODUCER_ID_MAPPING')
  }

  private oneOf(
    { topics, verifyOnly, ...producer }: AddPartitionsToTxnTransaction,
    nowMillis: number,
    answer: (errors: PartitionErrors) => void,
  ): void {
    const partitions = namesOf(topics)
    const missing = this.missing(partitions)
    if (missing !== undefined) answer(missing)
    else if (verifyOnly) answer(this.verify(producer, partitions))
    else this.add(producer, partitions, 2, nowMillis, (error) => answer(forAll(partitions, error)))
  }

  /** Which partitions are in the transaction. A transition that is pending does not matter: the append decides. */
  private verify(
    { transactionalId, producerId, producerEpoch }: Producer,
    partitions: readonly PartitionName[],
  ): PartitionErrors {
    if (transactionalId === '') return forAll(partitions, 'INVALID_REQUEST')
    const owned = this.manager.lookUp(transactionalId)
    if (typeof owned !== 'object') return forAll(partitions, owned ?? 'INVALID_PRODUCER_ID_MAPPING')
    const { metadata } = owned
    if (metadata.producerId !== producerId) return forAll(partitions, 'INVALID_PRODUCER_ID_MAPPING')
    if (metadata.producerEpoch !== producerEpoch) return forAll(partitions, 'PRODUCER_FENCED')
    if (isPreparing(metadata.state)) return forAll(partitions, 'CONCURRENT_TRANSACTIONS')
    return new Map(
      partitions.map((name) => [name, metadata.topicPartitions.has(name) ? 'NONE' : 'TRANSACTION_ABORTABLE']),
    )
  }

  /** If a partition does not exist none is added. */
  private missing(partitions: readonly PartitionName[]): PartitionErrors | undefined {
    if (partitions.every((name) => this.channel.leaderOf(name) !== undefined)) return undefined
    return new Map(
      partitions.map((name) => [
        name,
        this.channel.leaderOf(name) === undefined ? 'UNKNOWN_TOPIC_OR_PARTITION' : 'OPERATION_NOT_ATTEMPTED',
      ]),
    )
  }
}

function prepareAdd(
  metadata: TransactionMetadata,
  { producerId, producerEpoch }: Producer,
  partitions: readonly PartitionName[],
  version: TransactionVersion,
  nowMillis: number,
): PreparedTransition {
  if (metadata.pendingState !== undefined) return 'CONCURRENT_TRANSACTIONS'
  if (metadata.producerId !== producerId) return 'INVALID_PRODUCER_ID_MAPPING'
  if (metadata.producerEpoch !== producerEpoch) return 'PRODUCER_FENCED'
  if (isPreparing(metadata.state)) return 'CONCURRENT_TRANSACTIONS'
  if (metadata.state === 'Ongoing' && containsAll(metadata.topicPartitions, partitions)) return 'NONE'
  return metadata.prepareAddPartitions(partitions, nowMillis, version)
}

function forAll(partitions: readonly PartitionName[], error: ErrorCode): PartitionErrors {
  return new Map(partitions.map((name) => [name, error]))
}

function topicErrors(errors: PartitionErrors): TopicErrors[] {
  const topics = new Map<string, TopicErrors['resultsByPartition'][number][]>()
  for (const [name, partitionErrorCode] of errors) {
    const { topic, partition } = splitPartitionName(name)
    const results = topics.get(topic) ?? []
    results.push({ partitionIndex: partition, partitionErrorCode })
    topics.set(topic, results)
  }
  return [...topics].map(([name, resultsByPartition]) => ({ name, resultsByPartition }))
}
