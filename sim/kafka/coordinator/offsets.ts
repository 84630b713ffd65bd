import { pushed } from '../../kernel/list.ts'
import type { ErrorCode } from '../error-code.ts'
import { Answer } from './answer.ts'
import type { ExpiryScan } from './expiry-scan.ts'
import type { GroupConfig } from './group-config.ts'
import {
  type BatchProducer,
  type GroupLog,
  type GroupRecord,
  type LogEntry,
  NO_PRODUCER_ID,
  type OffsetCommitValue,
  responseErrorOf,
  type TransactionMarker,
} from './group-log.ts'
import type { Respond } from './group-message.ts'
import type {
  OffsetCommitPartition,
  OffsetCommitRequest,
  OffsetCommitResponse,
  OffsetCommitTopic,
  OffsetDeleteRequest,
  OffsetDeleteResponse,
  OffsetFetchRequest,
  OffsetFetchResponse,
  PartitionError,
  TxnOffsetCommitRequest,
} from './offset-message.ts'
import { readOffsets } from './offset-reading.ts'
import { OffsetStore, type PartitionOffset, Reveal, type StoredOffset, storedOffset } from './offset-store.ts'
import type { OffsetValidator } from './offset-validator.ts'
import { commitError, OffsetWrite } from './offset-write.ts'

/** The groups in whose names offsets are committed. */
export interface OffsetGroups {
  /** The group of an id, of whatever type. */
  find(groupId: string): OffsetValidator | undefined
  /** Makes the group of a consumer that is no member of any. */
  createSimple(groupId: string, nowMillis: number): OffsetValidator
  /** A member has committed, which counts as a heartbeat in classic groups (rule O4). */
  offsetsCommitted(groupId: string, memberId: string, nowMillis: number): void
}

const NO_RECORDS: GroupRecord[] = []
const NO_ENTRIES: PartitionOffset[] = []

/** OffsetCommit from this version on knows GROUP_ID_NOT_FOUND. */
const GROUP_ID_NOT_FOUND_VERSION = 9

/**
 * The requests about committed offsets: OffsetCommit, TxnOffsetCommit and its markers, OffsetFetch, OffsetDelete, and
 * their expiry (rules O3 to O6, T9). There is no check that an offset moves forward: the last write wins. Whether
 * topics exist is the broker's business, fencing of producers that of the log. Not here: assignment epochs (KIP-1251).
 * Source: OffsetMetadataManager of Apache Kafka.
 */
export class Offsets {
  readonly store = new OffsetStore()
  private readonly config: GroupConfig
  private readonly log: GroupLog
  private readonly groups: OffsetGroups
  private readonly expiry: ExpiryScan

  constructor(config: GroupConfig, log: GroupLog, groups: OffsetGroups, expiry: ExpiryScan) {
    this.config = config
    this.log = log
    this.groups = groups
    this.expiry = expiry
  }

  /** Handles OffsetCommit (rules O3 to O5); answered when it is replicated. */
  commit(
    request: OffsetCommitRequest,
    apiVersion: number,
    nowMillis: number,
    respond: Respond<OffsetCommitResponse>,
  ): void {
    const { groupId, memberId, groupInstanceId, generationIdOrMemberEpoch, retentionTimeMs } = request
    let group = this.groups.find(groupId)
    if (group === undefined && generationIdOrMemberEpoch >= 0) {
      const isKnown = apiVersion >= GROUP_ID_NOT_FOUND_VERSION
      respond(commitError(request.topics, isKnown ? 'GROUP_ID_NOT_FOUND' : 'ILLEGAL_GENERATION'))
      return
    }
    group ??= this.groups.createSimple(groupId, nowMillis)
    const errorCode = group.validateOffsetCommit(
      memberId,
      groupInstanceId,
      generationIdOrMemberEpoch,
      false,
      apiVersion,
    )
    if (errorCode !== 'NONE') {
      respond(commitError(request.topics, errorCode))
      return
    }
    this.groups.offsetsCommitted(groupId, memberId, nowMillis)
    const expireTimestamp = retentionTimeMs === -1 ? -1 : nowMillis + retentionTimeMs
    this.write(groupId, request.topics, expireTimestamp, undefined, nowMillis, respond)
  }

  /** Handles TxnOffsetCommit (rule T9): the offsets count when the transaction commits. */
  commitTransactional(
    request: TxnOffsetCommitRequest,
    apiVersion: number,
    nowMillis: number,
    respond: Respond<OffsetCommitResponse>,
  ): void {
    const { groupId, memberId, groupInstanceId, generationId } = request
    let group = this.groups.find(groupId)
    if (group === undefined && generationId >= 0) {
      respond(commitError(request.topics, 'ILLEGAL_GENERATION'))
      return
    }
    group ??= this.groups.createSimple(groupId, nowMillis)
    const errorCode = group.validateOffsetCommit(memberId, groupInstanceId, generationId, true, apiVersion)
    if (errorCode !== 'NONE') {
      const told = errorCode === 'STALE_MEMBER_EPOCH' ? 'ILLEGAL_GENERATION' : errorCode
      respond(commitError(request.topics, told))
      return
    }
    this.write(groupId, request.topics, -1, request, nowMillis, respond)
  }

  /** Handles the marker with which a transaction ends; answered when it is replicated. */
  endTransaction(marker: TransactionMarker, nowMillis: number, respond: Respond<ErrorCode>): void {
    const result = this.log.appendMarker(marker)
    if (typeof result === 'string') {
      respond(result)
      return
    }
    const entries = this.store.endTransaction(marker.producerId, marker.transactionResult === 'COMMIT')
    this.expiry.noLaterThan(nowMillis)
    this.log.whenCommitted(new Reveal(this.store, entries))
    this.log.whenCommitted(new Answer<ErrorCode>('NONE', sameError, respond))
  }

  /**
   * Handles OffsetFetch of one group. What is not replicated yet is not read; with `requireStable` the answer waits
   * for it, and partitions with pending offsets of transactions get UNSTABLE_OFFSET_COMMIT.
   */
  fetch(request: OffsetFetchRequest, respond: Respond<OffsetFetchResponse>): void {
    const { groupId, requireStable } = request
    const group = this.groups.find(groupId)
    const errorCode =
      group?.validateOffsetFetch(request.memberId, request.memberEpoch) ?? 'GROUP_ID_NOT_FOUND'
    if (errorCode !== 'NONE' && errorCode !== 'GROUP_ID_NOT_FOUND') {
      respond({ groupId, errorCode, topics: [] })
      return
    }
    const offsets = errorCode === 'NONE' ? this.store.groups.get(groupId) : undefined
    const topics = readOffsets(offsets, request.topics, requireStable)
    const response: OffsetFetchResponse = { groupId, errorCode: 'NONE', topics }
    if (!requireStable) {
      respond(response)
      return
    }
    const failure = (appendError: ErrorCode): OffsetFetchResponse => ({
      groupId,
      errorCode: responseErrorOf(appendError),
      topics: [],
    })
    this.log.whenCommitted(new Answer(response, failure, respond))
  }

  /** Handles OffsetDelete; answered when it is replicated. */
  delete(request: OffsetDeleteRequest, nowMillis: number, respond: Respond<OffsetDeleteResponse>): void {
    const { groupId } = request
    const group = this.groups.find(groupId)
    const errorCode = group?.validateOffsetDelete() ?? 'GROUP_ID_NOT_FOUND'
    if (group === undefined || errorCode !== 'NONE') {
      respond({ errorCode, topics: [] })
      return
    }
    const entries: PartitionOffset[] = []
    const topics = request.topics.map(({ name, partitions }) => {
      const partitionError = group.isSubscribedTo(name) ? 'GROUP_SUBSCRIBED_TO_TOPIC' : 'NONE'
      for (const { partitionIndex } of partitionError === 'NONE' ? partitions : []) {
        const entry = this.store.groups.get(groupId)?.get(name, partitionIndex)
        if (entry !== undefined && isPresent(entry)) entries.push(entry)
      }
      const errors = partitions.map(({ partitionIndex }) => ({ partitionIndex, errorCode: partitionError }))
      return { name, partitions: errors as PartitionError[] }
    })
    const failure = (appendError: ErrorCode): OffsetDeleteResponse => ({
      errorCode: responseErrorOf(appendError),
      topics: [],
    })
    this.expiry.noLaterThan(nowMillis)
    const appendError = this.bury(entries, [])
    if (appendError !== 'NONE') respond(failure(appendError))
    else
      this.log.whenCommitted(
        new Answer<OffsetDeleteResponse>({ errorCode: 'NONE', topics }, failure, respond),
      )
  }

  /**
   * Deletes all offsets of a group, and more with them.
   * @param others records that are to be written in the same batch
   * @returns NONE, or why nothing was written
   */
  deleteAll(groupId: string, others: readonly GroupRecord[]): ErrorCode {
    const entries: PartitionOffset[] = []
    for (const partitions of this.store.groups.get(groupId)?.topics.values() ?? [])
      for (const entry of partitions.values()) if (isPresent(entry)) entries.push(entry)
    return this.bury(entries, others)
  }

  /** Topics were deleted, and with them the offsets that all groups have of them. */
  topicsDeleted(topics: ReadonlySet<string>): void {
    const entries: PartitionOffset[] = []
    for (const group of this.store.groups.values())
      for (const [topic, partitions] of group.topics)
        if (topics.has(topic))
          for (const entry of partitions.values()) if (isPresent(entry)) entries.push(entry)
    this.bury(entries, [])
  }

  /** Deletes what has expired of one group (rule O6). @returns whether nothing is left, not even pending offsets */
  expire(group: OffsetValidator, nowMillis: number): boolean {
    const offsets = this.store.groups.get(group.groupId)
    if (offsets === undefined) return true
    const retentionMs = this.config['offsets.retention.minutes'] * 60_000
    const expired: PartitionOffset[] = []
    let isAll = offsets.pendingCount === 0
    for (const [topic, partitions] of offsets.topics) {
      const isSubscribed = group.isSubscribedTo(topic)
      for (const entry of partitions.values()) {
        if (entry.latest === undefined) continue
        const atMillis = isSubscribed ? undefined : expiryMillis(group, entry.latest, retentionMs)
        if (atMillis !== undefined && atMillis <= nowMillis && !entry.hasPending) expired.push(entry)
        else {
          isAll = false
          if (atMillis !== undefined && !entry.hasPending) this.expiry.noLaterThan(atMillis)
        }
      }
    }
    this.bury(expired, [])
    return isAll
  }

  /**
   * Takes over an offset, a tombstone or a marker that the log has.
   * @param replicatedEnd where the replicated part of the log ends: readers see the rest when it is replicated too
   */
  load(entry: LogEntry, replicatedEnd: number): void {
    const { store } = this
    const reveal = (partitions: readonly PartitionOffset[]): void => {
      const write = new Reveal(store, partitions)
      if (entry.offset < replicatedEnd) write.committed()
      else this.log.whenCommitted(write)
    }
    if ('marker' in entry) {
      reveal(store.endTransaction(entry.producerId, entry.marker === 'COMMIT'))
    } else if (entry.record.kind === 'OffsetCommit') {
      const { group, topic, partition, value } = entry.record
      if (value === null) {
        const existing = store.groups.get(group)?.get(topic, partition)
        if (existing === undefined) return
        store.delete(existing)
        reveal([existing])
        return
      }
      const stored = storedOffset(value, entry.offset)
      if (entry.producerId === NO_PRODUCER_ID) reveal([store.put(group, topic, partition, stored)])
      else store.putPending(entry.producerId, group, topic, partition, stored)
    }
  }

  private write(
    groupId: string,
    topics: readonly OffsetCommitTopic[],
    expireTimestamp: number,
    producer: BatchProducer | undefined,
    nowMillis: number,
    respond: Respond<OffsetCommitResponse>,
  ): void {
    const records = this.recordsOf(groupId, topics, expireTimestamp, nowMillis)
    const response = {
      topics: topics.map(({ name, partitions }) => ({
        name,
        partitions: partitions.map((partition) => ({
          partitionIndex: partition.partitionIndex,
          errorCode: this.errorOf(partition),
        })),
      })),
    }
    if (records.length === 0) {
      respond(response)
      return
    }
    const result = this.log.append(records, producer)
    if (typeof result === 'string') {
      respond(commitError(topics, responseErrorOf(result)))
      return
    }
    const entries = this.apply(records, result, producer)
    this.expiry.noLaterThan(
      expireTimestamp === -1
        ? nowMillis + this.config['offsets.retention.minutes'] * 60_000
        : expireTimestamp,
    )
    this.log.whenCommitted(new OffsetWrite(this.store, entries, topics, response, respond))
  }

  private errorOf({ committedMetadata }: OffsetCommitPartition): ErrorCode {
    const isTooLarge =
      committedMetadata !== null && committedMetadata.length > this.config['offset.metadata.max.bytes']
    return isTooLarge ? 'OFFSET_METADATA_TOO_LARGE' : 'NONE'
  }

  /** What is to be written of a request. */
  private recordsOf(
    group: string,
    topics: readonly OffsetCommitTopic[],
    expireTimestamp: number,
    nowMillis: number,
  ): GroupRecord[] {
    let records = NO_RECORDS
    for (const { name: topic, partitions } of topics)
      for (const one of partitions) {
        if (this.errorOf(one) !== 'NONE') continue
        const value = committedValue(one, nowMillis, expireTimestamp)
        const record: GroupRecord = {
          kind: 'OffsetCommit',
          group,
          topic,
          partition: one.partitionIndex,
          value,
        }
        records = pushed(records, record)
      }
    return records
  }

  private apply(
    records: readonly GroupRecord[],
    baseOffset: number,
    producer: BatchProducer | undefined,
  ): PartitionOffset[] {
    let entries: PartitionOffset[] = NO_ENTRIES
    for (let at = 0; at < records.length; at++) {
      const record = records[at] as GroupRecord
      if (record.kind !== 'OffsetCommit' || record.value === null) continue
      const { group, topic, partition, value } = record
      const stored = storedOffset(value, baseOffset + at)
      if (producer !== undefined) this.store.putPending(producer.producerId, group, topic, partition, stored)
      else if (entries.length === 0) entries = [this.store.put(group, topic, partition, stored)]
      else entries.push(this.store.put(group, topic, partition, stored))
    }
    return entries
  }

  /** Writes tombstones, if there is anything to bury. @returns NONE, or why nothing was written */
  private bury(entries: readonly PartitionOffset[], others: readonly GroupRecord[]): ErrorCode {
    const records: GroupRecord[] = entries.map(({ groupId, topic, partition }) => ({
      kind: 'OffsetCommit',
      group: groupId,
      topic,
      partition,
      value: null,
    }))
    records.push(...others)
    if (records.length === 0) return 'NONE'
    const result = this.log.append(records)
    if (typeof result === 'string') return result
    for (const entry of entries) this.store.delete(entry)
    this.log.whenCommitted(new Reveal(this.store, entries))
    return 'NONE'
  }
}

function sameError(errorCode: ErrorCode): ErrorCode {
  return errorCode
}

function isPresent(entry: PartitionOffset): boolean {
  return entry.latest !== undefined || entry.hasPending
}

function expiryMillis(group: OffsetValidator, value: StoredOffset, retentionMs: number): number | undefined {
  const sinceMillis = group.retainedSinceMillis(value.commitTimestamp)
  if (sinceMillis === undefined) return undefined
  return value.expireTimestamp === -1 ? sinceMillis + retentionMs : value.expireTimestamp
}

function committedValue(
  partition: OffsetCommitPartition,
  nowMillis: number,
  expireTimestamp: number,
): OffsetCommitValue {
  return {
    offset: partition.committedOffset,
    leaderEpoch: partition.committedLeaderEpoch,
    metadata: partition.committedMetadata ?? '',
    commitTimestamp: nowMillis,
    expireTimestamp,
  }
}
