import type { ErrorCode } from '../error-code.ts'
import {
  type CoordinatorApi,
  isRetriable,
  ProducerError,
  verdictOn,
  verdictOnOffsetCommit,
} from './client-error.ts'
import type {
  AddOffsetsToTxnRequest,
  AddOffsetsToTxnResponse,
  AddPartitionsToTxnRequest,
  AddPartitionsToTxnResponse,
  CommittedOffset,
  EndTxnRequest,
  EndTxnResponse,
  FindCoordinatorRequest,
  FindCoordinatorResponse,
  InitProducerIdRequest,
  InitProducerIdResponse,
  TxnOffsetCommitRequest,
  TxnOffsetCommitResponse,
} from './message.ts'
import { NO_PRODUCER_ID } from './metadata.ts'
import { TransactionalResult } from './result.ts'
import type { ProducerIdAndEpoch } from './sequence.ts'
import { namesOf, type PartitionName, partitionName } from './topic-partition.ts'

export type CoordinatorType = 'TRANSACTION' | 'GROUP'

/** What the answers to transactional requests do to their producer. */
export interface RequestOwner {
  readonly retryBackoffMillis: number
  readonly hasPartitions: boolean
  fail(
    request: TransactionalRequest,
    severity: 'abortable' | 'abortable-with-bump' | 'fatal',
    error: ProducerError,
  ): void
  rediscover(type: CoordinatorType, key: string): void
  retry(request: TransactionalRequest): void
  initialized(producer: ProducerIdAndEpoch, isEpochBump: boolean): void
  partitionsAnswered(partitions: readonly PartitionName[]): void
  partitionsAdded(partitions: readonly PartitionName[]): void
  offsetsAdded(request: AddOffsetsToTxn): void
  offsetsCommitted(partition: PartitionName): void
  /** How many partitions of offsets are not committed; forgets them if the operation has failed. */
  pendingOffsets(hasFailed: boolean): number
  ended(producer: ProducerIdAndEpoch | undefined): void
  coordinatorFound(type: CoordinatorType, nodeId: number): void
}

/** How long to wait for the transaction before to be completed, before the first partition of a new one is added. */
const CONCURRENT_BACKOFF_MILLIS = 20

/** The order in which requests that wait are sent; ties in the order in which they came. */
const PRIORITY = {
  findCoordinator: 0,
  initProducerId: 1,
  addPartitionsOrOffsets: 2,
  endTxn: 3,
  epochBump: 4,
} as const

/** A request of a transactional producer, and what it does with the answer. Source: TxnRequestHandler of Kafka 4.x. */
export abstract class TransactionalRequest {
  abstract readonly api: CoordinatorApi | 'FindCoordinator' | 'TxnOffsetCommit'
  abstract readonly apiVersion: number
  abstract readonly priority: number
  abstract readonly data: unknown
  readonly result: TransactionalResult
  /** Coordinator that it goes to; undefined for any broker. */
  readonly coordinatorType: CoordinatorType | undefined
  readonly coordinatorKey: string
  readonly isEndTxn: boolean = false
  /** Sent before: it waits for `backoffMillis`. */
  isRetry = false
  backoffMillis: number
  protected readonly owner: RequestOwner

  constructor(
    owner: RequestOwner,
    result: TransactionalResult,
    coordinatorType: CoordinatorType | undefined,
    coordinatorKey: string,
  ) {
    this.owner = owner
    this.result = result
    this.coordinatorType = coordinatorType
    this.coordinatorKey = coordinatorKey
    this.backoffMillis = owner.retryBackoffMillis
  }

  /** Takes the answer, which is of the API's response type. */
  abstract handle(response: unknown): void

  /** What to do about an error of a transaction coordinator; true if there was none. */
  protected settle(api: CoordinatorApi, error: ErrorCode): boolean {
    const verdict = verdictOn(api, error)
    switch (verdict) {
      case 'done':
        return true
      case 'rediscover':
        this.owner.rediscover('TRANSACTION', this.coordinatorKey)
        this.owner.retry(this)
        break
      case 'retry':
        this.owner.retry(this)
        break
      case 'fenced':
        this.owner.fail(
          this,
          'fatal',
          new ProducerError('PRODUCER_FENCED', 'Another producer has taken over'),
        )
        break
      case 'fatal':
      case 'abortable':
      case 'abortable-with-bump':
        this.owner.fail(this, verdict, new ProducerError(error, `${api} failed with ${error}`))
        break
      case 'unexpected':
        this.unexpected(api, error)
    }
    return false
  }

  protected unexpected(api: string, error: ErrorCode): void {
    this.owner.fail(
      this,
      'fatal',
      new ProducerError('KAFKA_EXCEPTION', `Unexpected error of ${api}: ${error}`),
    )
  }
}

/** Offsets to commit within a transaction. */
export type Offsets = ReadonlyMap<PartitionName, CommittedOffset>

/** The group whose offsets are committed, as its consumer knows it (KIP-447). */
export interface GroupMetadata {
  readonly groupId: string
  readonly generationId: number
  readonly memberId: string
  readonly groupInstanceId: string | null
}

/** InitProducerId; as the bump of an epoch it comes after EndTxn. */
export class InitProducerId extends TransactionalRequest {
  override readonly api = 'InitProducerId'
  override readonly apiVersion = 5
  override readonly priority: number
  override readonly data: InitProducerIdRequest
  private readonly isEpochBump: boolean

  constructor(owner: RequestOwner, data: InitProducerIdRequest, isEpochBump: boolean) {
    const { transactionalId } = data
    const type = transactionalId === null ? undefined : 'TRANSACTION'
    super(owner, new TransactionalResult('InitProducerId'), type, transactionalId ?? '')
    this.data = data
    this.isEpochBump = isEpochBump
    this.priority = isEpochBump ? PRIORITY.epochBump : PRIORITY.initProducerId
  }

  override handle({ errorCode, producerId, producerEpoch }: InitProducerIdResponse): void {
    if (!this.settle(this.api, errorCode)) return
    this.owner.initialized({ producerId, epoch: producerEpoch }, this.isEpochBump)
    this.result.done()
  }
}

/** AddPartitionsToTxn, of transaction versions below 2. */
export class AddPartitionsToTxn extends TransactionalRequest {
  override readonly api = 'AddPartitionsToTxn'
  override readonly apiVersion = 3
  override readonly priority = PRIORITY.addPartitionsOrOffsets
  override readonly data: AddPartitionsToTxnRequest

  constructor(owner: RequestOwner, data: AddPartitionsToTxnRequest) {
    super(owner, new TransactionalResult('AddPartitionsToTxn'), 'TRANSACTION', data.v3AndBelowTransactionalId)
    this.data = data
  }

  override handle({ resultsByTopicV3AndBelow: topics }: AddPartitionsToTxnResponse): void {
    this.backoffMillis = this.owner.retryBackoffMillis
    let refused = false
    for (const { resultsByPartition } of topics)
      for (const { partitionErrorCode: error } of resultsByPartition) {
        // The transaction before is being completed: waiting long would only delay the first write.
        if (error === 'CONCURRENT_TRANSACTIONS' && !this.owner.hasPartitions)
          this.backoffMillis = Math.min(this.backoffMillis, CONCURRENT_BACKOFF_MILLIS)
        if (verdictOn(this.api, error) === 'unexpected') refused = true
        else if (!this.settle(this.api, error)) return
      }
    this.answered(refused)
  }

  private answered(refused: boolean): void {
    const partitions = namesOf(this.data.v3AndBelowTopics)
    this.owner.partitionsAnswered(partitions)
    if (refused) {
      const error = new ProducerError('KAFKA_EXCEPTION', 'Could not add partitions to transaction')
      this.owner.fail(this, 'abortable', error)
    } else {
      this.owner.partitionsAdded(partitions)
      this.result.done()
    }
  }
}

/** AddOffsetsToTxn, of transaction versions below 2; a TxnOffsetCommit follows. */
export class AddOffsetsToTxn extends TransactionalRequest {
  override readonly api = 'AddOffsetsToTxn'
  override readonly apiVersion = 4
  override readonly priority = PRIORITY.addPartitionsOrOffsets
  override readonly data: AddOffsetsToTxnRequest
  readonly offsets: Offsets
  readonly group: GroupMetadata

  constructor(owner: RequestOwner, data: AddOffsetsToTxnRequest, offsets: Offsets, group: GroupMetadata) {
    super(owner, new TransactionalResult('AddOffsetsToTxn'), 'TRANSACTION', data.transactionalId)
    this.data = data
    this.offsets = offsets
    this.group = group
  }

  override handle({ errorCode }: AddOffsetsToTxnResponse): void {
    if (this.settle(this.api, errorCode)) this.owner.offsetsAdded(this)
  }
}

/** TxnOffsetCommit, to the group's coordinator. */
export class TxnOffsetCommit extends TransactionalRequest {
  override readonly api = 'TxnOffsetCommit'
  override readonly apiVersion: number
  override readonly priority = PRIORITY.addPartitionsOrOffsets
  override readonly data: TxnOffsetCommitRequest

  constructor(
    owner: RequestOwner,
    result: TransactionalResult,
    data: TxnOffsetCommitRequest,
    apiVersion: number,
  ) {
    super(owner, result, 'GROUP', data.groupId)
    this.data = data
    this.apiVersion = apiVersion
  }

  override handle({ topics }: TxnOffsetCommitResponse): void {
    let rediscovered = false
    for (const { name, partitions } of topics)
      for (const { partitionIndex, errorCode } of partitions) {
        const verdict = verdictOnOffsetCommit(errorCode)
        if (verdict === 'done') this.owner.offsetsCommitted(partitionName(name, partitionIndex))
        else if (verdict === 'rediscover') {
          if (!rediscovered) this.owner.rediscover('GROUP', this.coordinatorKey)
          rediscovered = true
        } else if (verdict !== 'retry' && !this.result.isCompleted) this.refused(errorCode)
      }
    const pending = this.owner.pendingOffsets(this.result.isCompleted)
    if (this.result.isCompleted) return
    if (pending === 0) this.result.done()
    else this.owner.retry(this)
  }

  private refused(error: ErrorCode): void {
    switch (verdictOnOffsetCommit(error)) {
      case 'commit-failed': {
        const message = `The group's metadata do not match: ${error}`
        this.owner.fail(this, 'abortable', new ProducerError('COMMIT_FAILED', message))
        break
      }
      case 'abortable':
        this.owner.fail(this, 'abortable', new ProducerError(error, `TxnOffsetCommit failed with ${error}`))
        break
      case 'fenced':
        this.owner.fail(
          this,
          'fatal',
          new ProducerError('PRODUCER_FENCED', 'Another producer has taken over'),
        )
        break
      default:
        this.unexpected(this.api, error)
    }
  }
}

/** EndTxn. */
export class EndTxn extends TransactionalRequest {
  override readonly api = 'EndTxn'
  override readonly apiVersion: number
  override readonly priority = PRIORITY.endTxn
  override readonly data: EndTxnRequest
  override readonly isEndTxn = true

  constructor(owner: RequestOwner, data: EndTxnRequest, apiVersion: number) {
    super(owner, new TransactionalResult(`EndTxn(${data.committed})`), 'TRANSACTION', data.transactionalId)
    this.data = data
    this.apiVersion = apiVersion
  }

  override handle({ errorCode, producerId, producerEpoch }: EndTxnResponse): void {
    if (errorCode === 'TRANSACTION_ABORTABLE' && !this.data.committed) {
      // An abort that asked for an abort would go round for ever.
      const cause = new ProducerError(errorCode, 'EndTxn failed with TRANSACTION_ABORTABLE')
      const error = new ProducerError('KAFKA_EXCEPTION', 'Failed to abort transaction', cause)
      this.owner.fail(this, 'fatal', error)
    } else if (this.settle(this.api, errorCode)) {
      this.owner.ended(producerId === NO_PRODUCER_ID ? undefined : { producerId, epoch: producerEpoch })
      this.result.done()
    }
  }
}

/** FindCoordinator. */
export class FindCoordinator extends TransactionalRequest {
  override readonly api = 'FindCoordinator'
  override readonly apiVersion = 6
  override readonly priority = PRIORITY.findCoordinator
  override readonly data: FindCoordinatorRequest

  constructor(owner: RequestOwner, data: FindCoordinatorRequest) {
    super(owner, new TransactionalResult('FindCoordinator'), undefined, '')
    this.data = data
  }

  override handle({ errorCode, nodeId }: FindCoordinatorResponse): void {
    if (errorCode === 'NONE') {
      this.owner.coordinatorFound(this.data.keyType, nodeId)
      this.result.done()
    } else if (isRetriable(errorCode)) this.owner.retry(this)
    else if (errorCode === 'TRANSACTION_ABORTABLE')
      this.owner.fail(
        this,
        'abortable',
        new ProducerError(errorCode, `FindCoordinator failed with ${errorCode}`),
      )
    else this.unexpected(this.api, errorCode)
  }
}
