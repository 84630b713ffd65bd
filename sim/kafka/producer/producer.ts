import { Deadlines } from '../coordinator/deadlines.ts'
import type { Channel } from '../protocol/api.ts'
import { ProducerError, refusalOf } from '../transaction/client-error.ts'
import type { GroupMetadata, Offsets } from '../transaction/client-request.ts'
import type { TransactionalResult } from '../transaction/result.ts'
import { TransactionManager } from '../transaction/transaction-manager.ts'
import type { TransactionVersion } from '../transaction/version.ts'
import { ANY_PARTITION } from './accumulator.ts'
import type { RandomBelow } from './backoff.ts'
import type { PartitionQueue } from './batch.ts'
import type { ProducerConfig } from './config.ts'
import { Flushes } from './flushes.ts'
import { foreignPartitioner } from './foreign-partitioner.ts'
import type { KnownTopic } from './metadata.ts'
import { type Partitioner, partitionForKey } from './partitioner.ts'
import { CloseDeadline, type Completed, type PendingOwner, type PendingSend } from './pending.ts'
import { PendingSends } from './pending-sends.ts'
import { batchBytesUpperBound, type ProducerRecord, type SendListener } from './record.ts'
import { Sender, type SenderOwner } from './sender.ts'
import { ProducerTransactions } from './transactions.ts'

/** InitProducerId that bumps epochs, as all brokers of Kafka 4.x have it. */
const INIT_PRODUCER_ID_VERSION = 5

/** What surrounds a producer. */
export interface ProducerHooks {
  /** Brokers that it may ask first (bootstrap.servers); at least one. */
  readonly bootstrapNodes: readonly number[]
  /** Makes its choices: sticky partitions, jitter of back-offs, which broker is asked for metadata. */
  readonly randomBelow: RandomBelow
  /** The cluster's transaction.version, as ApiVersions tells it. */
  readonly transactionVersion: TransactionVersion
}

/**
 * Kafka's producer. Nothing blocks: what waits in Kafka is told through listeners and callbacks, which may call the
 * producer again. It asks for metadata and for its producer id with the first send, not when it is made. Source:
 * KafkaProducer of Kafka 4.x; interceptors and two-phase commit are out of scope.
 */
export class Producer implements SenderOwner, PendingOwner {
  private readonly maxBlockMillis: number
  private readonly maxRequestBytes: number
  private readonly memoryBytes: number
  private readonly ignoresKeys: boolean
  private readonly partitioner: Partitioner | undefined
  private readonly manager: TransactionManager | undefined
  private readonly sender: Sender
  private readonly deadlines = new Deadlines()
  private readonly pending: PendingSends
  private readonly transactions: ProducerTransactions
  private readonly flushes: Flushes
  private closing: Completed[] | undefined = undefined
  private hasClosed = false

  /** @param config what `producerConfig` returns */
  constructor(config: ProducerConfig, channel: Channel, hooks: ProducerHooks) {
    const { randomBelow, bootstrapNodes, transactionVersion } = hooks
    this.maxBlockMillis = config['max.block.ms']
    this.maxRequestBytes = config['max.request.size']
    this.memoryBytes = config['buffer.memory']
    this.ignoresKeys = config['partitioner.ignore.keys']
    const partitioner = config['partitioner.class']
    if (partitioner !== null) this.partitioner = foreignPartitioner(partitioner, randomBelow)
    if (config['enable.idempotence']) {
      this.manager = new TransactionManager(config)
      this.manager.updateFeatures(0, transactionVersion)
      this.manager.coordinatorReady(INIT_PRODUCER_ID_VERSION)
    }
    this.pending = new PendingSends(this.deadlines, config['max.block.ms'], this)
    this.transactions = new ProducerTransactions(this.manager, this.deadlines, config['max.block.ms'])
    this.sender = new Sender(config, channel, bootstrapNodes, randomBelow, this.manager, this)
    this.flushes = new Flushes(this.sender.accumulator)
  }

  /** Whether it takes no more records. */
  get isClosed(): boolean {
    return this.closing !== undefined
  }

  /** Records that have been handed over and of which nothing has been heard, in batches. */
  get incompleteBatchCount(): number {
    return this.sender.accumulator.incomplete.size
  }

  /**
   * Hands over a record. Whatever Kafka's send throws is told to the listener, perhaps before this returns; so is that
   * the record has its place in a batch (`appended`), which is when Kafka's send returns.
   */
  send(record: ProducerRecord, listener: SendListener, nowMillis: number): void {
    if (this.isClosed) {
      listener.failed(record, closedError())
      return
    }
    const topic = this.sender.metadata.use(record.topic, nowMillis)
    if (topic === undefined || !hasPartition(topic, record)) this.waitForTopic(record, listener, nowMillis)
    else this.place(record, listener, topic, undefined, nowMillis)
  }

  /**
   * Sends all that was sent before without waiting for linger.ms, and calls back when it has ended, well or not. Does
   * not end before the sends that wait for their place have one, since Kafka's have not returned before.
   */
  flush(done: Completed, nowMillis: number): void {
    this.pending.afterAll(nowMillis, (atMillis) => {
      this.flushes.begin(done)
      this.sender.run(atMillis)
    })
  }

  /** Gets a producer id, and fences and aborts what older producers of the transactional id have left. */
  initTransactions(done: Completed, nowMillis: number): void {
    this.operate(
      (manager) => manager.initializeTransactions(),
      (error, atMillis) => {
        if (error === undefined) this.manager?.maybeUpdateVersion2(true)
        done(error, atMillis)
      },
      nowMillis,
    )
  }

  /** @throws ProducerError if its state does not allow it */
  beginTransaction(): void {
    if (this.isClosed) throw closedError()
    this.transactions.requireManager().beginTransaction()
  }

  /** Commits offsets of a consumer with the transaction. */
  sendOffsetsToTransaction(offsets: Offsets, group: GroupMetadata, done: Completed, nowMillis: number): void {
    this.operate((manager) => manager.sendOffsetsToTransaction(offsets, group), done, nowMillis)
  }

  /** Sends what the transaction holds and commits it; ends with the error of a batch that failed. */
  commitTransaction(done: Completed, nowMillis: number): void {
    this.pending.afterAll(nowMillis, (atMillis) =>
      this.operate((manager) => manager.beginCommit(), done, atMillis),
    )
  }

  /** Aborts the transaction: batches that were never sent fail. */
  abortTransaction(done: Completed, nowMillis: number): void {
    this.operate((manager) => manager.beginAbort(), done, nowMillis)
  }

  /** The cluster finalized another transaction.version, which is adopted between two transactions. */
  updateFeatures(epoch: number, transactionVersion: TransactionVersion): void {
    this.manager?.updateFeatures(epoch, transactionVersion)
  }

  /**
   * Takes no more records, sends what waits and aborts an open transaction; what is left after timeoutMillis is given
   * up. With 0 that is everything.
   */
  close(timeoutMillis: number, done: Completed, nowMillis: number): void {
    if (this.hasClosed) {
      done(undefined, nowMillis)
      return
    }
    this.closing ??= []
    this.closing.push(done)
    this.sender.accumulator.isClosed = true
    this.pending.failAll(closedError())
    this.pending.passBarriers(nowMillis)
    if (timeoutMillis <= 0) this.forceClose(nowMillis)
    else {
      const force = new CloseDeadline((atMillis) => this.forceClose(atMillis))
      if (timeoutMillis !== Number.POSITIVE_INFINITY) this.deadlines.set(force, nowMillis + timeoutMillis)
      this.sender.run(nowMillis)
    }
  }

  /** When `advance` has something to do; Infinity if never, unless something happens. */
  nextDeadlineMillis(): number {
    return Math.min(this.deadlines.nextMillis(), this.sender.nextDeadlineMillis())
  }

  /** Whether nothing is to be sent and the next deadline is only the refresh of metadata by age, for which nobody waits. */
  get isIdle(): boolean {
    const { metadata } = this.sender
    return (
      this.deadlines.nextMillis() === Number.POSITIVE_INFINITY &&
      this.sender.isIdle &&
      !metadata.isWanted &&
      this.sender.nextDeadlineMillis() >= metadata.nextUpdateMillis()
    )
  }

  /** Does what has become due. */
  advance(nowMillis: number): void {
    this.deadlines.advance(nowMillis)
    this.sender.advance(nowMillis)
  }

  /** The sender has new metadata: who waited for a topic goes on, or asks again. */
  metadataUpdated(nowMillis: number): void {
    const { metadata } = this.sender
    for (const send of this.pending.waitingForTopic()) {
      const { record, listener } = send
      const topic = metadata.use(record.topic, nowMillis)
      if (metadata.errorOf(record.topic) === 'INVALID_TOPIC_EXCEPTION')
        this.refuse(send, new ProducerError('INVALID_TOPIC_EXCEPTION', `Invalid topics: [${record.topic}]`))
      else if (topic === undefined || !hasPartition(topic, record)) metadata.requestForTopic(record.topic)
      else this.place(record, listener, topic, send, nowMillis)
    }
    this.pending.passBarriers(nowMillis)
  }

  /** The sender has done what it could: memory may be free, batches may have ended. */
  sent(nowMillis: number): void {
    this.grantMemory(nowMillis)
    this.flushes.complete(nowMillis)
    this.transactions.complete(nowMillis)
    if (this.closing !== undefined && !this.hasClosed) this.continueClosing(nowMillis)
  }

  /** A send has waited for max.block.ms. */
  gaveUp(send: PendingSend, nowMillis: number): void {
    const { topic, partition } = send.record
    const count = this.sender.metadata.topic(topic)?.partitionCount
    let message = `Topic ${topic} not present in metadata after ${this.maxBlockMillis} ms.`
    if (send.bytes > 0)
      message = `Failed to allocate ${send.bytes} bytes within the configured max blocking time ${this.maxBlockMillis} ms.`
    else if (count !== undefined)
      message = `Partition ${partition} of topic ${topic} with partition count ${count} is not present in metadata after ${this.maxBlockMillis} ms.`
    this.refuse(send, new ProducerError('REQUEST_TIMED_OUT', message))
    this.pending.passBarriers(nowMillis)
    this.sender.run(nowMillis)
  }

  private waitForTopic(record: ProducerRecord, listener: SendListener, nowMillis: number): void {
    this.sender.metadata.requestForTopic(record.topic)
    this.pending.add(record, listener, nowMillis)
    this.sender.run(nowMillis)
  }

  /** Puts a record into a batch, or fails it, or lets it wait for memory. */
  private place(
    record: ProducerRecord,
    listener: SendListener,
    topic: KnownTopic,
    send: PendingSend | undefined,
    nowMillis: number,
  ): void {
    const error = this.sizeError(record) ?? this.stateError()
    if (error !== undefined) {
      this.fail(record, listener, send, error)
      return
    }
    if (record.timestamp < 0) record.timestamp = nowMillis
    const partition = send?.partition ?? this.choosePartition(record, topic)
    const { accumulator } = this.sender
    const outcome = accumulator.append(record, listener, topic, partition, nowMillis)
    if (outcome === 'exhausted') {
      this.waitForMemory(send ?? this.pending.add(record, listener, nowMillis), partition, nowMillis)
      return
    }
    if (send !== undefined) this.pending.settle(send)
    const queue = accumulator.lastPartition as PartitionQueue
    this.manager?.maybeAddPartition(queue.name)
    listener.appended?.(record, queue.partition)
    if (outcome === 'wake') this.sender.run(nowMillis)
  }

  private sizeError(record: ProducerRecord): ProducerError | undefined {
    const bytes = batchBytesUpperBound(record)
    if (bytes > this.maxRequestBytes)
      return tooLarge(bytes, `${this.maxRequestBytes}, which is max.request.size`)
    if (bytes > this.memoryBytes) return tooLarge(bytes, `${this.memoryBytes}, which is buffer.memory`)
    return undefined
  }

  private stateError(): ProducerError | undefined {
    return this.manager && refusalOf(() => this.manager?.ensureMaySend())
  }

  private choosePartition(record: ProducerRecord, topic: KnownTopic): number {
    if (record.partition !== null) return record.partition
    if (this.partitioner !== undefined) return this.partitioner(record.key, topic)
    return record.key === null || this.ignoresKeys ? ANY_PARTITION : partitionForKey(record.key, topic)
  }

  private waitForMemory(send: PendingSend, partition: number, nowMillis: number): void {
    const { accumulator } = this.sender
    send.partition = partition
    send.bytes = accumulator.bytesFor(send.record)
    this.pending.waitForMemory(send)
    accumulator.isExhausted = true
    this.sender.run(nowMillis)
  }

  /** Memory goes to who has waited longest. */
  private grantMemory(nowMillis: number): void {
    const { accumulator, metadata } = this.sender
    for (;;) {
      const send = this.pending.firstForMemory
      if (send === undefined) {
        accumulator.isExhausted = false
        return
      }
      if (accumulator.availableBytes < send.bytes) return
      this.pending.takeFirstForMemory()
      accumulator.isExhausted = false
      send.bytes = 0
      const topic = metadata.topic(send.record.topic)
      if (topic !== undefined) this.place(send.record, send.listener, topic, send, nowMillis)
      accumulator.isExhausted = this.pending.firstForMemory !== undefined
      this.pending.passBarriers(nowMillis)
    }
  }

  /** Kafka calls errors of the API back, which in a transaction ask for its abort, and throws the others. */
  private fail(
    record: ProducerRecord,
    listener: SendListener,
    send: PendingSend | undefined,
    error: ProducerError,
  ): void {
    if (send !== undefined) this.pending.settle(send)
    const isThrown = error.code === 'KAFKA_EXCEPTION' || error.code === 'ILLEGAL_STATE'
    // Outside of a transaction there is nothing to abort, which Kafka throws at the application.
    if (!isThrown) refusalOf(() => this.manager?.maybeTransitionToErrorState(error))
    listener.failed(record, error)
  }

  private refuse(send: PendingSend, error: ProducerError): void {
    this.fail(send.record, send.listener, send, error)
  }

  private operate(
    begin: (manager: TransactionManager) => TransactionalResult,
    done: Completed,
    nowMillis: number,
  ): void {
    const error = this.isClosed ? closedError() : this.transactions.operate(begin, done, nowMillis)
    if (error === undefined) this.sender.run(nowMillis)
    else done(error, nowMillis)
  }

  private continueClosing(nowMillis: number): void {
    const { manager, sender } = this
    if (!sender.isIdle || (manager?.hasPendingRequests === true && manager.hasOngoingTransaction)) return
    if (manager?.hasOngoingTransaction !== true) this.closed(nowMillis)
    else if (!manager.isCompleting) this.abortToClose(manager, nowMillis)
  }

  /** An abort that the state does not allow leaves the rest to the deadline, as in Kafka. */
  private abortToClose(manager: TransactionManager, nowMillis: number): void {
    if (refusalOf(() => manager.beginAbort()) === undefined) this.sender.run(nowMillis)
  }

  private forceClose(nowMillis: number): void {
    if (this.hasClosed) return
    this.sender.stop(new ProducerError('KAFKA_EXCEPTION', 'Producer is closed forcefully.'))
    this.flushes.complete(nowMillis)
    this.closed(nowMillis)
  }

  private closed(nowMillis: number): void {
    this.hasClosed = true
    this.sender.isStopped = true
    this.deadlines.clear()
    for (const done of this.closing ?? []) done(undefined, nowMillis)
  }
}

function hasPartition(topic: KnownTopic, { partition }: ProducerRecord): boolean {
  return partition === null || partition < topic.partitionCount
}

function tooLarge(bytes: number, limit: string): ProducerError {
  return new ProducerError(
    'MESSAGE_TOO_LARGE',
    `The message is ${bytes} bytes when serialized which is larger than ${limit}`,
  )
}

function closedError(): ProducerError {
  return new ProducerError('ILLEGAL_STATE', 'Cannot perform operation after producer has been closed')
}
