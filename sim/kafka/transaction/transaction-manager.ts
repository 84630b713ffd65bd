import { ProducerEpochs } from './client-epoch.ts'
import { ProducerError } from './client-error.ts'
import {
  AddOffsetsToTxn,
  AddPartitionsToTxn,
  type CoordinatorType,
  EndTxn,
  FindCoordinator,
  type GroupMetadata,
  InitProducerId,
  type Offsets,
  type RequestOwner,
  type TransactionalRequest,
  TxnOffsetCommit,
} from './client-request.ts'
import type { CommittedOffset } from './message.ts'
import { NO_PRODUCER_ID } from './metadata.ts'
import { TransactionalResult } from './result.ts'
import { NO_PRODUCER, type ProducerIdAndEpoch } from './sequence.ts'
import { byTopic, type PartitionName, partitionName } from './topic-partition.ts'

const MAX_INT = 0x7fff_ffff

/** Producer configuration under Kafka's own names. */
export interface TransactionalProducerConfig {
  /** null: idempotent, without transactions. */
  readonly 'transactional.id': string | null
  readonly 'transaction.timeout.ms': number
  readonly 'retry.backoff.ms': number
}

/**
 * The transactions of a producer, and the sequences and epochs of an idempotent one: what may be sent, in which order,
 * what an error means. The application calls `initializeTransactions` to `beginAbort`; the sender takes `nextRequest`,
 * sends it and hands back the answer. Source: TransactionManager of Kafka 4.3; two-phase commit and authorization are
 * out of scope.
 */
export class TransactionManager extends ProducerEpochs implements RequestOwner {
  readonly retryBackoffMillis: number
  private readonly timeoutMillis: number
  private readonly requests: TransactionalRequest[] = []
  private readonly newPartitions = new Set<PartitionName>()
  private readonly pendingPartitions = new Set<PartitionName>()
  private readonly partitions = new Set<PartitionName>()
  private readonly offsets = new Map<PartitionName, CommittedOffset>()
  private readonly coordinators = new Map<CoordinatorType, number>()
  private inFlight: TransactionalRequest | undefined = undefined
  private transactionStarted = false

  constructor(config: TransactionalProducerConfig) {
    super(config['transactional.id'])
    this.timeoutMillis = config['transaction.timeout.ms']
    this.retryBackoffMillis = config['retry.backoff.ms']
  }

  get hasPartitionsToAdd(): boolean {
    return this.newPartitions.size > 0 || this.pendingPartitions.size > 0
  }

  get hasPartitions(): boolean {
    return this.partitions.size > 0
  }

  get hasPendingOffsetCommits(): boolean {
    return this.offsets.size > 0
  }

  get hasPendingRequests(): boolean {
    return this.requests.length > 0
  }

  get hasInFlightRequest(): boolean {
    return this.inFlight !== undefined
  }

  /** The application, initTransactions: gets a producer id, which fences older producers of the transactional id. */
  initializeTransactions(): TransactionalResult {
    this.failWithLastError()
    return this.once('INITIALIZING', 'initTransactions', () => {
      this.transitionTo('INITIALIZING')
      return this.initialize(NO_PRODUCER)
    })
  }

  /** The application, beginTransaction. */
  beginTransaction(): void {
    this.ensureMay('beginTransaction')
    this.transitionTo('IN_TRANSACTION')
  }

  /** The application, commitTransaction. */
  beginCommit(): TransactionalResult {
    return this.once('COMMITTING_TRANSACTION', 'commitTransaction', () => {
      this.failWithLastError()
      this.transitionTo('COMMITTING_TRANSACTION')
      return this.end(true)
    })
  }

  /** The application, abortTransaction; the only way on from an abortable error. */
  beginAbort(): TransactionalResult {
    return this.once('ABORTING_TRANSACTION', 'abortTransaction', () => {
      if (this.state !== 'ABORTABLE_ERROR') this.failWithLastError()
      this.transitionTo('ABORTING_TRANSACTION')
      this.newPartitions.clear()
      return this.end(false)
    })
  }

  /** The application, sendOffsetsToTransaction. Version 2 leaves it to the group coordinator to add the partition. */
  sendOffsetsToTransaction(offsets: Offsets, group: GroupMetadata): TransactionalResult {
    this.ensureMay('sendOffsetsToTransaction')
    if (this.state !== 'IN_TRANSACTION')
      throw new ProducerError('ILLEGAL_STATE', `Cannot send offsets while ${this.state}`)
    if (!this.isVersion2) {
      const data = { ...this.identity(), groupId: group.groupId }
      return this.enqueue(new AddOffsetsToTxn(this, data, offsets, group)).result
    }
    this.transactionStarted = true
    return this.enqueue(this.commitOf(new TransactionalResult('TxnOffsetCommit'), offsets, group)).result
  }

  /**
   * The application, before it hands over a record.
   * @throws if no record may be sent
   */
  ensureMaySend(): void {
    this.failWithLastError()
    this.throwIfPending('send')
    if (this.isTransactional && (!this.hasProducerId || this.state !== 'IN_TRANSACTION'))
      throw new ProducerError('ILLEGAL_STATE', `Cannot add a partition to a transaction while ${this.state}`)
  }

  /** The application, with each record that it sends. */
  maybeAddPartition(partition: PartitionName): void {
    this.ensureMaySend()
    if (!this.isTransactional) return
    if (this.isVersion2) {
      this.partitions.add(partition)
      this.transactionStarted = true
    } else if (!this.partitions.has(partition) && !this.isPartitionPendingAdd(partition))
      this.newPartitions.add(partition)
  }

  /** Whether a transaction holds a partition. */
  containsPartition(partition: PartitionName): boolean {
    return this.partitions.has(partition)
  }

  isPartitionPendingAdd(partition: PartitionName): boolean {
    return this.newPartitions.has(partition) || this.pendingPartitions.has(partition)
  }

  /** Whether batches of a partition may be sent. */
  isSendAllowed(partition: PartitionName): boolean {
    return this.state !== 'FATAL_ERROR' && (!this.isTransactional || this.partitions.has(partition))
  }

  /** Node of a coordinator; undefined while it is not known. */
  coordinator(type: CoordinatorType): number | undefined {
    return this.coordinators.get(type)
  }

  /** The next request to send, or undefined. EndTxn waits until all batches have been answered. */
  nextRequest(hasIncompleteBatches: boolean): TransactionalRequest | undefined {
    if (this.newPartitions.size > 0) this.enqueue(this.addPartitions())
    const next = this.requests[0]
    if (next === undefined || (next.isEndTxn && hasIncompleteBatches)) return undefined
    this.requests.shift()
    if (
      this.lastError !== undefined &&
      !(this.state === 'ABORTABLE_ERROR' && next.api === 'FindCoordinator')
    ) {
      next.result.fail(this.lastError)
      return undefined
    }
    if (!next.isEndTxn || this.transactionStarted) return next
    this.resetTransaction()
    next.result.done()
    return this.requests.shift()
  }

  /** The sender has sent a request; one is under way at a time. */
  sent(request: TransactionalRequest): void {
    this.inFlight = request
  }

  /**
   * The answer to a request, of the response type of its API; undefined when the connection broke.
   * @throws for an invalid transition, which also ends the producer
   */
  answered(request: TransactionalRequest, response: unknown): void {
    this.inSender = true
    try {
      if (request !== this.inFlight)
        this.fail(
          request,
          'fatal',
          new ProducerError('KAFKA_EXCEPTION', 'Detected more than one in-flight transactional request'),
        )
      else {
        this.inFlight = undefined
        if (response === undefined) this.lookUpAndRetry(request)
        else request.handle(response)
      }
    } finally {
      this.inSender = false
    }
  }

  /** The coordinator speaks no version that the request needs. */
  unsupported(request: TransactionalRequest): void {
    this.inFlight = undefined
    this.fail(request, 'fatal', new ProducerError('UNSUPPORTED_VERSION', `${request.api} is not supported`))
  }

  /** A request could not be sent, its coordinator not being known or not reachable. */
  lookUpAndRetry(request: TransactionalRequest): void {
    if (request.coordinatorType !== undefined)
      this.rediscover(request.coordinatorType, request.coordinatorKey)
    this.retry(request)
  }

  /** The producer is closed by force. */
  close(): void {
    const error = new ProducerError('KAFKA_EXCEPTION', 'The producer closed forcefully')
    for (const request of this.requests) this.fail(request, 'fatal', error)
    this.failPending(error)
  }

  /** The sender, before it sends: an idempotent producer bumps its epoch by itself, or asks for a producer id. */
  bumpEpochAndResetIdIfNeeded(): void {
    if (this.isTransactional) return
    if (this.epochBumpRequired) this.bumpEpoch()
    if (this.state === 'INITIALIZING' || this.hasProducerId) return
    this.transitionTo('INITIALIZING')
    this.initialize(NO_PRODUCER)
  }

  fail(
    request: TransactionalRequest,
    severity: 'abortable' | 'abortable-with-bump' | 'fatal',
    error: ProducerError,
  ): void {
    try {
      if (severity === 'fatal') this.transitionToFatalError(error)
      else if (severity === 'abortable') this.transitionToAbortableError(error)
      else this.transitionToAbortableOrFatalError(error, error)
    } finally {
      request.result.fail(error)
    }
  }

  rediscover(keyType: CoordinatorType, key: string): void {
    this.coordinators.delete(keyType)
    this.enqueue(new FindCoordinator(this, { keyType, key }))
  }

  retry(request: TransactionalRequest): void {
    request.isRetry = true
    this.enqueue(request)
  }

  initialized(producer: ProducerIdAndEpoch, isEpochBump: boolean): void {
    this.producer = producer
    this.transitionTo('READY')
    if (isEpochBump) this.sequences.reset()
  }

  partitionsAnswered(partitions: readonly PartitionName[]): void {
    for (const partition of partitions) this.pendingPartitions.delete(partition)
  }

  partitionsAdded(partitions: readonly PartitionName[]): void {
    for (const partition of partitions) this.partitions.add(partition)
    this.transactionStarted = true
  }

  offsetsAdded({ result, offsets, group }: AddOffsetsToTxn): void {
    this.enqueue(this.commitOf(result, offsets, group))
    this.transactionStarted = true
  }

  offsetsCommitted(partition: PartitionName): void {
    this.offsets.delete(partition)
  }

  pendingOffsets(hasFailed: boolean): number {
    if (hasFailed) this.offsets.clear()
    return this.offsets.size
  }

  ended(producer: ProducerIdAndEpoch | undefined): void {
    if (producer !== undefined) {
      this.producer = producer
      this.sequences.reset()
    }
    this.resetTransaction()
  }

  coordinatorFound(type: CoordinatorType, nodeId: number): void {
    this.coordinators.set(type, nodeId)
  }

  private initialize({ producerId, epoch }: ProducerIdAndEpoch): TransactionalResult {
    const { transactionalId } = this
    const transactionTimeoutMs = this.isTransactional ? this.timeoutMillis : MAX_INT
    const data = { transactionalId, transactionTimeoutMs, producerId, producerEpoch: epoch }
    return this.enqueue(new InitProducerId(this, data, producerId !== NO_PRODUCER_ID)).result
  }

  /** Ends the transaction in the version in which it began; the bump of the epoch, if one is needed, comes after. */
  private end(committed: boolean): TransactionalResult {
    if (this.newPartitions.size > 0) this.enqueue(this.addPartitions())
    const endTxn = new EndTxn(this, { ...this.identity(), committed }, this.isVersion2 ? 5 : 4)
    this.maybeUpdateVersion2(false)
    this.enqueue(endTxn)
    return this.epochBumpRequired ? this.initialize(this.producer) : endTxn.result
  }

  private identity(): { transactionalId: string; producerId: number; producerEpoch: number } {
    const { producerId, epoch } = this.producer
    return { transactionalId: this.transactionalId ?? '', producerId, producerEpoch: epoch }
  }

  private addPartitions(): AddPartitionsToTxn {
    for (const partition of this.newPartitions) this.pendingPartitions.add(partition)
    this.newPartitions.clear()
    const { transactionalId, producerId, producerEpoch } = this.identity()
    return new AddPartitionsToTxn(this, {
      v3AndBelowTransactionalId: transactionalId,
      v3AndBelowProducerId: producerId,
      v3AndBelowProducerEpoch: producerEpoch,
      v3AndBelowTopics: byTopic(this.pendingPartitions),
    })
  }

  private commitOf(result: TransactionalResult, offsets: Offsets, group: GroupMetadata): TxnOffsetCommit {
    for (const [partition, offset] of offsets) this.offsets.set(partition, offset)
    const topics = byTopic(this.offsets.keys()).map(({ name, partitions }) => ({
      name,
      partitions: partitions.map((partitionIndex) => ({
        partitionIndex,
        ...(this.offsets.get(partitionName(name, partitionIndex)) as CommittedOffset),
      })),
    }))
    const data = { ...this.identity(), ...group, topics }
    return new TxnOffsetCommit(this, result, data, this.isVersion2 ? 5 : 4)
  }

  private enqueue<R extends TransactionalRequest>(request: R): R {
    const after = this.requests.findIndex(({ priority }) => priority > request.priority)
    this.requests.splice(after < 0 ? this.requests.length : after, 0, request)
    return request
  }

  private resetTransaction(): void {
    this.transitionTo(this.epochBumpRequired ? 'INITIALIZING' : 'READY')
    this.epochBumpRequired = false
    this.transactionStarted = false
    this.newPartitions.clear()
    this.pendingPartitions.clear()
    this.partitions.clear()
  }
}
