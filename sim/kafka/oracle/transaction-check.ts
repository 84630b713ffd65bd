import type { PartitionName } from '../transaction/topic-partition.ts'
import type {
  AppendEvent,
  DecideEvent,
  InitEvent,
  MarkerEvent,
  StableEvent,
  TransactionEvent,
  TransactionHistory,
  TransactionResult,
  TruncateEvent,
} from './transaction-history.ts'

export type TransactionAnomalyType = 'lso-past-open' | 'hanging-transaction' | 'zombie-write' | 'wrong-marker'

export interface TransactionAnomaly {
  readonly type: TransactionAnomalyType
  /** Indexes of the events that show it. */
  readonly events: readonly number[]
  readonly partition: PartitionName
  readonly producerId: number
}

/** When a transaction that is still open is one that nobody will end. */
export interface HangingLimit {
  readonly nowMillis: number
  /** Since when all brokers and links work; time before it does not count. */
  readonly healthySinceMillis: number
  /** `transaction.abort.timed.out.transaction.cleanup.interval.ms`, and what sending markers may take. */
  readonly scanPeriodMillis: number
  /** `transaction.max.timeout.ms`: of producers whose InitProducerId is not in the history. */
  readonly maxTimeoutMillis: number
}

/**
 * Whether brokers keep the promises of transactions, in linear time.
 * - `lso-past-open`: a last stable offset is above the first record of an open transaction, or above the high watermark
 *   (rules L1, T8); shown by that record's batch and the answer.
 * - `zombie-write`: a batch was written with an older epoch than the partition has seen of the producer, or than
 *   InitProducerId had given out (rules S3, T2); shown by what fenced it and the batch.
 * - `wrong-marker`: a transaction ended in a partition in another way than its coordinator had decided, or without a
 *   decision (rule T4); shown by the decision, if any, and the marker.
 * - `hanging-transaction`: one is open for longer than its time-out and a period of the scan, with all healthy
 *   (KIP-664, KAFKA-14402); shown by its first batch.
 */
export function checkTransactions(history: TransactionHistory, limit?: HangingLimit): TransactionAnomaly[] {
  const check = new TransactionCheck()
  history.forEach((event, at) => {
    check.take(event, at)
  })
  if (limit !== undefined) check.finish(limit)
  return check.anomalies
}

interface OpenTransaction {
  readonly firstOffset: number
  readonly sinceMillis: number
  readonly by: number
}

/** The newest epoch of a producer, and by which event. */
interface Epoch {
  readonly epoch: number
  readonly by: number
}

interface PartitionView {
  /** By producer id, in the order of their first offsets. */
  readonly open: Map<number, OpenTransaction>
  readonly epochs: Map<number, Epoch>
}

interface Decision {
  readonly result: TransactionResult
  readonly by: number
}

class TransactionCheck {
  readonly anomalies: TransactionAnomaly[] = []
  private readonly partitions = new Map<PartitionName, PartitionView>()
  private readonly initialized = new Map<number, Epoch & { readonly timeoutMillis: number }>()
  private readonly decisions = new Map<string, Decision>()

  take(event: TransactionEvent, at: number): void {
    if (event.kind === 'append') this.append(event, at)
    else if (event.kind === 'marker') this.marker(event, at)
    else if (event.kind === 'stable') this.stable(event, at)
    else if (event.kind === 'truncate') this.truncate(event)
    else if (event.kind === 'init') this.init(event, at)
    else this.decide(event, at)
  }

  private append(
    { partition, producerId, producerEpoch, baseOffset, atMillis }: AppendEvent,
    at: number,
  ): void {
    const view = this.view(partition)
    const known = [view.epochs.get(producerId), this.initialized.get(producerId)]
    const fence = known.find((epoch) => epoch !== undefined && epoch.epoch > producerEpoch)
    if (fence !== undefined) this.report('zombie-write', [fence.by, at], partition, producerId)
    this.raise(view, producerId, producerEpoch, at)
    if (!view.open.has(producerId))
      view.open.set(producerId, { firstOffset: baseOffset, sinceMillis: atMillis, by: at })
  }

  private marker({ partition, producerId, producerEpoch, result }: MarkerEvent, at: number): void {
    const view = this.view(partition)
    this.raise(view, producerId, producerEpoch, at)
    // A marker that is sent again, after the transaction has ended, ends nothing.
    if (!view.open.delete(producerId)) return
    const decision = this.decisions.get(`${producerId} ${partition}`)
    if (decision?.result !== result)
      this.report('wrong-marker', decision === undefined ? [at] : [decision.by, at], partition, producerId)
    this.decisions.delete(`${producerId} ${partition}`)
  }

  private stable({ partition, lastStableOffset, highWatermark }: StableEvent, at: number): void {
    for (const [producerId, { firstOffset, by }] of this.view(partition).open) {
      if (lastStableOffset > firstOffset) this.report('lso-past-open', [by, at], partition, producerId)
      break
    }
    if (lastStableOffset > highWatermark) this.report('lso-past-open', [at], partition, -1)
  }

  private truncate({ partition, offset }: TruncateEvent): void {
    const { open } = this.view(partition)
    for (const [producerId, { firstOffset }] of [...open]) if (firstOffset >= offset) open.delete(producerId)
  }

  private init({ producerId, producerEpoch, timeoutMillis }: InitEvent, at: number): void {
    this.initialized.set(producerId, { epoch: producerEpoch, by: at, timeoutMillis })
  }

  private decide({ producerId, result, partitions }: DecideEvent, at: number): void {
    for (const partition of partitions) this.decisions.set(`${producerId} ${partition}`, { result, by: at })
  }

  finish({ nowMillis, healthySinceMillis, scanPeriodMillis, maxTimeoutMillis }: HangingLimit): void {
    for (const [partition, { open }] of this.partitions)
      for (const [producerId, { sinceMillis, by }] of open) {
        const timeoutMillis = this.initialized.get(producerId)?.timeoutMillis ?? maxTimeoutMillis
        const countsFrom = Math.max(sinceMillis, healthySinceMillis)
        if (nowMillis > countsFrom + timeoutMillis + scanPeriodMillis)
          this.report('hanging-transaction', [by], partition, producerId)
      }
  }

  private raise(view: PartitionView, producerId: number, epoch: number, by: number): void {
    if (epoch > (view.epochs.get(producerId)?.epoch ?? -1)) view.epochs.set(producerId, { epoch, by })
  }

  private view(partition: PartitionName): PartitionView {
    let view = this.partitions.get(partition)
    if (view === undefined) {
      view = { open: new Map(), epochs: new Map() }
      this.partitions.set(partition, view)
    }
    return view
  }

  private report(
    type: TransactionAnomalyType,
    events: readonly number[],
    partition: PartitionName,
    producerId: number,
  ): void {
    this.anomalies.push({ type, events, partition, producerId })
  }
}
