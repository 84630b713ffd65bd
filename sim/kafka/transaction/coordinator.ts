import { coordinatorPartition } from '../coordinator/coordinator-partition.ts'
import type { ErrorCode } from '../error-code.ts'
import { AddPartitions } from './add-partitions.ts'
import { TRANSACTION_SWITCHES, type TransactionConfig, type TransactionSwitches } from './config.ts'
import { decideEndTxn, type EndTxn, type NextProducerId, prepareCompletion } from './end-txn.ts'
import { decideInitProducerId, newTransaction } from './init-producer-id.ts'
import { describeTransaction, listTransactions } from './inspection.ts'
import type { TransactionLog, TransactionLogEntry } from './log.ts'
import { type MarkerChannel, TransactionMarkerSender } from './marker.ts'
import type {
  AddOffsetsToTxnRequest,
  AddOffsetsToTxnResponse,
  AddPartitionsToTxnBatchRequest,
  AddPartitionsToTxnBatchResponse,
  AddPartitionsToTxnRequest,
  AddPartitionsToTxnResponse,
  DescribedTransaction,
  EndTxnRequest,
  EndTxnResponse,
  InitProducerIdRequest,
  InitProducerIdResponse,
  ListTransactionsRequest,
  ListTransactionsResponse,
} from './message.ts'
import {
  NO_PRODUCER_EPOCH,
  NO_PRODUCER_ID,
  type TransactionMetadata,
  type TxnTransitMetadata,
} from './metadata.ts'
import { Scans } from './scan.ts'
import { TransactionStateManager } from './state-manager.ts'
import { partitionName } from './topic-partition.ts'
import { supportsEpochBump, versionForEndTxn } from './version.ts'

/** What a transaction coordinator uses of the broker that it runs in. */
export interface TransactionCoordinatorPorts {
  readonly log: TransactionLog
  readonly markers: MarkerChannel
  /** Gives a new producer id; a `ProducerIdManager`. */
  readonly nextProducerId: NextProducerId
}

type Answered = (errorCode: ErrorCode, producerId: number, producerEpoch: number) => void

/**
 * The transaction coordinator of a broker: transactional ids whose partition of __transaction_state the broker leads
 * (rules T1-T7). Source: TransactionCoordinator of Kafka 4.3, and the handlers of KafkaApis; authorization and two-phase
 * commit are out of scope.
 */
export class TransactionCoordinator {
  readonly manager: TransactionStateManager
  readonly markers: TransactionMarkerSender
  private readonly config: TransactionConfig
  private readonly switches: TransactionSwitches
  private readonly nextProducerId: NextProducerId
  private readonly addPartitions: AddPartitions
  private readonly scans: Scans
  private active = false

  constructor(
    config: TransactionConfig,
    ports: TransactionCoordinatorPorts,
    switches: TransactionSwitches = TRANSACTION_SWITCHES,
  ) {
    this.config = config
    this.switches = switches
    this.nextProducerId = ports.nextProducerId
    this.manager = new TransactionStateManager(config, ports.log)
    this.markers = new TransactionMarkerSender(this.manager, ports.markers)
    this.addPartitions = new AddPartitions(this.manager, ports.markers)
    this.scans = new Scans(this.manager)
  }

  /** The broker is up; scans happen at multiples of their periods from here. */
  startUp(nowMillis: number): void {
    this.active = true
    this.scans.start(nowMillis)
  }

  /** The broker leads a partition of __transaction_state from now on; until `onLoaded` its ids are being loaded. */
  onElection(partition: number, coordinatorEpoch: number): void {
    this.markers.removeMarkers(partition)
    this.manager.startLoading(partition, coordinatorEpoch)
  }

  /** The log of a partition has been read: transactions whose outcome is decided get their markers (again). */
  onLoaded(
    partition: number,
    coordinatorEpoch: number,
    entries: Iterable<TransactionLogEntry>,
    nowMillis: number,
  ): void {
    for (const pending of this.manager.finishLoading(partition, coordinatorEpoch, entries, nowMillis))
      this.markers.send(coordinatorEpoch, pending.committed, pending.metadata, pending.transit, nowMillis)
  }

  /** The broker no longer leads a partition; without an epoch because its replica is gone. */
  onResignation(partition: number, coordinatorEpoch?: number): void {
    this.manager.remove(partition, coordinatorEpoch)
    this.markers.removeMarkers(partition)
  }

  /** Leaders of partitions may have changed. */
  onMetadataChanged(nowMillis: number): void {
    this.markers.metadataChanged(nowMillis)
  }

  /** InitProducerId (rule T2). A second producer of a transactional id fences the first and aborts what it began. */
  handleInitProducerId(
    request: InitProducerIdRequest,
    apiVersion: number,
    nowMillis: number,
    respond: (response: InitProducerIdResponse) => void,
  ): void {
    const answered: Answered = (error, producerId, producerEpoch) =>
      respond({ errorCode: fencedFor(apiVersion >= 4, error), producerId, producerEpoch })
    const invalid = this.invalid(request)
    if (invalid !== undefined) refuse(answered, invalid)
    else if (request.transactionalId === null) {
      const next = this.nextProducerId(nowMillis)
      if (typeof next === 'string') refuse(answered, next)
      else answered('NONE', next, 0)
    } else this.initProducerId(request.transactionalId, request, nowMillis, answered)
  }

  /** AddPartitionsToTxn of versions 0 to 3, from clients (rule T3). */
  handleAddPartitionsToTxn(
    request: AddPartitionsToTxnRequest,
    apiVersion: number,
    nowMillis: number,
    respond: (response: AddPartitionsToTxnResponse) => void,
  ): void {
    this.addPartitions.fromClient(request, apiVersion, nowMillis, respond)
  }

  /** AddPartitionsToTxn of version 4 and above, from brokers: several transactions, to add to or only to verify. */
  handleAddPartitionsToTxnBatch(
    request: AddPartitionsToTxnBatchRequest,
    nowMillis: number,
    respond: (response: AddPartitionsToTxnBatchResponse) => void,
  ): void {
    this.addPartitions.fromBroker(request, nowMillis, respond)
  }

  /** AddOffsetsToTxn: adds the partition of __consumer_offsets of a group. Clients of version 2 do not send it. */
  handleAddOffsetsToTxn(
    request: AddOffsetsToTxnRequest,
    apiVersion: number,
    nowMillis: number,
    respond: (response: AddOffsetsToTxnResponse) => void,
  ): void {
    const index = coordinatorPartition(request.groupId, this.config['offsets.topic.num.partitions'])
    const partitions = [partitionName('__consumer_offsets', index)]
    this.addPartitions.add(request, partitions, 0, nowMillis, (error) =>
      respond({ errorCode: fencedFor(apiVersion >= 2, error) }),
    )
  }

  /** EndTxn (rule T4). The answer comes when the outcome is in the log, before the markers are written. */
  handleEndTxn(
    request: EndTxnRequest,
    apiVersion: number,
    nowMillis: number,
    respond: (response: EndTxnResponse) => void,
  ): void {
    const { transactionalId, producerId, producerEpoch, committed } = request
    const version = versionForEndTxn(apiVersion)
    const answered: Answered = (error, nextId, nextEpoch) =>
      respond({ errorCode: fencedFor(apiVersion >= 2, error), producerId: nextId, producerEpoch: nextEpoch })
    const owned = transactionalId === '' ? 'INVALID_REQUEST' : this.manager.lookUp(transactionalId)
    const endTxn = { producerId, producerEpoch, committed, fromClient: true, version }
    if (typeof owned === 'object') this.endTransaction(owned.metadata, endTxn, nowMillis, answered)
    else refuse(answered, owned ?? 'INVALID_PRODUCER_ID_MAPPING')
  }

  /** DescribeTransactions, one transactional id of it. */
  describe(transactionalId: string): DescribedTransaction {
    return describeTransaction(this.manager, this.active, transactionalId)
  }

  /** ListTransactions. */
  list(request: ListTransactionsRequest, nowMillis: number): ListTransactionsResponse {
    return listTransactions(this.manager, this.active, request, nowMillis)
  }

  /** When a transaction times out, a transactional id expires, or markers are sent again; Infinity if never. */
  nextDeadlineMillis(): number {
    return Math.min(this.scans.nextDeadlineMillis(), this.markers.nextDeadlineMillis())
  }

  /** The part of `nextDeadlineMillis` for which somebody waits: all but the expiry of transactional ids. */
  workDeadlineMillis(): number {
    return Math.min(this.scans.nextTimeOutMillis(), this.markers.nextDeadlineMillis())
  }

  housekeepingDeadlineMillis(): number {
    return this.scans.nextExpiryMillis()
  }

  /** Does what has become due, in order of deadline. */
  advance(nowMillis: number): void {
    for (let due = this.nextDeadlineMillis(); due <= nowMillis; due = this.nextDeadlineMillis()) {
      if (this.markers.nextDeadlineMillis() <= due) this.markers.flush(due)
      if (this.scans.nextDeadlineMillis() > due) continue
      this.scans.passed(due)
      for (const { metadata } of this.manager.timedOut(due)) this.abortTimedOut(metadata, due)
      this.manager.removeExpired(due)
    }
  }

  /** A transaction took longer than its time-out: fences its producer and aborts (rule T6). */
  private abortTimedOut(metadata: TransactionMetadata, nowMillis: number): void {
    const aborted = this.switches.timeoutBumpsEpoch ? metadata.prepareFenceProducerEpoch() : metadata
    this.abort(metadata, aborted, nowMillis, () => {})
  }

  private abort(
    metadata: TransactionMetadata,
    { producerId, producerEpoch }: Pick<TxnTransitMetadata, 'producerId' | 'producerEpoch'>,
    nowMillis: number,
    answered: Answered,
  ): void {
    const version = this.config['transaction.version']
    const endTxn = { producerId, producerEpoch, committed: false, fromClient: false, version }
    this.endTransaction(metadata, endTxn, nowMillis, answered)
  }

  private invalid({
    transactionalId,
    transactionTimeoutMs,
    producerId,
    producerEpoch,
  }: InitProducerIdRequest): ErrorCode | undefined {
    if ((producerId === NO_PRODUCER_ID) !== (producerEpoch === NO_PRODUCER_EPOCH)) return 'INVALID_REQUEST'
    if (transactionalId === null) return undefined
    if (transactionalId === '') return 'INVALID_REQUEST'
    if (transactionTimeoutMs > 0 && transactionTimeoutMs <= this.config['transaction.max.timeout.ms'])
      return undefined
    return 'INVALID_TRANSACTION_TIMEOUT'
  }

  private initProducerId(
    transactionalId: string,
    request: InitProducerIdRequest,
    nowMillis: number,
    answered: Answered,
  ): void {
    const metadata = this.getOrCreate(transactionalId, request.transactionTimeoutMs, nowMillis)
    if (typeof metadata === 'string') {
      refuse(answered, metadata)
      return
    }
    const outcome = decideInitProducerId(metadata, request, this.nextProducerId, nowMillis)
    if (typeof outcome === 'string') refuse(answered, outcome)
    else if (outcome.txnState === 'PrepareEpochFence')
      this.abort(metadata, outcome, nowMillis, (error) =>
        refuse(answered, error === 'NONE' ? 'CONCURRENT_TRANSACTIONS' : error),
      )
    else
      this.append(metadata, outcome, nowMillis, (error) => {
        if (error === 'NONE') answered(error, outcome.producerId, outcome.producerEpoch)
        else refuse(answered, error)
      })
  }

  private endTransaction(
    metadata: TransactionMetadata,
    endTxn: EndTxn,
    nowMillis: number,
    answered: Answered,
  ): void {
    const { outcome, bumpedInMemory } = decideEndTxn(metadata, endTxn, this.nextProducerId, nowMillis)
    const bumps = supportsEpochBump(endTxn.version)
    if (outcome === 'NONE' && bumps) answered(outcome, metadata.producerId, metadata.producerEpoch)
    else if (typeof outcome === 'string') refuse(answered, outcome)
    else
      this.append(metadata, outcome, nowMillis, (error, atMillis, coordinatorEpoch) => {
        if (error === 'NONE') this.decided(metadata, endTxn, coordinatorEpoch, atMillis, answered)
        else {
          if (bumpedInMemory && this.owns(metadata, coordinatorEpoch)) metadata.hasFailedEpochFence = true
          refuse(answered, error)
        }
      })
  }

  /** The outcome of a transaction is in the log: answers, then has the markers written. */
  private decided(
    metadata: TransactionMetadata,
    endTxn: EndTxn,
    coordinatorEpoch: number,
    nowMillis: number,
    answered: Answered,
  ): void {
    const completion = prepareCompletion(metadata, endTxn, nowMillis)
    if (typeof completion === 'string') refuse(answered, completion)
    else {
      if (supportsEpochBump(endTxn.version)) answered('NONE', completion.producerId, completion.producerEpoch)
      else refuse(answered, 'NONE')
      this.markers.send(coordinatorEpoch, endTxn.committed, metadata, completion, nowMillis)
    }
  }

  private append(
    metadata: TransactionMetadata,
    transit: TxnTransitMetadata,
    nowMillis: number,
    done: (error: ErrorCode, atMillis: number, coordinatorEpoch: number) => void,
  ): void {
    const { transactionalId } = metadata
    const owned = this.manager.lookUp(transactionalId)
    const coordinatorEpoch = typeof owned === 'object' ? owned.coordinatorEpoch : -1
    this.manager.append(transactionalId, coordinatorEpoch, transit, nowMillis, (error, atMillis) =>
      done(error, atMillis, coordinatorEpoch),
    )
  }

  private owns({ transactionalId }: TransactionMetadata, coordinatorEpoch: number): boolean {
    const owned = this.manager.lookUp(transactionalId)
    return typeof owned === 'object' && owned.coordinatorEpoch === coordinatorEpoch
  }

  private getOrCreate(
    transactionalId: string,
    transactionTimeoutMs: number,
    nowMillis: number,
  ): TransactionMetadata | ErrorCode {
    const partition = this.manager.partitionOf(transactionalId)
    if (typeof partition === 'string') return partition
    const known = partition.transactions.get(transactionalId)
    if (known !== undefined) return known
    const producerId = this.nextProducerId(nowMillis)
    if (typeof producerId === 'string') return producerId
    const created = newTransaction(transactionalId, producerId, transactionTimeoutMs, nowMillis)
    partition.transactions.set(transactionalId, created)
    return created
  }
}

/** PRODUCER_FENCED as clients that know it hear of it, INVALID_PRODUCER_EPOCH for older ones. */
function fencedFor(known: boolean, error: ErrorCode): ErrorCode {
  return error === 'PRODUCER_FENCED' && !known ? 'INVALID_PRODUCER_EPOCH' : error
}

/** Answers without a producer id, as all refusals do. */
function refuse(answered: Answered, error: ErrorCode): void {
  answered(error, NO_PRODUCER_ID, NO_PRODUCER_EPOCH)
}
