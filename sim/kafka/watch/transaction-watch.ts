import { clockMillis } from '../../kernel/time.ts'
import type { Replica } from '../broker/replica.ts'
import type { BrokerNode } from '../broker-node.ts'
import type { ClusterObserver, KafkaCluster } from '../cluster.ts'
import { markerOf, type RecordBatch } from '../log/batch.ts'
import type { EpochEntry } from '../log/epoch-cache.ts'
import type { Log } from '../log/log.ts'
import { batchesOf, indexOf } from '../oracle/replica-view.ts'
import type { TransactionEvent, TransactionHistory } from '../oracle/transaction-history.ts'
import type { TransactionLogValue } from '../transaction/log.ts'
import { namesOf, type PartitionName, partitionName } from '../transaction/topic-partition.ts'

const TRANSACTION_STATE_TOPIC = '__transaction_state'

/** How far a partition has been read, from leader to leader. */
interface Reading {
  leaderEpoch: number
  endOffset: number
  /** Of the log that it was read from. */
  epochs: readonly EpochEntry[]
  lastStableOffset: number
  highWatermark: number
}

/** Up to where a log has what was read from another one: the same epochs, as far as both go (rule L9). */
function commonEnd({ epochs, endOffset }: Reading, { epochs: { entries }, logEndOffset }: Log): number {
  for (let at = epochs.length - 1; at >= 0; at--) {
    const { epoch, startOffset } = epochs[at] as EpochEntry
    const same = entries.findIndex((entry) => entry.epoch === epoch && entry.startOffset === startOffset)
    if (same < 0) continue
    return Math.min(
      epochs[at + 1]?.startOffset ?? endOffset,
      entries[same + 1]?.startOffset ?? logEndOffset,
      endOffset,
    )
  }
  return 0
}

/**
 * Tells what brokers do for transactional producers, as it stands in the logs of leaders, for `checkTransactions`: what
 * is written counts from its append on, a new epoch of a producer from when it is committed, since only then it is
 * answered. Out of scope: topics that are compacted or deleted during the run.
 */
export class TransactionWatch implements ClusterObserver {
  private readonly events: TransactionEvent[] = []
  private readonly cluster: KafkaCluster
  private readonly readings = new Map<PartitionName, Reading>()

  constructor(cluster: KafkaCluster) {
    this.cluster = cluster
    cluster.observe(this)
  }

  get history(): TransactionHistory {
    return this.events
  }

  brokerActed({ broker }: BrokerNode): void {
    if (broker === undefined) return
    for (const replica of broker.replicas.all) if (replica.partition.isLeader) this.read(replica)
  }

  controllerActed(): void {}

  private read(replica: Replica): void {
    const { topic, index, log } = replica
    const name = partitionName(topic, index)
    const { leaderEpoch } = replica.partition
    let reading = this.readings.get(name)
    if (reading === undefined) {
      reading = { leaderEpoch, endOffset: 0, epochs: [], lastStableOffset: 0, highWatermark: 0 }
      this.readings.set(name, reading)
    }
    // A stale leader may write what nobody will ever read.
    if (leaderEpoch < reading.leaderEpoch) return
    if (leaderEpoch > reading.leaderEpoch) {
      reading.leaderEpoch = leaderEpoch
      const offset = commonEnd(reading, log)
      if (offset < reading.endOffset) {
        this.events.push({ kind: 'truncate', partition: name, offset })
        reading.endOffset = offset
      }
    }
    const { logEndOffset, highWatermark, lastStableOffset } = log
    if (logEndOffset > reading.endOffset) this.readAppends(name, replica, reading)
    if (lastStableOffset === reading.lastStableOffset && highWatermark === reading.highWatermark) return
    if (topic === TRANSACTION_STATE_TOPIC)
      this.readCommitted(batchesOf(log), reading.highWatermark, highWatermark)
    reading.lastStableOffset = lastStableOffset
    reading.highWatermark = highWatermark
    this.events.push({ kind: 'stable', partition: name, lastStableOffset, highWatermark })
  }

  private readAppends(partition: PartitionName, { log, topic }: Replica, reading: Reading): void {
    const batches = batchesOf(log)
    reading.epochs = [...log.epochs.entries]
    for (let at = indexOf(batches, reading.endOffset); at < batches.length; at++) {
      const batch = batches[at] as RecordBatch
      reading.endOffset = batch.nextOffset
      if (batch.isTransactional) this.appended(partition, batch)
      else if (topic === TRANSACTION_STATE_TOPIC) this.decided(batch)
    }
  }

  private appended(partition: PartitionName, batch: RecordBatch): void {
    const { producerId, producerEpoch, baseOffset } = batch
    if (batch.isControl) {
      const result = markerOf(batch)?.controlType === 'COMMIT' ? 'commit' : 'abort'
      this.events.push({ kind: 'marker', partition, producerId, producerEpoch, result })
      return
    }
    const atMillis = clockMillis(this.cluster.kernel.nowMicros)
    this.events.push({ kind: 'append', partition, producerId, producerEpoch, baseOffset, atMillis })
  }

  private decided({ records }: RecordBatch): void {
    for (const { value } of records) {
      if (value === null) continue
      const { transactionStatus, producerId, transactionPartitions } = value as TransactionLogValue
      if (transactionStatus !== 'PrepareCommit' && transactionStatus !== 'PrepareAbort') continue
      const partitions = namesOf(transactionPartitions ?? [])
      const result = transactionStatus === 'PrepareCommit' ? 'commit' : 'abort'
      this.events.push({ kind: 'decide', producerId, result, partitions })
    }
  }

  /** Takes in who got which epoch, between two high watermarks of a partition of __transaction_state. */
  private readCommitted(batches: readonly RecordBatch[], from: number, to: number): void {
    for (let at = indexOf(batches, from); at < batches.length; at++) {
      const batch = batches[at] as RecordBatch
      if (batch.nextOffset > to) return
      for (const { value } of batch.records) {
        if (value === null) continue
        const { transactionStatus, producerId, producerEpoch, transactionTimeoutMs } =
          value as TransactionLogValue
        if (transactionStatus !== 'Empty') continue
        this.events.push({ kind: 'init', producerId, producerEpoch, timeoutMillis: transactionTimeoutMs })
      }
    }
  }
}
