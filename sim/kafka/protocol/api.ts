import type {
  ConsumerGroupHeartbeatRequest,
  ConsumerGroupHeartbeatResponse,
} from '../coordinator/consumer-group-heartbeat.ts'
import type {
  HeartbeatRequest,
  HeartbeatResponse,
  JoinGroupRequest,
  JoinGroupResponse,
  LeaveGroupRequest,
  LeaveGroupResponse,
  SyncGroupRequest,
  SyncGroupResponse,
} from '../coordinator/group-message.ts'
import type {
  OffsetCommitRequest,
  OffsetCommitResponse,
  OffsetFetchRequest,
  OffsetFetchResponse,
} from '../coordinator/offset-message.ts'
import type { WriteTxnMarkersRequest, WriteTxnMarkersResponse } from '../transaction/marker.ts'
import type {
  AddOffsetsToTxnRequest,
  AddOffsetsToTxnResponse,
  AddPartitionsToTxnBatchRequest,
  AddPartitionsToTxnBatchResponse,
  AddPartitionsToTxnRequest,
  AddPartitionsToTxnResponse,
  EndTxnRequest,
  EndTxnResponse,
  FindCoordinatorRequest,
  FindCoordinatorResponse,
  InitProducerIdRequest,
  InitProducerIdResponse,
  TxnOffsetCommitRequest,
  TxnOffsetCommitResponse,
} from '../transaction/message.ts'
import type {
  FetchRequestData,
  FetchResponseData,
  ListOffsetsRequestData,
  ListOffsetsResponseData,
  OffsetForLeaderEpochRequestData,
  OffsetForLeaderEpochResponseData,
} from './fetch.ts'
import type { MetadataRequestData, MetadataResponseData } from './metadata.ts'
import type { ProduceRequestData, ProduceResponseData } from './produce.ts'

/** A request of Kafka's protocol and its answer. */
interface Exchange<Request, Response> {
  readonly request: Request
  readonly response: Response
}

/** The APIs that clients and brokers speak, by their names in Kafka (ApiKeys). */
export interface Apis {
  readonly Produce: Exchange<ProduceRequestData, ProduceResponseData>
  readonly Fetch: Exchange<FetchRequestData, FetchResponseData>
  readonly ListOffsets: Exchange<ListOffsetsRequestData, ListOffsetsResponseData>
  readonly OffsetForLeaderEpoch: Exchange<OffsetForLeaderEpochRequestData, OffsetForLeaderEpochResponseData>
  readonly Metadata: Exchange<MetadataRequestData, MetadataResponseData>
  readonly FindCoordinator: Exchange<FindCoordinatorRequest, FindCoordinatorResponse>
  readonly JoinGroup: Exchange<JoinGroupRequest, JoinGroupResponse>
  readonly SyncGroup: Exchange<SyncGroupRequest, SyncGroupResponse>
  readonly Heartbeat: Exchange<HeartbeatRequest, HeartbeatResponse>
  readonly LeaveGroup: Exchange<LeaveGroupRequest, LeaveGroupResponse>
  readonly ConsumerGroupHeartbeat: Exchange<ConsumerGroupHeartbeatRequest, ConsumerGroupHeartbeatResponse>
  readonly OffsetCommit: Exchange<OffsetCommitRequest, OffsetCommitResponse>
  readonly OffsetFetch: Exchange<OffsetFetchRequest, OffsetFetchResponse>
  readonly InitProducerId: Exchange<InitProducerIdRequest, InitProducerIdResponse>
  /** Version 3 and below: of clients; the request of version 4, of brokers, holds many transactions. */
  readonly AddPartitionsToTxn: Exchange<
    AddPartitionsToTxnRequest | AddPartitionsToTxnBatchRequest,
    AddPartitionsToTxnResponse | AddPartitionsToTxnBatchResponse
  >
  readonly AddOffsetsToTxn: Exchange<AddOffsetsToTxnRequest, AddOffsetsToTxnResponse>
  readonly TxnOffsetCommit: Exchange<TxnOffsetCommitRequest, TxnOffsetCommitResponse>
  readonly EndTxn: Exchange<EndTxnRequest, EndTxnResponse>
  readonly WriteTxnMarkers: Exchange<WriteTxnMarkersRequest, WriteTxnMarkersResponse>
}

export type ApiName = keyof Apis

export type RequestOf<Api extends ApiName> = Apis[Api]['request']
export type ResponseOf<Api extends ApiName> = Apis[Api]['response']

/** The request and its header. */
export interface ApiRequest<Api extends ApiName = ApiName> {
  readonly api: Api
  readonly apiVersion: number
  readonly clientId: string
  readonly body: RequestOf<Api>
  /** After which the client gives up and breaks the connection, so that all its requests to that node fail. */
  readonly timeoutMillis: number
}

/**
 * Hears how a request ended, once, and not before `send` has returned.
 * @param response undefined: the connection broke or the request timed out, and nobody knows whether it had an effect
 */
export type Answered<Api extends ApiName> = (response: ResponseOf<Api> | undefined, nowMillis: number) => void

/**
 * How clients and brokers reach brokers: one connection to each node, on which requests arrive in the order in which
 * they were sent, and answers come back in that order too, as far as the connection lasts.
 */
export interface Channel {
  send<Api extends ApiName>(nodeId: number, request: ApiRequest<Api>, answered: Answered<Api>): void
}
