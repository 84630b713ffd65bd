import type { ErrorCode } from '../error-code.ts'
import type { TransactionMetadata, TxnTransitMetadata } from './metadata.ts'
import type { TransactionStateManager } from './state-manager.ts'
import { byTopic, type PartitionName, partitionName } from './topic-partition.ts'
import type { TransactionVersion } from './version.ts'

/** NetworkClient's reconnect.backoff of this sender. */
const RECONNECT_BACKOFF_MILLIS = 50

export interface WriteTxnMarkersRequest {
  readonly markers: readonly {
    readonly producerId: number
    readonly producerEpoch: number
    /** true to commit. */
    readonly transactionResult: boolean
    readonly topics: readonly { readonly name: string; readonly partitionIndexes: readonly number[] }[]
    readonly coordinatorEpoch: number
    readonly transactionVersion: TransactionVersion
  }[]
}

export interface WriteTxnMarkersResponse {
  readonly markers: readonly {
    readonly producerId: number
    readonly topics: readonly {
      readonly name: string
      readonly partitions: readonly { readonly partitionIndex: number; readonly errorCode: ErrorCode }[]
    }[]
  }[]
}

/** How the coordinator reaches the leaders of partitions. */
export interface MarkerChannel {
  /** Broker that leads a partition; -1 if it has no leader now, undefined if there is no such partition. */
  leaderOf(partition: PartitionName): number | undefined
  /**
   * Sends a request. `respond` is called once, and not before this returns: undefined when the connection broke or
   * request.timeout.ms passed.
   */
  writeTxnMarkers(
    brokerId: number,
    request: WriteTxnMarkersRequest,
    respond: (response: WriteTxnMarkersResponse | undefined, nowMillis: number) => void,
  ): void
}

/** A transaction that will be complete when the markers of all its partitions are written. */
interface Completion {
  readonly coordinatorEpoch: number
  readonly metadata: TransactionMetadata
  readonly transit: TxnTransitMetadata
}

/** A marker for partitions that one broker leads. */
interface Marker {
  readonly completion: Completion
  readonly txnPartition: number
  readonly producerId: number
  readonly producerEpoch: number
  readonly committed: boolean
  readonly transactionVersion: TransactionVersion
  readonly partitions: readonly PartitionName[]
}

interface Destination {
  queue: Marker[]
  inFlight: boolean
  /** After a broken connection. */
  blockedUntilMillis: number
}

/**
 * Sends the markers of decided transactions to the leaders of their partitions until each is written, then writes
 * the completion (rules T4, T7). One request per broker is under way at a time and carries all that has gathered.
 * Source: TransactionMarkerChannelManager and TransactionMarkerRequestCompletionHandler of Kafka 4.x.
 */
export class TransactionMarkerSender {
  private readonly manager: TransactionStateManager
  private readonly channel: MarkerChannel
  private readonly destinations = new Map<number, Destination>()
  /** Markers for partitions without a leader. */
  private leaderless: Marker[] = []
  private readonly completions = new Map<string, Completion>()
  /** Completions that could not be written. */
  private unwritten: Completion[] = []
  private unwrittenUntilMillis = Number.POSITIVE_INFINITY

  constructor(manager: TransactionStateManager, channel: MarkerChannel) {
    this.manager = manager
    this.channel = channel
  }

  /** Transactions whose markers are not all written. */
  get pendingTransactions(): number {
    return this.completions.size
  }

  /** Sends the markers of a transaction that has just been decided, or loaded as decided. */
  send(
    coordinatorEpoch: number,
    committed: boolean,
    metadata: TransactionMetadata,
    transit: TxnTransitMetadata,
    nowMillis: number,
  ): void {
    const completion = { coordinatorEpoch, metadata, transit }
    this.completions.set(metadata.transactionalId, completion)
    this.enqueue(
      {
        completion,
        txnPartition: this.manager.partitionFor(metadata.transactionalId),
        producerId: metadata.producerId,
        producerEpoch: metadata.producerEpoch,
        committed,
        transactionVersion: metadata.clientTransactionVersion,
        partitions: [...metadata.topicPartitions],
      },
      nowMillis,
    )
    this.completeIfWritten(metadata.transactionalId, nowMillis)
    this.flush(nowMillis)
  }

  /** Partitions may have other leaders now: markers that wait for one are sent. */
  metadataChanged(nowMillis: number): void {
    const waiting = this.leaderless
    this.leaderless = []
    for (const marker of waiting) this.enqueue(marker, nowMillis)
    this.flush(nowMillis)
  }

  /** Drops the markers of a partition of __transaction_state that is loaded anew or given up. */
  removeMarkers(txnPartition: number): void {
    const drop = (marker: Marker): boolean => {
      if (marker.txnPartition !== txnPartition) return true
      this.cancel(marker.completion)
      return false
    }
    this.leaderless = this.leaderless.filter(drop)
    for (const destination of this.destinations.values()) destination.queue = destination.queue.filter(drop)
  }

  /** When something becomes due: a broken connection may be tried again, a completion written again. */
  nextDeadlineMillis(): number {
    let deadline = this.unwrittenUntilMillis
    // Nearly always: a table without entries makes an iterator all the same.
    if (this.destinations.size === 0) return deadline
    for (const { queue, inFlight, blockedUntilMillis } of this.destinations.values())
      if (queue.length > 0 && !inFlight) deadline = Math.min(deadline, blockedUntilMillis)
    return deadline
  }

  /** Sends what waits for no answer and no back-off, first the completions that could not be written. */
  flush(nowMillis: number): void {
    const unwritten = this.unwritten
    this.unwritten = []
    this.unwrittenUntilMillis = Number.POSITIVE_INFINITY
    for (const completion of unwritten) this.writeCompletion(completion, nowMillis)
    for (const [brokerId, destination] of this.destinations) {
      if (destination.queue.length === 0 || destination.inFlight) continue
      if (destination.blockedUntilMillis > nowMillis) continue
      const markers = destination.queue
      destination.queue = []
      destination.inFlight = true
      this.channel.writeTxnMarkers(brokerId, request(markers), (response, atMillis) => {
        destination.inFlight = false
        if (response === undefined) destination.blockedUntilMillis = atMillis + RECONNECT_BACKOFF_MILLIS
        for (const marker of markers) this.settle(marker, response, atMillis)
        this.flush(atMillis)
      })
    }
  }

  private enqueue(marker: Marker, nowMillis: number): void {
    const byLeader = new Map<number | undefined, PartitionName[]>()
    for (const partition of marker.partitions) {
      const leader = this.channel.leaderOf(partition)
      const others = byLeader.get(leader)
      if (others === undefined) byLeader.set(leader, [partition])
      else others.push(partition)
    }
    for (const [leader, partitions] of byLeader) {
      if (leader === undefined) this.skip(marker, partitions, nowMillis)
      else if (leader < 0) this.leaderless.push({ ...marker, partitions })
      else this.destination(leader).queue.push({ ...marker, partitions })
    }
  }

  private destination(brokerId: number): Destination {
    let destination = this.destinations.get(brokerId)
    if (destination === undefined) {
      destination = { queue: [], inFlight: false, blockedUntilMillis: Number.NEGATIVE_INFINITY }
      this.destinations.set(brokerId, destination)
    }
    return destination
  }

  /** Partitions that do not exist have been deleted: no marker is missing there. */
  private skip({ completion }: Marker, partitions: readonly PartitionName[], nowMillis: number): void {
    if (!this.isCurrent(completion)) {
      this.cancel(completion)
      return
    }
    for (const partition of partitions) completion.metadata.removePartition(partition)
    this.completeIfWritten(completion.metadata.transactionalId, nowMillis)
  }

  private isCurrent({ metadata, coordinatorEpoch }: Completion): boolean {
    const owned = this.manager.lookUp(metadata.transactionalId)
    return typeof owned === 'object' && owned.coordinatorEpoch === coordinatorEpoch
  }

  private settle(marker: Marker, response: WriteTxnMarkersResponse | undefined, nowMillis: number): void {
    const { completion } = marker
    if (!this.isCurrent(completion)) {
      this.cancel(completion)
      return
    }
    if (response === undefined) {
      this.enqueue(marker, nowMillis)
      return
    }
    const retried: PartitionName[] = []
    let cancelled = false
    for (const [partition, error] of errorsOf(response, marker.producerId)) {
      const verdict = verdictOn(error)
      if (verdict === 'written') completion.metadata.removePartition(partition)
      else if (verdict === 'retry') retried.push(partition)
      else cancelled = true
    }
    if (cancelled) this.cancel(completion)
    else if (retried.length > 0) this.enqueue({ ...marker, partitions: retried }, nowMillis)
    else this.completeIfWritten(completion.metadata.transactionalId, nowMillis)
  }

  private cancel(completion: Completion): void {
    const { transactionalId } = completion.metadata
    if (this.completions.get(transactionalId) === completion) this.completions.delete(transactionalId)
  }

  private completeIfWritten(transactionalId: string, nowMillis: number): void {
    const completion = this.completions.get(transactionalId)
    if (completion === undefined || completion.metadata.topicPartitions.size > 0) return
    this.completions.delete(transactionalId)
    if (this.isCurrent(completion)) this.writeCompletion(completion, nowMillis)
  }

  private writeCompletion(completion: Completion, nowMillis: number): void {
    const { metadata, coordinatorEpoch, transit } = completion
    const written = (error: ErrorCode, atMillis: number): void => {
      if (error === 'NONE' || error === 'NOT_COORDINATOR' || error === 'COORDINATOR_LOAD_IN_PROGRESS') return
      if (error !== 'COORDINATOR_NOT_AVAILABLE')
        throw new Error(`The completion of ${metadata.transactionalId} could not be written: ${error}`)
      this.unwritten.push(completion)
      this.unwrittenUntilMillis = Math.min(
        this.unwrittenUntilMillis,
        atMillis + this.manager.config['request.timeout.ms'],
      )
    }
    this.manager.append(metadata.transactionalId, coordinatorEpoch, transit, nowMillis, written, isRetried)
  }
}

function isRetried(error: ErrorCode): boolean {
  return error === 'COORDINATOR_NOT_AVAILABLE'
}

function request(markers: readonly Marker[]): WriteTxnMarkersRequest {
  return {
    markers: markers.map((marker) => ({
      producerId: marker.producerId,
      producerEpoch: marker.producerEpoch,
      transactionResult: marker.committed,
      topics: byTopic(marker.partitions).map(({ name, partitions }) => ({
        name,
        partitionIndexes: partitions,
      })),
      coordinatorEpoch: marker.completion.coordinatorEpoch,
      transactionVersion: marker.transactionVersion,
    })),
  }
}

function errorsOf({ markers }: WriteTxnMarkersResponse, producerId: number): [PartitionName, ErrorCode][] {
  const answer = markers.find((marker) => marker.producerId === producerId)
  if (answer === undefined) throw new Error(`WriteTxnMarkers was not answered for producer id ${producerId}`)
  return answer.topics.flatMap(({ name, partitions }) =>
    partitions.map(({ partitionIndex, errorCode }): [PartitionName, ErrorCode] => [
      partitionName(name, partitionIndex),
      errorCode,
    ]),
  )
}

/**
 * What the error of a partition means for its marker.
 * @throws for errors that no leader gives
 */
function verdictOn(error: ErrorCode): 'written' | 'retry' | 'cancel' {
  switch (error) {
    case 'NONE':
    case 'UNSUPPORTED_VERSION':
      return 'written'
    case 'UNKNOWN_TOPIC_OR_PARTITION':
    case 'NOT_LEADER_OR_FOLLOWER':
    case 'NOT_ENOUGH_REPLICAS':
    case 'NOT_ENOUGH_REPLICAS_AFTER_APPEND':
    case 'REQUEST_TIMED_OUT':
    case 'KAFKA_STORAGE_ERROR':
      return 'retry'
    case 'INVALID_PRODUCER_EPOCH':
    case 'TRANSACTION_COORDINATOR_FENCED':
      return 'cancel'
    default:
      throw new Error(`A transaction marker cannot fail with ${error}`)
  }
}
