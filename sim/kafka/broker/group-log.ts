import type { ConsumerGroupSnapshot } from '../coordinator/consumer-group-snapshot.ts'
import type {
  BatchProducer,
  GroupLog,
  GroupMetadataValue,
  GroupRecord,
  LogEntry,
  TransactionMarker,
  Write,
} from '../coordinator/group-log.ts'
import type { ErrorCode } from '../error-code.ts'
import { type AppendSource, CLIENT_APPEND } from '../log/append.ts'
import {
  type LogRecord,
  markerBatch,
  markerOf,
  NO_SEQUENCE,
  producedBatch,
  type RecordBatch,
} from '../log/batch.ts'
import { SENTINEL_GUARD, type VerificationGuard } from '../log/verification.ts'
import { Commits } from './commits.ts'
import type { BrokerContext } from './context.ts'
import { internalBatch, internalRecord } from './internal-log.ts'
import type { Replica } from './replica.ts'

/** Acks of everything that coordinators write. */
const ALL = -1

const COORDINATOR_APPEND: AppendSource = { ...CLIENT_APPEND, origin: 'coordinator' }

/** Keys of offsets of a group in one topic: JSON of `['offset', group, topic, partition]`. */
interface OffsetKeys {
  readonly prefix: string
  readonly byPartition: string[]
}

/** A partition of __consumer_offsets that this broker leads, as the log of a group coordinator. */
export class ReplicatedGroupLog implements GroupLog {
  /** Of the transactional write that is being made. */
  guard: VerificationGuard = SENTINEL_GUARD
  private readonly context: BrokerContext
  private readonly replica: Replica
  private readonly commits: Commits
  /** Keys of offsets by group, topic and partition. */
  private readonly offsetKeys = new Map<string, Map<string, OffsetKeys>>()

  constructor(context: BrokerContext, replica: Replica) {
    this.context = context
    this.replica = replica
    this.commits = new Commits(context, replica, false)
  }

  append(records: readonly GroupRecord[], producer?: BatchProducer): number | ErrorCode {
    const { nowMillis } = this.context
    const encoded = records.map((record, offsetDelta): LogRecord => {
      const value = record.value === null ? null : record
      return internalRecord(offsetDelta, this.keyOf(record), value, nowMillis)
    })
    for (const record of records)
      if (record.kind === 'GroupMetadata' && record.value !== null) this.changed(record.group, record.value)
    const fields = producer && { ...producer, baseSequence: NO_SEQUENCE, isTransactional: true }
    const source =
      this.guard === SENTINEL_GUARD
        ? COORDINATOR_APPEND
        : { ...COORDINATOR_APPEND, verificationGuard: this.guard }
    return this.write(producedBatch(encoded, fields), source)
  }

  /** The key of a record: the same few again and again. */
  private keyOf(record: GroupRecord): string {
    if (record.kind === 'GroupMetadata') return groupKey(record.group)
    const { group, topic, partition } = record
    let ofGroup = this.offsetKeys.get(group)
    if (ofGroup === undefined) {
      ofGroup = new Map()
      this.offsetKeys.set(group, ofGroup)
    }
    let keys = ofGroup.get(topic)
    if (keys === undefined) {
      keys = { prefix: JSON.stringify(['offset', group, topic]).slice(0, -1), byPartition: [] }
      ofGroup.set(topic, keys)
    }
    keys.byPartition[partition] ??= `${keys.prefix},${partition}]`
    return keys.byPartition[partition]
  }

  private changed(group: string, { generation, members }: GroupMetadataValue): void {
    const clients = members.map(({ clientId }) => clientId)
    this.context.host.observer?.groupChanged(group, generation, clients)
  }

  /** Writes down a consumer group; null when it is deleted. */
  appendConsumerGroup(group: string, value: unknown): number | ErrorCode {
    const record = value === null ? null : { kind: 'ConsumerGroup', group, value }
    const batch = internalBatch([{ key: consumerGroupKey(group), value: record }], this.context.nowMillis)
    return this.write(batch, COORDINATOR_APPEND)
  }

  appendMarker(marker: TransactionMarker): number | ErrorCode {
    const { producerId, producerEpoch, coordinatorEpoch, transactionResult: controlType } = marker
    const { nowMillis } = this.context
    const batch = markerBatch(producerId, producerEpoch, { controlType, coordinatorEpoch }, nowMillis)
    return this.write(batch, { ...COORDINATOR_APPEND, transactionVersion: marker.transactionVersion ?? 0 })
  }

  whenCommitted(write: Write): void {
    this.commits.wait(write, this.context.config['offsets.commit.timeout.ms'])
  }

  /** The broker leads the partition no more. */
  resign(): void {
    this.commits.fail('NOT_LEADER_OR_FOLLOWER', this.context.nowMillis)
  }

  private write(batch: RecordBatch, source: AppendSource): number | ErrorCode {
    const { context, replica } = this
    const result = replica.partition.append(batch, ALL, context.nowMillis, source)
    if (result.errorCode !== 'NONE') return result.errorCode
    context.touch(replica)
    return result.firstOffset
  }
}

/** The batch in which a coordinator writes a group down. */
export function groupBatch(group: string, value: GroupMetadataValue, nowMillis: number): RecordBatch {
  const record: GroupRecord = { kind: 'GroupMetadata', group, value }
  return internalBatch([{ key: groupKey(group), value: record }], nowMillis)
}

function groupKey(group: string): string {
  return `["group",${JSON.stringify(group)}]`
}

/** A consumer group as it is written down; null when it is deleted. */
interface ConsumerGroupEntry {
  readonly offset: number
  readonly consumerGroup: string
  readonly value: ConsumerGroupSnapshot | null
}

/**
 * Everything in a partition of __consumer_offsets, in the order of the log.
 * @param from offset of the first batch of interest
 */
export function* groupEntries(
  { log }: Pick<Replica, 'log'>,
  from = 0,
): Generator<LogEntry | ConsumerGroupEntry> {
  for (const segment of log.segments.all) {
    if (segment.nextOffset <= from) continue
    const { batches } = segment
    for (let at = segment.indexOf(from); at < batches.length; at++) {
      const batch = batches[at] as RecordBatch
      if (batch.isControl) {
        const marker = markerOf(batch)?.controlType
        if (marker !== undefined) yield { offset: batch.baseOffset, producerId: batch.producerId, marker }
        continue
      }
      for (const { key, value, offsetDelta } of batch.records) {
        const offset = batch.baseOffset + offsetDelta
        if (key === null || offset < log.logStartOffset) continue
        const { producerId } = batch
        if (isConsumerGroupKey(key)) yield consumerGroupEntry(offset, key, value)
        else yield { offset, producerId, record: value === null ? tombstoneOf(key) : (value as GroupRecord) }
      }
    }
  }
}

function consumerGroupEntry(offset: number, key: string, value: unknown): ConsumerGroupEntry {
  const [, consumerGroup] = JSON.parse(key) as [string, string]
  if (value === null) return { offset, consumerGroup, value: null }
  return { offset, consumerGroup, value: (value as { readonly value: ConsumerGroupSnapshot }).value }
}

function consumerGroupKey(group: string): string {
  return JSON.stringify(['consumer-group', group])
}

function isConsumerGroupKey(key: string): boolean {
  return key.startsWith('["consumer-group",')
}

function tombstoneOf(key: string): GroupRecord {
  const [kind, group, topic = '', partition = 0] = JSON.parse(key) as [string, string, string?, number?]
  return kind === 'group'
    ? { kind: 'GroupMetadata', group, value: null }
    : { kind: 'OffsetCommit', group, topic, partition, value: null }
}
