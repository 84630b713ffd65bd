import type { Process, ProcessResource } from '../cluster/process.ts'
import type { Incarnation } from '../kernel/incarnation.ts'
import { hashText } from '../kernel/mix.ts'
import { Operation, type Task } from '../kernel/task.ts'
import { clockMillis, momentOf } from '../kernel/time.ts'
import { hashNumber } from '../kernel/value.ts'
import { Alarm } from './alarm.ts'
import { type ChannelOwner, ClientChannel } from './client-channel.ts'
import type { ClientObserver } from './client-observer.ts'
import type { KafkaCluster } from './cluster.ts'
import type { ProducerConfig, ProducerSettings } from './producer/config.ts'
import type { Completed } from './producer/pending.ts'
import { Producer } from './producer/producer.ts'
import type { ProducerRecord, SendListener } from './producer/record.ts'
import type { SentRecord } from './sent-record.ts'
import type { ProducerError } from './transaction/client-error.ts'
import type { GroupMetadata, Offsets } from './transaction/client-request.ts'

/** Where a record was written. */
export interface RecordMetadata {
  readonly topic: string
  readonly partition: number
  /** -1 if acknowledged without being known: acks=0. */
  readonly offset: number
}

/** A send of a handler: a step of its task. */
class Sending implements SendListener {
  private readonly client: ProducerClient
  private readonly operation: Operation<RecordMetadata>

  constructor(client: ProducerClient, operation: Operation<RecordMetadata>) {
    this.client = client
    this.operation = operation
  }

  acknowledged(record: ProducerRecord, partition: number, offset: number): void {
    const metadata: RecordMetadata = { topic: record.topic, partition, offset }
    this.operation.complete(metadata, hashNumber(offset), this.client.cause)
  }

  failed(_record: ProducerRecord, error: ProducerError): void {
    this.operation.fail(error, hashText(error.code, 3), this.client.cause)
  }
}

/** Kafka's producer in one life of a process. */
export class ProducerClient implements ChannelOwner {
  readonly config: ProducerConfig
  private readonly cluster: KafkaCluster
  private readonly observer: ClientObserver | undefined
  private readonly producer: Producer
  private readonly channel: ClientChannel
  private readonly incarnation: Incarnation
  private readonly alarm: Alarm
  readonly process: Process
  private readonly resource: ProcessResource
  /** Offset of the cluster's metadata that its own are at least as new as. */
  private metadataOffset = -1

  /** @param settings of this producer alone, such as a transactional.id @throws ProducerConfigError */
  constructor(cluster: KafkaCluster, process: Process, settings: ProducerSettings = {}) {
    const { kernel, network } = cluster
    this.cluster = cluster
    this.observer = cluster.clientObserver
    this.process = process
    this.incarnation = process.incarnation
    this.channel = new ClientChannel(network, process, cluster.nodes, this)
    this.config = cluster.producerConfig(process.name, settings)
    this.producer = new Producer(this.config, this.observer?.channelOf(this, this.channel) ?? this.channel, {
      bootstrapNodes: [...cluster.nodes.keys()],
      transactionVersion: cluster.brokerConfig['transaction.version'],
      randomBelow: (bound) => cluster.chooseBelow(bound, process),
    })
    this.alarm = new Alarm(process, () => {
      this.producer.advance(clockMillis(kernel.nowMicros))
      this.settle()
    })
    this.resource = { resourceIndex: -1, processEnded: () => this.alarm.clear() }
    process.attach(this.resource)
  }

  /** Whether the life of the process that it belongs to goes on. */
  get alive(): boolean {
    return this.incarnation.alive
  }

  /** Trace id of what happens now. */
  get cause(): number {
    return this.cluster.kernel.cause
  }

  heardMetadata(metadataOffset: number): void {
    this.metadataOffset = metadataOffset
  }

  /** Sends a record and waits for its acknowledgement. Fails with ProducerError. */
  send(task: Task, step: number, record: SentRecord): Promise<RecordMetadata> {
    const { kernel } = this.cluster
    const { topic, key, value } = record
    const operation = task.begin<RecordMetadata>(step, kernel.trace && { topic, key, value })
    if (operation === undefined) return Operation.never()
    kernel.cause = task.cause
    record.sent = task.cause
    this.channel.entity = record.entity
    const sending = new Sending(this, operation)
    const listener = this.observer?.sending(this, sending) ?? sending
    this.producer.send(record, listener, clockMillis(kernel.nowMicros))
    this.settle()
    return operation.promise
  }

  /** Fences older producers of the transactional id. Fails with ProducerError, as all that follow do. */
  initTransactions(task: Task, step: number): Promise<void> {
    return this.operate(task, step, (done, nowMillis) => this.producer.initTransactions(done, nowMillis))
  }

  /** @throws ProducerError if its state does not allow it */
  beginTransaction(): void {
    this.producer.beginTransaction()
    this.observer?.transactionBegun(this)
  }

  /** Commits offsets of a consumer with the transaction (KIP-447). */
  sendOffsetsToTransaction(task: Task, step: number, offsets: Offsets, group: GroupMetadata): Promise<void> {
    this.observer?.offsetsAdded(this, offsets, group)
    return this.operate(task, step, (done, nowMillis) =>
      this.producer.sendOffsetsToTransaction(offsets, group, done, nowMillis),
    )
  }

  commitTransaction(task: Task, step: number): Promise<void> {
    return this.end(task, step, true)
  }

  abortTransaction(task: Task, step: number): Promise<void> {
    return this.end(task, step, false)
  }

  /** Gives up everything that is not done; its process may go on with another producer. */
  close(): void {
    this.producer.close(0, () => {}, clockMillis(this.cluster.kernel.nowMicros))
    this.alarm.clear()
    this.process.detach(this.resource)
  }

  private end(task: Task, step: number, isCommitted: boolean): Promise<void> {
    const { observer, producer } = this
    observer?.transactionEnding(this)
    return this.operate(task, step, (done, nowMillis) => {
      const ended: Completed = (error, endMillis) => {
        if (error === undefined) observer?.transactionEnded(this, isCommitted)
        done(error, endMillis)
      }
      if (isCommitted) producer.commitTransaction(ended, nowMillis)
      else producer.abortTransaction(ended, nowMillis)
    })
  }

  private operate(
    task: Task,
    step: number,
    begin: (done: Completed, nowMillis: number) => void,
  ): Promise<void> {
    const { kernel } = this.cluster
    const operation = task.begin<void>(step)
    if (operation === undefined) return Operation.never()
    kernel.cause = task.cause
    this.channel.entity = task.entity
    begin((error) => {
      if (error === undefined) operation.complete(undefined, 0, this.cause)
      else operation.fail(error, hashText(error.code, 3), this.cause)
    }, clockMillis(kernel.nowMicros))
    this.settle()
    return operation.promise
  }

  settle(): void {
    const { producer, alarm, cluster } = this
    // What has failed at once may have ended its process.
    if (!this.alive) return
    const { isIdle } = producer
    // A refresh by age would tell nothing new.
    if (isIdle && this.metadataOffset >= cluster.controller.topologyOffset) alarm.clear()
    else alarm.set(momentOf(producer.nextDeadlineMillis()), isIdle)
  }
}
