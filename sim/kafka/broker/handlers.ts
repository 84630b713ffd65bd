import type { ApiName, ApiRequest } from '../protocol/api.ts'
import type { Administration } from './administration.ts'
import type { BrokerContext } from './context.ts'
import type { Fetches } from './fetch.ts'
import type { Groups } from './groups.ts'
import type { MetadataAnswers } from './metadata-answer.ts'
import type { OffsetsAnswers } from './offsets-answer.ts'
import type { Produce } from './produce.ts'
import type { Replicas } from './replicas.ts'
import type { Respond } from './respond.ts'
import type { Transactions } from './transactions.ts'

/** The parts of a broker that handle requests. */
export interface Services {
  readonly context: BrokerContext
  readonly replicas: Replicas
  readonly produce: Produce
  readonly fetches: Fetches
  readonly metadata: MetadataAnswers
  readonly offsets: OffsetsAnswers
  readonly groups: Groups
  readonly transactions: Transactions
  readonly administration: Administration
}

type Handler<Api extends ApiName> = (
  services: Services,
  request: ApiRequest<Api>,
  respond: Respond<Api>,
) => void

/** Who handles which request: the same for all brokers, so that none has to make functions of its own. */
const HANDLERS: { readonly [Api in ApiName]: Handler<Api> } = {
  Produce: ({ produce }, request, respond) => produce.handle(request, respond),
  Fetch: ({ fetches }, { body }, respond) => fetches.handle(body, respond),
  ListOffsets: ({ offsets }, request, respond) => offsets.listOffsets(request, respond),
  OffsetForLeaderEpoch: ({ offsets }, request, respond) => offsets.offsetForLeaderEpoch(request, respond),
  DeleteRecords: ({ offsets }, request, respond) => offsets.deleteRecords(request, respond),
  Metadata: ({ metadata }, request, respond) => metadata.metadata(request, respond),
  DescribeTopicPartitions: ({ metadata }, request, respond) =>
    metadata.describeTopicPartitions(request, respond),
  FindCoordinator: ({ metadata }, request, respond) => metadata.findCoordinator(request, respond),
  JoinGroup: ({ groups }, request, respond) => groups.joinGroup(request, respond),
  SyncGroup: ({ groups }, request, respond) => groups.syncGroup(request, respond),
  Heartbeat: ({ groups }, request, respond) => groups.heartbeat(request, respond),
  LeaveGroup: ({ groups }, request, respond) => groups.leaveGroup(request, respond),
  ConsumerGroupHeartbeat: ({ groups }, request, respond) => groups.consumerGroupHeartbeat(request, respond),
  ConsumerGroupDescribe: ({ groups }, request, respond) => groups.consumerGroupDescribe(request, respond),
  DescribeGroups: ({ groups }, request, respond) => groups.describeGroups(request, respond),
  DeleteGroups: ({ groups }, request, respond) => groups.deleteGroups(request, respond),
  OffsetCommit: ({ groups }, request, respond) => groups.offsetCommit(request, respond),
  OffsetFetch: ({ groups }, request, respond) => groups.offsetFetch(request, respond),
  OffsetDelete: ({ groups }, request, respond) => groups.offsetDelete(request, respond),
  TxnOffsetCommit: ({ groups, replicas, transactions }, request, respond) =>
    groups.txnOffsetCommit(request, replicas, transactions, respond),
  InitProducerId: ({ transactions, context }, { body, apiVersion }, respond) =>
    transactions.coordinator.handleInitProducerId(body, apiVersion, context.nowMillis, respond),
  AddPartitionsToTxn: ({ transactions }, request, respond) =>
    transactions.addPartitionsToTxn(request, respond),
  AddOffsetsToTxn: ({ transactions, context }, { body, apiVersion }, respond) =>
    transactions.coordinator.handleAddOffsetsToTxn(body, apiVersion, context.nowMillis, respond),
  EndTxn: ({ transactions, context }, { body, apiVersion }, respond) =>
    transactions.coordinator.handleEndTxn(body, apiVersion, context.nowMillis, respond),
  WriteTxnMarkers: ({ transactions }, request, respond) => transactions.writeTxnMarkers(request, respond),
  DescribeTransactions: ({ transactions: { coordinator } }, { body }, respond) =>
    respond({ transactionStates: body.transactionalIds.map((id) => coordinator.describe(id)) }),
  CreateTopics: ({ administration }, request, respond) => administration.createTopics(request, respond),
  DeleteTopics: ({ administration }, request, respond) => administration.deleteTopics(request, respond),
  CreatePartitions: ({ administration }, request, respond) =>
    administration.createPartitions(request, respond),
  ElectLeaders: ({ administration }, request, respond) => administration.electLeaders(request, respond),
}

/** Has a request handled by whom it is for. */
export function dispatch<Api extends ApiName>(
  services: Services,
  request: ApiRequest<Api>,
  respond: Respond<Api>,
): void {
  const handler = HANDLERS[request.api] as Handler<Api>
  handler(services, request, respond)
}
