import { pushed } from '../../kernel/list.ts'
import { Deadline } from '../coordinator/deadlines.ts'
import type { ErrorCode } from '../error-code.ts'
import { type AppendSource, CLIENT_APPEND } from '../log/append.ts'
import type { RecordBatch } from '../log/batch.ts'
import { recordErrorsOf } from '../log/validation.ts'
import { SENTINEL_GUARD, type VerificationGuard } from '../log/verification.ts'
import type { ApiRequest } from '../protocol/api.ts'
import type {
  ProducePartitionResponse,
  ProduceRequestData,
  ProduceResponseData,
  RecordError,
} from '../protocol/produce.ts'
import { type PartitionName, partitionName } from '../transaction/topic-partition.ts'
import { produceSupport, type TransactionSupport } from '../transaction/verifier.ts'
import type { BrokerContext } from './context.ts'
import type { Replica, Watcher } from './replica.ts'
import type { Replicas } from './replicas.ts'
import type { Respond } from './respond.ts'
import { isInternal } from './topic.ts'
import type { Transactions } from './transactions.ts'

/** Produce from this version on says who leads instead (KIP-951). */
const CURRENT_LEADER_VERSION = 10

/** With these a leader does not say where its log starts. Source: ReplicaManager.appendRecordsToLeader. */
const EXPECTED_ERRORS: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  'UNKNOWN_TOPIC_OR_PARTITION',
  'NOT_LEADER_OR_FOLLOWER',
  'MESSAGE_TOO_LARGE',
  'RECORD_LIST_TOO_LARGE',
  'CORRUPT_MESSAGE',
  'KAFKA_STORAGE_ERROR',
])

const NO_RECORD_ERRORS: readonly RecordError[] = []

/** A batch on its way into a log. */
interface Incoming {
  readonly topic: string
  readonly index: number
  readonly batch: RecordBatch
  guard: VerificationGuard
}

/** What is to be answered of one partition; as long as it is replicated nowhere else, and after it is. */
interface Status {
  readonly topic: string
  readonly response: ProducePartitionResponse
  /** Set while it waits to be replicated. */
  readonly replica: Replica | undefined
  readonly requiredOffset: number
}

/** Handles Produce (rules A1 to A5, S7). Source: KafkaApis.handleProduceRequest, ReplicaManager.appendRecords. */
export class Produce {
  private readonly context: BrokerContext
  private readonly replicas: Replicas
  private readonly transactions: Transactions

  constructor(context: BrokerContext, replicas: Replicas, transactions: Transactions) {
    this.context = context
    this.replicas = replicas
    this.transactions = transactions
  }

  handle(request: ApiRequest<'Produce'>, respond: Respond<'Produce'>): void {
    const { transactionalId } = request.body
    const incoming = incomingOf(request.body)
    if (transactionalId === null || !incoming.some(isTransactional)) {
      this.append(request, incoming, undefined, respond)
      return
    }
    const support = produceSupport(request.apiVersion)
    this.verify(transactionalId, support, incoming.filter(isTransactional), (errors) =>
      this.append(request, incoming, errors, respond),
    )
  }

  /** Has the transactions of batches verified that begin one in their partition (rule S7). */
  private verify(
    transactionalId: string,
    support: TransactionSupport,
    incoming: readonly Incoming[],
    done: (errors: ReadonlyMap<PartitionName, ErrorCode>) => void,
  ): void {
    const { verifier } = this.transactions
    const errors = new Map<PartitionName, ErrorCode>()
    const partitions: PartitionName[] = []
    for (const one of verifier.isNeeded(support) ? incoming : []) {
      const name = partitionName(one.topic, one.index)
      const guard = this.beginVerification(one, support)
      if (typeof guard === 'string') errors.set(name, guard)
      else if (guard !== SENTINEL_GUARD) {
        one.guard = guard
        partitions.push(name)
      }
    }
    const first = incoming[0]
    if (partitions.length === 0 || first === undefined) {
      done(errors)
      return
    }
    const { producerId, producerEpoch } = first.batch
    const verification = { transactionalId, producerId, producerEpoch, partitions, support }
    verifier.verifyForProduce(verification, this.context.nowMillis, (found, nowMillis) => {
      this.context.nowMillis = nowMillis
      for (const [name, error] of found) errors.set(name, error)
      done(errors)
      this.context.settle()
    })
  }

  private beginVerification(
    { topic, index, batch }: Incoming,
    support: TransactionSupport,
  ): VerificationGuard | ErrorCode {
    const replica = this.replicas.leader(topic, index)
    if (typeof replica === 'string') return replica
    const { producerId, baseSequence, producerEpoch } = batch
    const bumps = support === 'add-partition'
    const { nowMillis } = this.context
    return replica.log.producers.beginVerification(producerId, baseSequence, producerEpoch, bumps, nowMillis)
  }

  private append(
    { body, apiVersion, clientId }: ApiRequest<'Produce'>,
    incoming: readonly Incoming[],
    errors: ReadonlyMap<PartitionName, ErrorCode> | undefined,
    respond: Respond<'Produce'>,
  ): void {
    const { acks } = body
    const isValidAcks = acks === -1 || acks === 0 || acks === 1
    const statuses = incoming.map((one) => {
      const found = errors?.get(partitionName(one.topic, one.index)) ?? this.refusal(one, clientId)
      const error = isValidAcks ? found : 'INVALID_REQUIRED_ACKS'
      return this.withLeader(error === 'NONE' ? this.appendOne(one, acks) : failed(one, error), apiVersion)
    })
    if (acks === 0) {
      // Nobody waits for an answer: to hang up is all that a broker can say.
      if (statuses.some(({ response }) => response.errorCode !== 'NONE')) respond(undefined)
      return
    }
    const isWaiting = acks === -1 && statuses.some(({ replica }) => replica !== undefined)
    if (isWaiting) new DelayedProduce(this.context, body, statuses, respond).park()
    else respond(answerOf(body, statuses))
  }

  private refusal({ topic, index }: Incoming, clientId: string): ErrorCode {
    if (this.context.metadata.partition(topic, index) === undefined) return 'UNKNOWN_TOPIC_OR_PARTITION'
    return isInternal(topic) && clientId !== '__admin_client' ? 'INVALID_TOPIC_EXCEPTION' : 'NONE'
  }

  private appendOne(one: Incoming, acks: number): Status {
    const { topic, index, batch, guard } = one
    const replica = this.replicas.lookUp(topic, index)
    if (typeof replica === 'string') return failed(one, replica)
    const source: AppendSource =
      guard === SENTINEL_GUARD ? CLIENT_APPEND : { ...CLIENT_APPEND, verificationGuard: guard }
    const result = replica.partition.append(batch, acks, this.context.nowMillis, source)
    if (result.errorCode !== 'NONE') {
      if (EXPECTED_ERRORS.has(result.errorCode)) return failed(one, result.errorCode)
      const { nowMillis } = this.context
      const recordErrors = recordErrorsOf(result.errorCode, batch, replica.log.config, nowMillis)
      return failed(one, result.errorCode, replica.log.logStartOffset, recordErrors)
    }
    this.context.touch(replica)
    if (!result.isDuplicate) this.context.host.observer?.appended(topic, index, batch, result.firstOffset)
    return {
      topic,
      response: {
        index,
        errorCode: 'NONE',
        baseOffset: result.firstOffset,
        logAppendTimeMs: result.logAppendTimeMillis,
        logStartOffset: result.logStartOffset,
        recordErrors: NO_RECORD_ERRORS,
      },
      replica,
      requiredOffset: result.lastOffset + 1,
    }
  }

  private withLeader(status: Status, apiVersion: number): Status {
    if (status.response.errorCode !== 'NOT_LEADER_OR_FOLLOWER' || apiVersion < CURRENT_LEADER_VERSION)
      return status
    const known = this.context.metadata.partition(status.topic, status.response.index)
    if (known === undefined) return status
    const { leader: leaderId, leaderEpoch } = known
    return { ...status, response: { ...status.response, currentLeader: { leaderId, leaderEpoch } } }
  }
}

/** The batches of a request. */
function incomingOf({ topicData }: ProduceRequestData): Incoming[] {
  let incoming: Incoming[] = []
  for (const { name: topic, partitionData } of topicData)
    for (const { index, records: batch } of partitionData)
      incoming = pushed(incoming, { topic, index, batch, guard: SENTINEL_GUARD })
  return incoming
}

const isTransactional = ({ batch }: Incoming): boolean => batch.isTransactional

function failed(
  { topic, index }: Incoming,
  errorCode: ErrorCode,
  logStartOffset = -1,
  recordErrors: readonly RecordError[] = NO_RECORD_ERRORS,
): Status {
  const nowhere = { baseOffset: -1, logAppendTimeMs: -1, logStartOffset, recordErrors }
  return { topic, response: { index, errorCode, ...nowhere }, replica: undefined, requiredOffset: 0 }
}

function answerOf({ topicData }: ProduceRequestData, statuses: readonly Status[]): ProduceResponseData {
  let at = 0
  return {
    responses: topicData.map(({ name, partitionData }) => ({
      name,
      partitionResponses: partitionData.map(() => (statuses[at++] as Status).response),
    })),
  }
}

/** A produce request that waits for its batches to be replicated (rules A3, A4). Source: DelayedProduce. */
class DelayedProduce extends Deadline implements Watcher {
  private readonly context: BrokerContext
  private readonly request: ProduceRequestData
  private readonly statuses: Status[]
  private readonly respond: Respond<'Produce'>

  constructor(
    context: BrokerContext,
    request: ProduceRequestData,
    statuses: Status[],
    respond: Respond<'Produce'>,
  ) {
    super()
    this.context = context
    this.request = request
    this.statuses = statuses
    this.respond = respond
  }

  park(): void {
    const { nowMillis, timers } = this.context
    if (this.isComplete()) return
    for (const { replica } of this.statuses) replica?.watch(this)
    timers.set(this, nowMillis + this.request.timeoutMs)
  }

  look(): void {
    this.isComplete()
  }

  expire(): void {
    for (const [at, status] of this.statuses.entries())
      if (status.replica !== undefined) this.settle(at, status, 'REQUEST_TIMED_OUT')
    this.respond(answerOf(this.request, this.statuses))
  }

  private isComplete(): boolean {
    let isWaiting = false
    for (let at = 0; at < this.statuses.length; at++) {
      const status = this.statuses[at] as Status
      if (status.replica === undefined) continue
      const { done, errorCode } = status.replica.partition.progress(status.requiredOffset)
      if (done) this.settle(at, status, errorCode)
      else isWaiting = true
    }
    if (isWaiting) return false
    this.context.timers.cancel(this)
    this.respond(answerOf(this.request, this.statuses))
    return true
  }

  private settle(at: number, status: Status, errorCode: ErrorCode): void {
    const { replica, topic, requiredOffset } = status
    let { response } = status
    if (response.errorCode !== errorCode) response = Object.assign({}, response, { errorCode })
    this.statuses[at] = { topic, response, replica: undefined, requiredOffset }
    if (replica !== undefined && this.statuses.every((other) => other.replica !== replica))
      replica.unwatch(this)
  }
}
