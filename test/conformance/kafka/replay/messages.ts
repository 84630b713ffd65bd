import {
  BATCH_OVERHEAD_BYTES,
  headerSizeInBytes,
  type LogRecord,
  markerOf,
  NO_TIMESTAMP,
  RecordBatch,
  recordSizeInBytes,
} from '../../../../sim/kafka/log/batch.ts'
import type { ApiName, ApiRequest, RequestOf, ResponseOf } from '../../../../sim/kafka/protocol/api.ts'
import { NO_SESSION } from '../../../../sim/kafka/protocol/fetch.ts'
import type { Fields, RequestStep, Value } from '../history.ts'

/** A request of a history as one or more requests of the simulator, and how to put the answers together. */
export interface Exchange {
  readonly requests: readonly ApiRequest[]
  readonly answer: (responses: readonly unknown[]) => Fields
}

// biome-ignore lint/suspicious/noExplicitAny: messages of a history are plain data of many shapes
type Any = any

const utf8 = (text: string): number => new TextEncoder().encode(text).length
const bytesOf = (value: unknown): number => (value === null || value === undefined ? -1 : utf8(String(value)))

/**
 * Fields that the simulator does not have, with the one value that they have in the recordings: reading from followers
 * (KIP-392), compression, pages of descriptions, and whether a described member speaks the protocol of consumer groups.
 */
const NOT_SIMULATED = {
  preferredReadReplica: -1,
  compression: 'none',
  nextCursor: null,
  memberType: 1,
} as const

/** A batch that a client sent. */
export function batchOf(fields: Any): RecordBatch {
  const first = fields.records[0]?.timestamp ?? 0
  let sizeInBytes = BATCH_OVERHEAD_BYTES
  let maxTimestamp = NO_TIMESTAMP
  const records = fields.records.map((record: Any, offsetDelta: number): LogRecord => {
    const headers = Object.entries(record.headers ?? {}).map(([key, value]) => ({ key, value }))
    let headerBytes = 0
    for (const { key, value } of headers) headerBytes += headerSizeInBytes(utf8(key), bytesOf(value))
    const size = recordSizeInBytes(
      offsetDelta,
      record.timestamp - first,
      bytesOf(record.key),
      bytesOf(record.value),
      headers.length,
      headerBytes,
    )
    sizeInBytes += size
    maxTimestamp = Math.max(maxTimestamp, record.timestamp)
    const { key, value, timestamp } = record
    return { offsetDelta, timestamp, key, value, headers, sizeInBytes: size }
  })
  return new RecordBatch(
    {
      baseOffset: 0,
      lastOffsetDelta: fields.lastOffset - fields.baseOffset,
      partitionLeaderEpoch: -1,
      producerId: fields.producerId,
      producerEpoch: fields.producerEpoch,
      baseSequence: fields.baseSequence,
      isTransactional: fields.isTransactional,
      isControl: fields.isControl,
      timestampType: 'CreateTime',
      maxTimestamp,
      deleteHorizonMillis: NO_TIMESTAMP,
      records,
      sizeInBytes,
      isValid: fields.corrupt !== true,
    },
    fields.baseOffset,
    -1,
    NO_TIMESTAMP,
  )
}

/** A batch as a history shows it. */
function shownBatch(batch: RecordBatch): Fields {
  const { producerId, producerEpoch, baseSequence, isTransactional, isControl, timestampType } = batch
  const records = batch.records.map((record): Fields => {
    const offset = batch.baseOffset + record.offsetDelta
    const marker = isControl ? markerOf(batch) : undefined
    if (marker !== undefined) return { offset, ...marker }
    const { key, value, headers } = record
    const shown = { offset, timestamp: batch.timestampOf(record), key, value: value as Value }
    if (headers.length === 0) return shown
    return {
      ...shown,
      headers: Object.fromEntries(headers.map((header) => [header.key, header.value as Value])),
    }
  })
  const { baseOffset, lastOffset, partitionLeaderEpoch, sizeInBytes } = batch
  return {
    baseOffset,
    lastOffset,
    partitionLeaderEpoch,
    producerId,
    producerEpoch,
    baseSequence,
    isTransactional,
    isControl,
    timestampType,
    compression: NOT_SIMULATED.compression,
    ...(batch.deleteHorizonMillis === NO_TIMESTAMP ? {} : { hasDeleteHorizon: true }),
    sizeInBytes,
    records,
  }
}

const byTopicId = ({ topicId, ...rest }: Any): Any => ({ topicName: topicId, ...rest })
const byTopicName = ({ topicName, ...rest }: Any): Any => ({ topicId: topicName, ...rest })

/** How bodies of requests differ from those of the simulator. */
const REQUESTS: { readonly [Api in ApiName]?: (body: Any) => RequestOf<Api> } = {
  Produce: (body) => ({
    ...body,
    topicData: body.topicData.map(({ name, partitionData }: Any) => ({
      name,
      partitionData: partitionData.map(({ index, records }: Any) => ({
        index,
        records: batchOf(records[0]),
      })),
    })),
  }),
  Fetch: (body) => ({
    ...body,
    replicaEpoch: -1,
    isolationLevel: body.isolationLevel === 1 ? 'read_committed' : 'read_uncommitted',
  }),
  ListOffsets: (body) => ({
    ...body,
    isolationLevel: body.isolationLevel === 1 ? 'read_committed' : 'read_uncommitted',
  }),
  Metadata: ({ allowAutoTopicCreation, ...body }) => ({
    ...body,
    allowAutoCreateTopics: allowAutoTopicCreation,
  }),
  ElectLeaders: (body) => ({ ...body, electionType: body.electionType === 1 ? 'UNCLEAN' : 'PREFERRED' }),
  JoinGroup: (body) => ({ groupInstanceId: null, ...body }),
  OffsetCommit: (body) => ({ ...body, retentionTimeMs: -1 }),
  ConsumerGroupHeartbeat: (body) => ({
    ...body,
    topicPartitions: body.topicPartitions?.map(byTopicId) ?? null,
  }),
  WriteTxnMarkers: (body) => ({
    markers: body.markers.map((marker: Any) => ({ ...marker, transactionVersion: 0 })),
  }),
}

/** null in answers to those who read everything, unless it was refused before a log was asked. */
const showsAborted = (request: Fields, errorCode: string): boolean =>
  errorCode === 'UNKNOWN_TOPIC_OR_PARTITION' || (request.isolationLevel === 1 && errorCode === 'NONE')

/** The bytes of a consumer's subscription (version 3), as text: that is how a history shows them here. */
function subscriptionText({ topics }: Any): string {
  const bytes: number[] = [0, 3, 0, 0, 0, topics.length]
  for (const topic of topics) bytes.push(0, topic.length, ...new TextEncoder().encode(topic))
  const nothing = [0xff, 0xff, 0xff, 0xff]
  bytes.push(...nothing, 0, 0, 0, 0, ...nothing, 0xff, 0xff)
  return new TextDecoder().decode(new Uint8Array(bytes))
}

/** How answers of the simulator differ from those of a history. */
const RESPONSES: { readonly [Api in ApiName]?: (response: Any, step: RequestStep) => Any } = {
  Fetch: (response: ResponseOf<'Fetch'>, { request }) => ({
    errorCode: response.errorCode,
    sessionId: response.sessionId ?? NO_SESSION,
    responses: response.responses.map(({ topic, partitions }) => ({
      topic,
      partitions: partitions.map((partition) => {
        const { partitionIndex, errorCode, highWatermark, lastStableOffset, logStartOffset } = partition
        const aborted = partition.abortedTransactions.map(({ producerId, firstOffset }) => ({
          producerId,
          firstOffset,
        }))
        const diverging = partition.divergingEpoch
        return {
          partitionIndex,
          errorCode,
          highWatermark,
          lastStableOffset,
          logStartOffset,
          abortedTransactions: showsAborted(request, errorCode) ? aborted : null,
          preferredReadReplica: NOT_SIMULATED.preferredReadReplica,
          records: partition.batches.map(shownBatch),
          ...(diverging === undefined ? {} : { divergingEpoch: diverging }),
        }
      }),
    })),
  }),
  Metadata: ({ controllerId: _, ...response }) => ({
    ...response,
    brokers: response.brokers.map(({ nodeId }: Any) => ({ nodeId })),
  }),
  DescribeTopicPartitions: (response) => ({ ...response, nextCursor: NOT_SIMULATED.nextCursor }),
  JoinGroup: (response, { apiVersion }) => {
    if (apiVersion >= 7) return response
    const { protocolType: _, skipAssignment: __, members, ...rest } = response
    return {
      ...rest,
      protocolName: rest.protocolName ?? '',
      members: members.map(({ memberId, metadata }: Any) => ({ memberId, metadata })),
    }
  },
  SyncGroup: (response) => ({ ...response, assignment: response.assignment ?? '' }),
  DescribeGroups: ({ groups }) => ({
    groups: groups.map((group: Any) => ({
      ...group,
      members: group.members.map((member: Any) => ({
        ...member,
        memberMetadata: member.memberMetadata?.topics
          ? subscriptionText(member.memberMetadata)
          : (member.memberMetadata ?? ''),
        memberAssignment: member.memberAssignment ?? '',
      })),
    })),
  }),
  ConsumerGroupHeartbeat: (response) => ({
    ...response,
    assignment:
      response.assignment === null
        ? null
        : { topicPartitions: response.assignment.topicPartitions.map(byTopicName) },
  }),
  ConsumerGroupDescribe: ({ groups }) => ({
    groups: groups.map((group: Any) => ({
      ...group,
      members: group.members.map((member: Any) => ({ ...member, memberType: NOT_SIMULATED.memberType })),
    })),
  }),
  EndTxn: ({ errorCode, ...rest }, { apiVersion }) =>
    apiVersion >= 5 ? { errorCode, ...rest } : { errorCode },
}

/** The exchange of a step. @param request with real ids and moments in place of symbols @param isCorrupt of batches with a wrong checksum */
export function exchangeOf(step: RequestStep, request: Fields, isCorrupt: boolean): Exchange {
  const { apiVersion, client: clientId } = step
  const api = step.api as ApiName
  const one = (body: Any): ApiRequest => ({
    api,
    apiVersion,
    clientId,
    body: (REQUESTS[api] as ((body: Any) => Any) | undefined)?.(body) ?? body,
    timeoutMillis: 60_000,
  })
  const shown = (response: unknown): Any =>
    (RESPONSES[api] as ((response: Any, step: RequestStep) => Any) | undefined)?.(response, step) ?? response
  if (api === 'OffsetFetch') {
    const { groups, requireStable } = request as Any
    return {
      requests: groups.map((group: Any) => one({ memberId: null, memberEpoch: -1, ...group, requireStable })),
      answer: (responses) => ({ groups: responses as Value[] }),
    }
  }
  if (api === 'FindCoordinator') {
    const { keyType, coordinatorKeys } = request as Any
    const name = keyType === 1 ? 'TRANSACTION' : 'GROUP'
    return {
      requests: coordinatorKeys.map((key: string) => one({ keyType: name, key })),
      answer: (responses) => ({
        coordinators: responses.map((response, at) => ({
          key: coordinatorKeys[at],
          ...(response as Fields),
        })),
      }),
    }
  }
  if (isCorrupt)
    for (const { partitionData } of (request as Any).topicData)
      for (const { records } of partitionData) records[0].corrupt = true
  return { requests: [one(request)], answer: ([response]) => shown(response) }
}
