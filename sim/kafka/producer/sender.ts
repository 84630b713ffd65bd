import type { RecordBatch } from '../log/batch.ts'
import type { Answered, ApiName, Channel, RequestOf, ResponseOf } from '../protocol/api.ts'
import type { Acks, ProducePartitionResponse, ProduceResponseData } from '../protocol/produce.ts'
import { assignSequence, mustWait, resolveSequences } from '../transaction/batch-recovery.ts'
import { ProducerError } from '../transaction/client-error.ts'
import type { TransactionalRequest } from '../transaction/client-request.ts'
import { nextSenderStep, unsentFailure } from '../transaction/sender-step.ts'
import { NO_SEQUENCE } from '../transaction/sequence.ts'
import type { TransactionManager } from '../transaction/transaction-manager.ts'
import { Accumulator } from './accumulator.ts'
import type { RandomBelow } from './backoff.ts'
import type { ProducerBatch } from './batch.ts'
import { BatchCompletion } from './completion.ts'
import type { ProducerConfig } from './config.ts'
import { Connections } from './connections.ts'
import { isStaleMetadata, type MetadataQuery, ProducerMetadata } from './metadata.ts'

const METADATA_VERSION = 12
const PRODUCE_VERSION = 12
/** The last version in which a produced batch does not add its partition to the transaction (KIP-890). */
const PRODUCE_VERSION_BEFORE_TRANSACTION_V2 = 11

/** A request of the transaction manager that waits for its back-off or its broker; nothing else is sent before it. */
interface HeldRequest {
  readonly request: TransactionalRequest
  readonly nodeId: number | undefined
  readonly atMillis: number
}

/** What a sender tells its producer. */
export interface SenderOwner {
  /** Leaders have changed: who waits for a topic may go on. */
  metadataUpdated(nowMillis: number): void
  /** Batches may have ended, or states changed. */
  sent(nowMillis: number): void
}

/**
 * Sends what the accumulator holds, what the transaction manager asks for and requests for metadata, and takes the
 * answers. `run` is one go of Kafka's sender thread until nothing is left to do at that time. Source: Sender of Kafka
 * 4.x.
 */
export class Sender {
  readonly metadata: ProducerMetadata
  readonly accumulator: Accumulator
  readonly connections: Connections
  isStopped = false
  private readonly acks: Acks
  private readonly maxRequestBytes: number
  private readonly requestTimeoutMillis: number
  private readonly mutes: boolean
  private readonly transactionalId: string | null
  private readonly manager: TransactionManager | undefined
  private readonly completion: BatchCompletion
  private readonly owner: SenderOwner
  private isBusy = false
  private isWoken = false
  private held: HeldRequest | undefined = undefined
  private unanswered: ProducerBatch[] = []
  private retryNodeMillis = Number.POSITIVE_INFINITY
  private heldUntilMillis = Number.POSITIVE_INFINITY
  private expiryMillis = Number.POSITIVE_INFINITY
  private metadataMillis = Number.POSITIVE_INFINITY
  private nextMillis = Number.POSITIVE_INFINITY

  constructor(
    config: ProducerConfig,
    channel: Channel,
    bootstrapNodes: readonly number[],
    randomBelow: RandomBelow,
    manager: TransactionManager | undefined,
    owner: SenderOwner,
  ) {
    this.acks = Number(config.acks) as Acks
    this.maxRequestBytes = config['max.request.size']
    this.requestTimeoutMillis = config['request.timeout.ms']
    this.mutes = config['max.in.flight.requests.per.connection'] === 1
    this.transactionalId = config['transactional.id']
    this.manager = manager
    this.owner = owner
    this.metadata = new ProducerMetadata(config, bootstrapNodes, randomBelow)
    this.accumulator = new Accumulator(config, this.metadata, randomBelow)
    this.connections = new Connections(config, channel, randomBelow)
    this.completion = new BatchCompletion(config, this.accumulator, manager, randomBelow)
  }

  /** Whether nothing waits and nothing is under way. */
  get isIdle(): boolean {
    return (
      !this.accumulator.hasUndrained && this.connections.inFlightCount === 0 && this.unanswered.length === 0
    )
  }

  /** When it has something to do unless something happens before; Infinity if never. */
  nextDeadlineMillis(): number {
    return this.nextMillis
  }

  /** Does what has become due. */
  advance(nowMillis: number): void {
    if (this.nextMillis > nowMillis) return
    this.isBusy = true
    const written = this.unanswered
    this.unanswered = []
    for (const batch of written) this.settle(batch, unansweredResponse(batch), nowMillis)
    this.isBusy = false
    this.run(nowMillis)
  }

  /** Something has changed: looks what is to be sent. Called by callbacks, it looks when they have returned. */
  run(nowMillis: number): void {
    this.isWoken = true
    if (this.isBusy) return
    this.isBusy = true
    while (this.isWoken && !this.isStopped) {
      this.isWoken = false
      this.retryNodeMillis = Number.POSITIVE_INFINITY
      this.heldUntilMillis = Number.POSITIVE_INFINITY
      this.expiryMillis = Number.POSITIVE_INFINITY
      this.accumulator.nextCheckMillis = Number.POSITIVE_INFINITY
      this.runOnce(nowMillis)
      this.updateMetadata(nowMillis)
      this.owner.sent(nowMillis)
    }
    this.isBusy = false
    this.nextMillis = this.isStopped ? Number.POSITIVE_INFINITY : this.earliestMillis(nowMillis)
  }

  /** Ends for good: batches fail, answers are not heard. */
  stop(error: ProducerError): void {
    this.isStopped = true
    this.nextMillis = Number.POSITIVE_INFINITY
    this.manager?.close()
    this.accumulator.abort(error, () => true)
  }

  private earliestMillis(nowMillis: number): number {
    if (this.unanswered.length > 0) return nowMillis
    return Math.min(
      this.accumulator.nextCheckMillis,
      this.retryNodeMillis,
      this.heldUntilMillis,
      this.metadataMillis,
      this.expiryMillis,
    )
  }

  private runOnce(nowMillis: number): void {
    if (this.manager !== undefined && this.runTransactions(this.manager, nowMillis)) return
    this.produce(nowMillis)
  }

  /** @returns true if nothing else is to be sent now */
  private runTransactions(manager: TransactionManager, nowMillis: number): boolean {
    const { accumulator } = this
    resolveSequences(manager)
    if (manager.state === 'FATAL_ERROR') {
      accumulator.abort(manager.lastError as ProducerError, () => true)
      return true
    }
    manager.bumpEpochAndResetIdIfNeeded()
    if (this.held !== undefined) return this.sendHeld(manager, this.held, nowMillis)
    if (!manager.hasInFlightRequest) {
      const failure = unsentFailure(manager)
      if (failure !== undefined)
        accumulator.abort(failure, ({ baseSequence }) => baseSequence === NO_SEQUENCE)
      // As in Kafka it is never taken back: from the first commit on nothing lingers.
      if (manager.isCompleting && accumulator.flushes === 0) accumulator.flushes += 1
    }
    const step = nextSenderStep(manager, accumulator.incomplete.size > 0)
    if (step.kind !== 'send') return step.kind === 'wait'
    const { request, nodeId, delayMillis } = step
    return this.sendHeld(manager, { request, nodeId, atMillis: nowMillis + delayMillis }, nowMillis)
  }

  /** Sends a request, or holds it until it may be sent. */
  private sendHeld(manager: TransactionManager, held: HeldRequest, nowMillis: number): true {
    this.held = held
    if (nowMillis < held.atMillis) {
      this.heldUntilMillis = held.atMillis
      return true
    }
    const { request } = held
    const nodeId = held.nodeId ?? this.connections.leastLoaded(this.metadata.nodes, nowMillis)
    if (nodeId === undefined || !this.connections.canSend(nodeId, nowMillis)) {
      this.waitForNodes(nodeId === undefined ? this.metadata.nodes : [nodeId], nowMillis)
      return true
    }
    this.held = undefined
    manager.sent(request)
    const body = request.data as RequestOf<typeof request.api>
    this.request(nodeId, request.api, request.apiVersion, body, (response) => {
      this.takeAnswer(manager, request, response)
    })
    return true
  }

  /** A mistake of the sender ends the producer through its state; Kafka logs it. */
  private takeAnswer(manager: TransactionManager, request: TransactionalRequest, response: unknown): void {
    try {
      manager.answered(request, response)
    } catch (error) {
      if (!(error instanceof ProducerError)) throw error
    }
  }

  private waitForNodes(nodes: readonly number[], nowMillis: number): void {
    for (const nodeId of nodes)
      this.retryNodeMillis = Math.min(this.retryNodeMillis, this.connections.retryAtMillis(nodeId, nowMillis))
  }

  private produce(nowMillis: number): void {
    const { accumulator, connections, metadata, manager } = this
    accumulator.findReady(manager?.isCompleting === true, nowMillis)
    for (const topic of accumulator.leaderlessTopics) {
      metadata.use(topic, nowMillis)
      metadata.requestUpdate()
    }
    let requests: (readonly [number, ProducerBatch[]])[] | undefined
    for (const nodeId of accumulator.readyNodes) {
      const canSend = connections.canSend(nodeId, nowMillis)
      accumulator.updateLatency(nodeId, canSend, nowMillis)
      if (!canSend) {
        this.waitForNodes([nodeId], nowMillis)
        continue
      }
      const batches = accumulator.drain(nodeId, this.maxRequestBytes, nowMillis, this.take)
      if (batches.length === 0) continue
      if (requests === undefined) requests = [[nodeId, batches]]
      else requests.push([nodeId, batches])
    }
    this.completion.expire(nowMillis)
    this.expiryMillis = this.completion.nextExpiryMillis()
    if (requests === undefined) return
    for (const [nodeId, batches] of requests) this.sendBatches(nodeId, batches)
    this.isWoken = true
  }

  /** Whether the first batch of a partition may be sent; it then has its sequence. */
  private readonly take = (batch: ProducerBatch): boolean => {
    const { manager } = this
    if (manager !== undefined) {
      if (mustWait(manager, batch, batch.partition)) return false
      if (batch.baseSequence === NO_SEQUENCE) {
        assignSequence(manager, batch)
        batch.isTransactional = manager.isTransactional
      }
      batch.sequenceHasBeenReset = false
    }
    if (this.mutes) batch.queue.isMuted = true
    return true
  }

  private sendBatches(nodeId: number, batches: readonly ProducerBatch[]): void {
    const body = {
      transactionalId: this.transactionalId,
      acks: this.acks,
      timeoutMs: this.requestTimeoutMillis,
      topicData: topicData(batches),
    }
    const isTransactionV1 = this.transactionalId !== null && this.manager?.isVersion2 === false
    const version = isTransactionV1 ? PRODUCE_VERSION_BEFORE_TRANSACTION_V2 : PRODUCE_VERSION
    if (this.acks === 0) {
      for (const batch of batches) this.unanswered.push(batch)
      this.connections.sendUnanswered(nodeId, 'Produce', version, body)
    } else
      this.request(nodeId, 'Produce', version, body, (response, nowMillis) => {
        this.produced(batches, response, nowMillis)
      })
  }

  private produced(
    batches: readonly ProducerBatch[],
    response: ProduceResponseData | undefined,
    nowMillis: number,
  ): void {
    if (response === undefined) {
      this.metadata.requestUpdate()
      for (const batch of batches)
        this.settle(
          batch,
          { index: batch.queue.partition, errorCode: 'NETWORK_EXCEPTION', baseOffset: -1 },
          nowMillis,
        )
      return
    }
    for (const { name, partitionResponses } of response.responses)
      for (const partitionResponse of partitionResponses) {
        const batch = batches.find(
          ({ queue }) => queue.partition === partitionResponse.index && queue.topic === name,
        )
        if (batch === undefined) continue
        this.learnLeader(name, partitionResponse, response)
        this.settle(batch, partitionResponse, nowMillis)
      }
  }

  /** Whoever is no leader any more may say who is (KIP-951). */
  private learnLeader(
    topic: string,
    { index, errorCode, currentLeader }: ProducePartitionResponse,
    { nodeEndpoints = [] }: ProduceResponseData,
  ): void {
    const isLeaderError = errorCode === 'NOT_LEADER_OR_FOLLOWER' || errorCode === 'FENCED_LEADER_EPOCH'
    if (isLeaderError && currentLeader !== undefined)
      this.metadata.updateLeader(topic, index, currentLeader, nodeEndpoints)
  }

  private settle(batch: ProducerBatch, response: ProducePartitionResponse, nowMillis: number): void {
    const { errorCode } = response
    this.completion.complete(batch, response, nowMillis)
    if (isStaleMetadata(errorCode)) this.metadata.requestUpdate()
    if (this.mutes) batch.queue.isMuted = false
  }

  /** Sends a request whose answer is the sender's turn. */
  private request<Api extends ApiName>(
    nodeId: number,
    api: Api,
    version: number,
    body: RequestOf<Api>,
    take: Answered<Api>,
  ): void {
    this.connections.send(nodeId, api, version, body, (response: ResponseOf<Api> | undefined, nowMillis) => {
      if (this.isStopped) return
      if (response === undefined) this.metadata.requestUpdate()
      this.isBusy = true
      take(response, nowMillis)
      this.isBusy = false
      this.run(nowMillis)
    })
  }

  private updateMetadata(nowMillis: number): void {
    const { metadata } = this
    this.metadataMillis = metadata.nextUpdateMillis()
    if (nowMillis < this.metadataMillis) return
    const nodeId = this.connections.leastLoaded(metadata.nodes, nowMillis)
    if (nodeId === undefined) {
      const before = this.retryNodeMillis
      this.retryNodeMillis = Number.POSITIVE_INFINITY
      this.waitForNodes(metadata.nodes, nowMillis)
      this.metadataMillis = this.retryNodeMillis
      this.retryNodeMillis = before
      return
    }
    const query = metadata.query(nowMillis)
    this.metadataMillis = Number.POSITIVE_INFINITY
    this.request(nodeId, 'Metadata', METADATA_VERSION, query.body, (response, atMillis) => {
      this.takeMetadata(query, response, atMillis)
    })
  }

  private takeMetadata(
    query: MetadataQuery,
    response: ResponseOf<'Metadata'> | undefined,
    nowMillis: number,
  ): void {
    if (response === undefined) this.metadata.failed(nowMillis)
    else {
      this.metadata.update(query, response, nowMillis)
      this.owner.metadataUpdated(nowMillis)
    }
  }
}

function unansweredResponse(batch: ProducerBatch): ProducePartitionResponse {
  return { index: batch.queue.partition, errorCode: 'NONE', baseOffset: -1 }
}

interface TopicData {
  readonly name: string
  readonly partitionData: { index: number; records: RecordBatch }[]
}

/** Batches by topic, as a request lists them. */
function topicData(batches: readonly ProducerBatch[]): RequestOf<'Produce'>['topicData'] {
  let topics: TopicData[] | undefined
  for (const batch of batches) {
    const { topic: name, partition: index } = batch.queue
    const data = { index, records: batch.toRecordBatch() }
    if (topics === undefined) {
      topics = [{ name, partitionData: [data] }]
      continue
    }
    const topic = topics.find((other) => other.name === name)
    if (topic === undefined) topics.push({ name, partitionData: [data] })
    else topic.partitionData.push(data)
  }
  return topics ?? []
}
