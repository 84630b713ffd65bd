import type { ErrorCode } from '../error-code.ts'
import { CLIENT_APPEND } from '../log/append.ts'
import { markerBatch } from '../log/batch.ts'
import type { ApiRequest } from '../protocol/api.ts'
import { TransactionCoordinator, type TransactionCoordinatorPorts } from '../transaction/coordinator.ts'
import type { TransactionLogEntry, TransactionLogValue } from '../transaction/log.ts'
import type { WriteTxnMarkersRequest, WriteTxnMarkersResponse } from '../transaction/marker.ts'
import type { AddPartitionsToTxnBatchRequest, AddPartitionsToTxnRequest } from '../transaction/message.ts'
import { ProducerIdManager } from '../transaction/producer-id.ts'
import { partitionName, splitPartitionName } from '../transaction/topic-partition.ts'
import { TransactionVerifier } from '../transaction/verifier.ts'
import { type Commit, Commits } from './commits.ts'
import type { BrokerContext } from './context.ts'
import type { Groups } from './groups.ts'
import { internalBatch } from './internal-log.ts'
import type { Replica } from './replica.ts'
import type { Replicas } from './replicas.ts'
import type { Respond } from './respond.ts'
import { GROUP_METADATA_TOPIC, TRANSACTION_STATE_TOPIC } from './topic.ts'

const ADD_PARTITIONS_TO_TXN_VERSION = 5
const WRITE_TXN_MARKERS_VERSION = 2
/** From this version of AddPartitionsToTxn on a request holds many transactions, of brokers. */
const BATCH_VERSION = 4

type Markers = WriteTxnMarkersRequest['markers']

/** Those of a broker that coordinates no transactions: nobody writes to it. */
const NO_COMMITS = new Map<number, Commits>()

/**
 * Transactions at one broker: the coordinator of those whose partition of __transaction_state it leads, the markers that
 * it is sent as leader of other partitions, and the verification of what producers write to it.
 */
export class Transactions {
  private readonly context: BrokerContext
  private readonly replicas: Replicas
  private readonly groups: Groups
  private knownCoordinator: TransactionCoordinator | undefined = undefined
  private knownVerifier: TransactionVerifier | undefined = undefined
  private commits = NO_COMMITS
  /** What has been loaded and is not replicated yet, of partitions that nobody is answered about. */
  private loads = NO_COMMITS

  constructor(context: BrokerContext, replicas: Replicas, groups: Groups) {
    this.context = context
    this.replicas = replicas
    this.groups = groups
  }

  /** Made when it has something to do for the first time: without producers that number their records it never has. */
  get coordinator(): TransactionCoordinator {
    this.knownCoordinator ??= this.newCoordinator()
    return this.knownCoordinator
  }

  /** Made when somebody asks, too. */
  get verifier(): TransactionVerifier {
    this.knownVerifier ??= this.newVerifier()
    return this.knownVerifier
  }

  private newCoordinator(): TransactionCoordinator {
    const { config, switches, startMillis } = this.context
    const producerIds = new ProducerIdManager(() => this.allocate(producerIds))
    const ports: TransactionCoordinatorPorts = {
      log: {
        append: (partition, entries, timeoutMillis, done) =>
          this.append(partition, entries, timeoutMillis, done),
      },
      markers: {
        leaderOf: (name) => {
          const { topic, partition } = splitPartitionName(name)
          return this.leaderOf(topic, partition)
        },
        writeTxnMarkers: (brokerId, body, respond) =>
          this.send('markers', brokerId, 'WriteTxnMarkers', WRITE_TXN_MARKERS_VERSION, body, respond),
      },
      nextProducerId: (nowMillis) => producerIds.generate(nowMillis),
    }
    const coordinator = new TransactionCoordinator(config, ports, switches)
    coordinator.startUp(startMillis)
    return coordinator
  }

  private newVerifier(): TransactionVerifier {
    const { context } = this
    return new TransactionVerifier(context.config, {
      coordinatorOf: (partition) => {
        const leader = this.leaderOf(TRANSACTION_STATE_TOPIC, partition)
        return leader === undefined || leader < 0 ? undefined : leader
      },
      addPartitionsToTxn: (brokerId, body, respond) =>
        this.send(
          'verification',
          brokerId,
          'AddPartitionsToTxn',
          ADD_PARTITIONS_TO_TXN_VERSION,
          body,
          (response) =>
            respond(
              response !== undefined && 'errorCode' in response ? response : undefined,
              context.nowMillis,
            ),
        ),
    })
  }

  private leaderOf(topic: string, partition: number): number | undefined {
    return this.context.metadata.partition(topic, partition)?.leader
  }

  /**
   * The broker leads a partition of __transaction_state, in a new epoch. Loading takes no time, but what is loaded has to be
   * replicated before anybody is answered (see `coordinatorAwaitsReplication`).
   */
  elected(replica: Replica, nowMillis: number): void {
    const { context, coordinator } = this
    const { index } = replica
    const { leaderEpoch } = replica.partition
    this.forget(index, nowMillis)
    if (this.commits === NO_COMMITS) {
      this.commits = new Map()
      this.loads = new Map()
    }
    this.commits.set(index, new Commits(context, replica, true))
    coordinator.onElection(index, leaderEpoch)
    const loaded = (atMillis: number): void =>
      coordinator.onLoaded(index, leaderEpoch, entriesOf(replica), atMillis)
    if (!context.switches.coordinatorAwaitsReplication) {
      loaded(nowMillis)
      return
    }
    const load = new Commits(context, replica, false)
    this.loads.set(index, load)
    load.wait({ committed: loaded, failed: () => {} }, Number.POSITIVE_INFINITY)
  }

  /** @param leaderEpoch of the new leader; undefined when the replica is gone */
  resigned(partition: number, leaderEpoch: number | undefined, nowMillis: number): void {
    this.knownCoordinator?.onResignation(partition, leaderEpoch)
    this.forget(partition, nowMillis)
  }

  /** What waits for a partition to be replicated waits in vain. */
  private forget(partition: number, nowMillis: number): void {
    for (const waiting of [this.commits, this.loads]) {
      const commits = waiting.get(partition)
      waiting.delete(partition)
      commits?.fail('NOT_LEADER_OR_FOLLOWER', nowMillis)
    }
  }

  /** Leaders of partitions may have changed. */
  metadataChanged(nowMillis: number): void {
    this.knownCoordinator?.onMetadataChanged(nowMillis)
  }

  workDeadlineMillis(): number {
    const coordinatorMillis = this.knownCoordinator?.workDeadlineMillis() ?? Number.POSITIVE_INFINITY
    const verifierMillis = this.knownVerifier?.nextDeadlineMillis() ?? Number.POSITIVE_INFINITY
    // The lesser of two numbers would be made anew each time.
    if (verifierMillis < coordinatorMillis) return verifierMillis
    return coordinatorMillis
  }

  housekeepingDeadlineMillis(): number {
    return this.knownCoordinator?.housekeepingDeadlineMillis() ?? Number.POSITIVE_INFINITY
  }

  advance(nowMillis: number): void {
    this.knownCoordinator?.advance(nowMillis)
    this.knownVerifier?.advance(nowMillis)
  }

  addPartitionsToTxn(
    { body, apiVersion }: ApiRequest<'AddPartitionsToTxn'>,
    respond: Respond<'AddPartitionsToTxn'>,
  ): void {
    const { nowMillis } = this.context
    if (apiVersion >= BATCH_VERSION)
      this.coordinator.handleAddPartitionsToTxnBatch(
        body as AddPartitionsToTxnBatchRequest,
        nowMillis,
        respond,
      )
    else
      this.coordinator.handleAddPartitionsToTxn(
        body as AddPartitionsToTxnRequest,
        apiVersion,
        nowMillis,
        respond,
      )
  }

  /** Handles WriteTxnMarkers; answered when every marker is replicated (rule T7). */
  writeTxnMarkers({ body }: ApiRequest<'WriteTxnMarkers'>, respond: Respond<'WriteTxnMarkers'>): void {
    const errors = new Map<string, ErrorCode>()
    let missing = 0
    const finish = (): void => {
      if (missing === 0) respond(markersAnswer(body.markers, errors))
    }
    missing += 1
    for (const [at, marker] of body.markers.entries())
      for (const { name, partitionIndexes } of marker.topics)
        for (const index of partitionIndexes) {
          missing += 1
          this.writeMarker(marker, name, index, (errorCode) => {
            errors.set(`${at} ${partitionName(name, index)}`, errorCode)
            missing -= 1
            finish()
          })
        }
    missing -= 1
    finish()
  }

  private writeMarker(
    marker: Markers[number],
    topic: string,
    index: number,
    done: (errorCode: ErrorCode) => void,
  ): void {
    const { context } = this
    const { producerId, producerEpoch, coordinatorEpoch, transactionVersion } = marker
    const transactionResult = marker.transactionResult ? 'COMMIT' : 'ABORT'
    const replica = this.replicas.get(topic, index)
    if (replica === undefined) done('UNKNOWN_TOPIC_OR_PARTITION')
    else if (topic === GROUP_METADATA_TOPIC)
      this.groups.completeTransaction(
        index,
        { producerId, producerEpoch, coordinatorEpoch, transactionResult, transactionVersion },
        done,
      )
    else {
      const control = { controlType: transactionResult, coordinatorEpoch } as const
      const batch = markerBatch(producerId, producerEpoch, control, context.nowMillis)
      const source = { ...CLIENT_APPEND, origin: 'coordinator', transactionVersion } as const
      const appended = replica.partition.append(batch, -1, context.nowMillis, source)
      if (appended.errorCode !== 'NONE') {
        done(appended.errorCode)
        return
      }
      const { firstOffset } = appended
      context.touch(replica)
      context.host.observer?.transactionEnded(topic, index, producerId, transactionResult, firstOffset)
      new Commits(context, replica, true).wait(new Once(done), context.config['request.timeout.ms'])
    }
  }

  /** Appends to __transaction_state and waits until it is replicated. */
  private append(
    partition: number,
    entries: readonly TransactionLogEntry[],
    timeoutMillis: number,
    done: (error: ErrorCode, nowMillis: number) => void,
  ): void {
    const { context } = this
    const commits = this.commits.get(partition)
    const replica = this.replicas.get(TRANSACTION_STATE_TOPIC, partition)
    if (commits === undefined || replica === undefined) {
      done('NOT_LEADER_OR_FOLLOWER', context.nowMillis)
      return
    }
    const records = entries.map(({ transactionalId: key, value }) => ({ key, value }))
    const source = { ...CLIENT_APPEND, origin: 'coordinator' } as const
    const batch = internalBatch(records, context.nowMillis)
    const { errorCode } = replica.partition.append(batch, -1, context.nowMillis, source)
    if (errorCode !== 'NONE') {
      done(errorCode, context.nowMillis)
      return
    }
    context.touch(replica)
    commits.wait(new Once(done), timeoutMillis)
  }

  private allocate(producerIds: ProducerIdManager): void {
    const { context } = this
    const body = { brokerId: context.id, brokerEpoch: context.brokerEpoch }
    context.host.controller.send({ api: 'AllocateProducerIds', body }, (response, nowMillis) => {
      context.nowMillis = nowMillis
      producerIds.answer(response, nowMillis)
    })
  }

  private send<Api extends 'WriteTxnMarkers' | 'AddPartitionsToTxn'>(
    use: 'markers' | 'verification',
    brokerId: number,
    api: Api,
    apiVersion: number,
    body: ApiRequest<Api>['body'],
    respond: (response: Parameters<Respond<Api>>[0], nowMillis: number) => void,
  ): void {
    const { context } = this
    const timeoutMillis = context.config['request.timeout.ms']
    const request = { api, apiVersion, clientId: `broker-${context.id}`, body, timeoutMillis }
    context.host.channels[use].send(brokerId, request as ApiRequest<Api>, (response, nowMillis) => {
      context.nowMillis = nowMillis
      respond(response, nowMillis)
      context.settle()
    })
  }
}

/** Everything in a partition of __transaction_state, in the order of the log. */
function* entriesOf({ log }: Replica): Generator<TransactionLogEntry> {
  for (const { batches } of log.segments.all)
    for (const { isControl, records } of batches)
      for (const { key, value } of isControl ? [] : records)
        if (key !== null) yield { transactionalId: key, value: value as TransactionLogValue | null }
}

function markersAnswer(markers: Markers, errors: ReadonlyMap<string, ErrorCode>): WriteTxnMarkersResponse {
  return {
    markers: markers.map(({ producerId, topics }, at) => ({
      producerId,
      topics: topics.map(({ name, partitionIndexes }) => ({
        name,
        partitions: partitionIndexes.map((partitionIndex) => ({
          partitionIndex,
          errorCode: errors.get(`${at} ${partitionName(name, partitionIndex)}`) ?? 'NONE',
        })),
      })),
    })),
  }
}

/** Hears of the first that happens to a write. */
class Once implements Commit {
  private done: ((error: ErrorCode, nowMillis: number) => void) | undefined

  constructor(done: (error: ErrorCode, nowMillis: number) => void) {
    this.done = done
  }

  committed(nowMillis: number): void {
    this.failed('NONE', nowMillis)
  }

  failed(errorCode: ErrorCode, nowMillis: number): void {
    const { done } = this
    this.done = undefined
    done?.(errorCode, nowMillis)
  }
}
