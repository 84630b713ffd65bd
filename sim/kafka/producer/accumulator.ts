import { pushed } from '../../kernel/list.ts'
import type { ProducerError } from '../transaction/client-error.ts'
import type { RandomBelow } from './backoff.ts'
import { PartitionQueue, ProducerBatch } from './batch.ts'
import type { ProducerConfig } from './config.ts'
import type { KnownTopic, ProducerMetadata } from './metadata.ts'
import { StickyPartitioner } from './partitioner.ts'
import { batchBytesUpperBound, type ProducerRecord, type SendListener } from './record.ts'

/** Nobody writes to it. */
const NO_BATCHES: ProducerBatch[] = []

/** Any partition will do: the built-in partitioner chooses. */
export const ANY_PARTITION = -1

/** The queues of a topic, and its sticky partition. */
class TopicQueues {
  readonly partitioner: StickyPartitioner
  readonly queues: PartitionQueue[] = []
  /** How many partitions have a queue. */
  count = 0

  constructor(partitioner: StickyPartitioner) {
    this.partitioner = partitioner
  }

  of(topic: string, partition: number): PartitionQueue {
    let queue = this.queues[partition]
    if (queue === undefined) {
      queue = new PartitionQueue(topic, partition)
      this.queues[partition] = queue
      this.count += 1
    }
    return queue
  }
}

/** How long a broker has not taken batches that were ready for it (partitioner.availability.timeout.ms). */
interface NodeLatency {
  drainMillis: number
  readyMillis: number
}

/** What became of a record: it was appended, perhaps so that the sender has to look, or memory is missing. */
export type AppendOutcome = 'appended' | 'wake' | 'exhausted'

/**
 * Gathers records in batches, within buffer.memory, until they are ready to be sent (rule P3). Source:
 * RecordAccumulator and BufferPool of Kafka 4.x.
 */
export class Accumulator {
  /** Of buffer.memory. */
  availableBytes: number
  /** Somebody waits for memory: everything is sent, to free some. */
  isExhausted = false
  isClosed = false
  /** Calls of flush that wait: everything is sent. */
  flushes = 0
  /** Batches that wait or are under way, in the order of creation. */
  readonly incomplete = new Set<ProducerBatch>()
  /** Found by `findReady`: brokers with batches to send, topics without a leader, and when to look again. */
  readonly readyNodes: number[] = []
  readonly leaderlessTopics: string[] = []
  nextCheckMillis = Number.POSITIVE_INFINITY
  private readonly batchBytes: number
  private readonly lingerMillis: number
  private readonly isAdaptive: boolean
  private readonly availabilityTimeoutMillis: number
  private readonly metadata: ProducerMetadata
  private readonly randomBelow: RandomBelow
  private readonly topics = new Map<string, TopicQueues>()
  private active: PartitionQueue[] = []
  private readonly firstRanks = new Map<number, number>()
  private readonly latencies = new Map<number, NodeLatency>()
  private batchNumber = 0

  constructor(config: ProducerConfig, metadata: ProducerMetadata, randomBelow: RandomBelow) {
    this.availableBytes = config['buffer.memory']
    this.batchBytes = Math.max(1, config['batch.size'])
    this.lingerMillis = config['linger.ms']
    this.isAdaptive = config['partitioner.adaptive.partitioning.enable']
    this.availabilityTimeoutMillis = config['partitioner.availability.timeout.ms']
    this.metadata = metadata
    this.randomBelow = randomBelow
  }

  /** Number of the batch that was created last. */
  get lastNumber(): number {
    return this.batchNumber
  }

  /** Number of the oldest batch that has not ended; Infinity if all have. */
  get oldestNumber(): number {
    for (const batch of this.incomplete) return batch.number
    return Number.POSITIVE_INFINITY
  }

  get hasUndrained(): boolean {
    return this.active.some(({ batches }) => batches.length > 0)
  }

  /** Bytes of memory that a new batch for a record takes. */
  bytesFor(record: ProducerRecord): number {
    return Math.max(this.batchBytes, batchBytesUpperBound(record))
  }

  /**
   * Appends a record to the last batch of its partition, or to a new one if there is memory for it. It then knows its
   * partition: `partitionOf` its last append.
   * @param partition ANY_PARTITION for the sticky one
   */
  append(
    record: ProducerRecord,
    listener: SendListener,
    topic: KnownTopic,
    partition: number,
    nowMillis: number,
  ): AppendOutcome {
    const topicQueues = this.queuesOf(topic.name)
    const isSticky = partition === ANY_PARTITION
    const queue = isSticky ? this.stickyQueue(topicQueues, topic) : topicQueues.of(topic.name, partition)
    const last = queue.batches.at(-1)
    let appendedBytes = last?.sizeInBytes ?? 0
    let isNew = false
    if (last?.tryAppend(record, listener, nowMillis) === true)
      appendedBytes = last.sizeInBytes - appendedBytes
    else {
      last?.close()
      const bytes = this.bytesFor(record)
      if (this.isExhausted || this.availableBytes < bytes) return 'exhausted'
      appendedBytes = this.appendNew(queue, record, listener, bytes, nowMillis)
      isNew = true
    }
    this.lastPartition = queue
    if (isSticky) topicQueues.partitioner.produced(appendedBytes, topic, queue.isFull)
    return isNew || queue.batches.length > 1 || queue.isFull ? 'wake' : 'appended'
  }

  /** Where the last record was appended. */
  lastPartition: PartitionQueue | undefined = undefined

  /** Looks for what may be sent. Source: RecordAccumulator.ready. */
  findReady(isCompleting: boolean, nowMillis: number): void {
    const { readyNodes, metadata } = this
    // Setting the length of a list is slow.
    while (readyNodes.length > 0) readyNodes.pop()
    while (this.leaderlessTopics.length > 0) this.leaderlessTopics.pop()
    this.nextCheckMillis = Number.POSITIVE_INFINITY
    const sendsAll = this.isExhausted || this.isClosed || this.flushes > 0 || isCompleting
    let idle = 0
    for (const queue of this.active) {
      const batch = queue.batches[0]
      if (batch === undefined) {
        queue.isActive = false
        idle += 1
        continue
      }
      const topic = metadata.topic(queue.topic)
      const leader = topic?.leaderIds[queue.partition] ?? -1
      if (topic === undefined || leader < 0) {
        this.leaderlessTopics.push(queue.topic)
        continue
      }
      batch.updateLeaderEpoch(topic.leaderEpochs[queue.partition] as number)
      if (!queue.isMuted && !readyNodes.includes(leader)) this.checkBatch(batch, leader, sendsAll, nowMillis)
    }
    if (idle > 0) this.active = this.active.filter(({ isActive }) => isActive)
    if (this.isAdaptive) this.measureLoad()
  }

  /**
   * Takes batches for a broker, one of each partition and within a size, those first that had to stay behind the last
   * time. Who must wait holds up those after it, as in Kafka. Source: RecordAccumulator.drainBatchesForOneNode.
   */
  drain(
    nodeId: number,
    maxBytes: number,
    nowMillis: number,
    take: (batch: ProducerBatch) => boolean,
  ): ProducerBatch[] {
    let drained = NO_BATCHES
    let bytes = 0
    for (const queue of this.queuesLedBy(nodeId)) {
      const first = queue.batches[0] as ProducerBatch
      if (first.isBackingOff(nowMillis)) continue
      if ((drained.length > 0 && maxBytes < bytes + first.sizeInBytes) || !take(first)) {
        this.firstRanks.set(nodeId, this.rankOf(queue))
        break
      }
      queue.batches.shift()
      queue.inFlight.push(first)
      first.close()
      bytes += first.sizeInBytes
      drained = pushed(drained, first)
    }
    return drained
  }

  /** A broker with batches that are ready took them, or could not. */
  updateLatency(nodeId: number, canDrain: boolean, nowMillis: number): void {
    if (this.availabilityTimeoutMillis <= 0) return
    let latency = this.latencies.get(nodeId)
    if (latency === undefined) {
      latency = { drainMillis: nowMillis, readyMillis: nowMillis }
      this.latencies.set(nodeId, latency)
    }
    if (canDrain) latency.drainMillis = nowMillis
    latency.readyMillis = nowMillis
  }

  /** A batch waits again, in a place of its queue that its sender has found. */
  activate(queue: PartitionQueue): void {
    if (queue.isActive) return
    queue.isActive = true
    this.active.push(queue)
  }

  /** Parts take the place of the batch that was split, so that the oldest batch stays the first. */
  replace(batch: ProducerBatch, parts: readonly ProducerBatch[]): void {
    const all = [...this.incomplete]
    this.incomplete.clear()
    for (const other of all) {
      if (other !== batch) this.incomplete.add(other)
      else for (const part of parts) this.incomplete.add(part)
    }
    this.availableBytes += batch.memoryBytes
  }

  /** A batch has ended: its memory is free. */
  deallocate(batch: ProducerBatch): void {
    if (this.incomplete.delete(batch)) this.availableBytes += batch.memoryBytes
  }

  /** Gives up batches, all or only those that were never sent. */
  abort(error: ProducerError, which: (batch: ProducerBatch) => boolean): void {
    for (const batch of [...this.incomplete]) {
      if (!which(batch)) continue
      batch.close()
      const { batches } = batch.queue
      const at = batches.indexOf(batch)
      if (at >= 0) batches.splice(at, 1)
      this.deallocate(batch)
      batch.abort(error)
    }
  }

  private queuesOf(topic: string): TopicQueues {
    let queues = this.topics.get(topic)
    if (queues === undefined) {
      queues = new TopicQueues(new StickyPartitioner(this.batchBytes, this.randomBelow))
      this.topics.set(topic, queues)
    }
    return queues
  }

  /** A switch of the partition that was put off for the sake of a batch that was not full is made up for. */
  private stickyQueue(topicQueues: TopicQueues, topic: KnownTopic): PartitionQueue {
    const { partitioner } = topicQueues
    const queue = topicQueues.of(topic.name, partitioner.peek(topic))
    if (!queue.isFull) return queue
    partitioner.produced(0, topic, true)
    return topicQueues.of(topic.name, partitioner.peek(topic))
  }

  private appendNew(
    queue: PartitionQueue,
    record: ProducerRecord,
    listener: SendListener,
    bytes: number,
    nowMillis: number,
  ): number {
    this.batchNumber += 1
    const batch = new ProducerBatch(queue, bytes, nowMillis, this.batchNumber)
    this.availableBytes -= bytes
    batch.tryAppend(record, listener, nowMillis)
    queue.batches.push(batch)
    this.activate(queue)
    this.incomplete.add(batch)
    return batch.sizeInBytes
  }

  private checkBatch(batch: ProducerBatch, leader: number, sendsAll: boolean, nowMillis: number): void {
    if (batch.isBackingOff(nowMillis)) {
      this.nextCheckMillis = Math.min(this.nextCheckMillis, batch.retryAtMillis)
      return
    }
    const lingersUntilMillis = batch.hasWaitedAtMillis(this.lingerMillis)
    // A batch behind which there is another takes no further record, so it is full.
    if (sendsAll || batch.isFull || lingersUntilMillis <= nowMillis) this.readyNodes.push(leader)
    else this.nextCheckMillis = Math.min(this.nextCheckMillis, lingersUntilMillis)
  }

  /** Queues with something to send to a broker, from the one on that stayed behind. */
  private queuesLedBy(nodeId: number): PartitionQueue[] {
    const led = this.active.filter(
      (queue) => queue.batches.length > 0 && !queue.isMuted && this.leaderOf(queue) === nodeId,
    )
    if (led.length < 2) return led
    const start = this.firstRanks.get(nodeId) ?? 0
    const turn = (queue: PartitionQueue): number => {
      const rank = this.rankOf(queue)
      return rank < start ? rank + Number.MAX_SAFE_INTEGER / 2 : rank
    }
    return led.sort((left, right) => turn(left) - turn(right))
  }

  private leaderOf(queue: PartitionQueue): number {
    return this.metadata.topic(queue.topic)?.leaderIds[queue.partition] ?? -1
  }

  private rankOf(queue: PartitionQueue): number {
    return (this.metadata.topic(queue.topic)?.rank ?? 0) + queue.partition
  }

  /** Lengths of queues, for the partitioners that choose by them; known when every partition has had a batch. */
  private measureLoad(): void {
    for (const [name, topicQueues] of this.topics) {
      if (!topicQueues.partitioner.isUsed) continue
      const topic = this.metadata.topic(name)
      if (topic === undefined || topicQueues.count < topic.partitionCount)
        topicQueues.partitioner.updateLoad(undefined, [], 0)
      else this.measureTopic(topicQueues, topic)
    }
  }

  private measureTopic({ queues, partitioner, count }: TopicQueues, topic: KnownTopic): void {
    const sizes: number[] = []
    const partitions: number[] = []
    for (const queue of queues) {
      if (queue === undefined) continue
      const leader = topic.leaderIds[queue.partition] ?? -1
      if (leader < 0 || (queue.batches.length > 0 && this.isUnavailable(leader))) continue
      sizes.push(queue.batches.length)
      partitions.push(queue.partition)
    }
    partitioner.updateLoad(sizes, partitions, count)
  }

  private isUnavailable(nodeId: number): boolean {
    const latency = this.latencies.get(nodeId)
    return latency !== undefined && this.availabilityTimeoutMillis < latency.readyMillis - latency.drainMillis
  }
}
