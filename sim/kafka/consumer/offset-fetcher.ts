import { UNDEFINED_EPOCH, UNDEFINED_EPOCH_OFFSET } from '../log/epoch-cache.ts'
import type { ListOffsetsResponseData, OffsetForLeaderEpochResponseData } from '../protocol/fetch.ts'
import { EARLIEST_TIMESTAMP, LATEST_TIMESTAMP, type ListedOffset } from '../replication/message.ts'
import type { ConsumerClient } from './client.ts'
import { durationMillis } from './config.ts'
import { ConsumerError } from './error.ts'
import type { FetchPosition } from './fetch-position.ts'
import type { ConsumerHooks } from './hooks.ts'
import type { ConsumerMetadata } from './metadata.ts'
import type { PartitionState, ResetStrategy } from './partition-state.ts'
import { byLeader, byPartition, byTopicName, isRetriable, type Question } from './question.ts'
import type { SubscriptionState } from './subscription-state.ts'

interface Reset extends Question {
  readonly state: PartitionState
  readonly strategy: ResetStrategy
  readonly timestamp: number
  readonly currentLeaderEpoch: number
}

interface Validation extends Question {
  readonly state: PartitionState
  readonly position: FetchPosition
}

type EpochEnd = OffsetForLeaderEpochResponseData['topics'][number]['partitions'][number]

/**
 * Finds positions by auto.offset.reset and checks them after a change of leader (KIP-320, rule F4). Source:
 * OffsetFetcher, OffsetFetcherUtils, OffsetsForLeaderEpochUtils of Kafka 4.x.
 */
export class OffsetFetcher {
  private readonly client: ConsumerClient
  private readonly metadata: ConsumerMetadata
  private readonly subscriptions: SubscriptionState
  private readonly hooks: Pick<ConsumerHooks, 'positionReset'>
  private seenVersion = -1
  private error: ConsumerError | undefined = undefined

  constructor(
    client: ConsumerClient,
    metadata: ConsumerMetadata,
    subscriptions: SubscriptionState,
    hooks: Pick<ConsumerHooks, 'positionReset'>,
  ) {
    this.hooks = hooks
    this.client = client
    this.metadata = metadata
    this.subscriptions = subscriptions
  }

  /** When something can be asked again that was refused. */
  nextDeadlineMillis(): number {
    let next = Number.POSITIVE_INFINITY
    if (this.subscriptions.isFetching) return next
    for (const state of this.subscriptions.states()) {
      const isWaiting = state.state === 'AWAIT_RESET' || state.state === 'AWAIT_VALIDATION'
      if (isWaiting && !state.isAsking && state.retryMillis > 0 && this.metadata.leaderOf(state).leader >= 0)
        next = Math.min(next, state.retryMillis)
    }
    return next
  }

  /** Asks for the positions that are in doubt. @throws ConsumerError LOG_TRUNCATION, or what a broker refused */
  validatePositions(nowMillis: number): void {
    this.throwError()
    if (this.seenVersion !== this.metadata.version) {
      this.seenVersion = this.metadata.version
      for (const state of this.subscriptions.states())
        if (state.state !== 'AWAIT_RESET') state.maybeValidate(this.metadata.leaderOf(state))
    }
    if (this.subscriptions.isFetching) return
    let validations: Validation[] | undefined
    for (const state of this.subscriptions.states()) {
      if (state.state !== 'AWAIT_VALIDATION' || !state.mayAsk(nowMillis)) continue
      const position = state.position as FetchPosition
      const { leader } = position.currentLeader
      if (!this.isReachable(state, leader, nowMillis)) continue
      validations ??= []
      validations.push({ topic: state.topic, partition: state.partition, leader, state, position })
    }
    if (validations === undefined) return
    for (const [node, ofNode] of byLeader(validations)) this.sendValidations(node, ofNode)
  }

  /** Asks for the positions that are to be reset. @throws ConsumerError what a broker refused */
  resetPositions(nowMillis: number): void {
    this.throwError()
    let resets: Reset[] | undefined
    for (const state of this.subscriptions.states()) {
      if (state.state !== 'AWAIT_RESET' || !state.mayAsk(nowMillis)) continue
      const { leader, epoch } = this.metadata.leaderOf(state)
      if (!this.isReachable(state, leader, nowMillis)) continue
      const strategy = state.resetStrategy as ResetStrategy
      const { topic, partition } = state
      const timestamp = timestampOf(strategy, nowMillis)
      resets ??= []
      resets.push({ topic, partition, leader, state, strategy, timestamp, currentLeaderEpoch: epoch })
    }
    if (resets === undefined) return
    for (const [node, ofNode] of byLeader(resets)) this.sendResets(node, ofNode)
  }

  private throwError(): void {
    const { error } = this
    this.error = undefined
    if (error !== undefined) throw error
  }

  private isReachable(state: PartitionState, leader: number, nowMillis: number): boolean {
    if (leader < 0) {
      if (this.metadata.isFresh) this.metadata.requestUpdate()
      return false
    }
    const availableMillis = this.client.availableMillis(leader)
    if (availableMillis <= nowMillis) return true
    state.retryMillis = availableMillis
    return false
  }

  private sendResets(node: number, resets: readonly Reset[]): void {
    for (const { state } of resets) state.isAsking = true
    const topics = byTopicName(resets, ({ partition, timestamp, currentLeaderEpoch }) => ({
      partitionIndex: partition,
      timestamp,
      currentLeaderEpoch,
    })).map(({ topic, partitions }) => ({ name: topic, partitions }))
    const isolationLevel = this.client.config['isolation.level']
    this.client.send(node, 'ListOffsets', { replicaId: -1, isolationLevel, topics }, (response, nowMillis) =>
      this.resetsAnswered(resets, response, nowMillis),
    )
  }

  private resetsAnswered(
    resets: readonly Reset[],
    response: ListOffsetsResponseData | undefined,
    nowMillis: number,
  ): void {
    const topics = response?.topics.map(({ name, partitions }) => ({ topic: name, partitions }))
    const parts = byPartition(topics, ({ partitionIndex }) => partitionIndex)
    for (const reset of resets) {
      const { state, strategy } = reset
      const isStale =
        !this.subscriptions.holds(state) || state.state !== 'AWAIT_RESET' || state.resetStrategy !== strategy
      if (isStale) continue
      const listed = parts.get(state.name)
      if (listed?.errorCode === 'NONE') this.found(reset, listed)
      else this.refused(state, listed?.errorCode ?? 'NETWORK_EXCEPTION', nowMillis)
    }
  }

  private found({ state, strategy }: Reset, { offset, leaderEpoch }: ListedOffset): void {
    if (offset < 0) {
      // Nothing is as young as the duration says: KIP-1106 reads from the end then.
      if (strategy !== 'latest') state.reset('latest')
      return
    }
    this.subscriptions.changes += 1
    this.metadata.sawEpoch(state, leaderEpoch)
    const currentLeader = this.metadata.leaderOf(state)
    state.seekUnvalidated({ offset, offsetEpoch: leaderEpoch, currentLeader })
    this.hooks.positionReset?.(state, offset)
  }

  private refused(state: PartitionState, errorCode: ListedOffset['errorCode'], nowMillis: number): void {
    state.failed(nowMillis + this.client.config['retry.backoff.ms'])
    if (errorCode === 'NETWORK_EXCEPTION' || isRetriable(errorCode)) this.metadata.requestUpdate()
    else
      this.error ??= new ConsumerError(
        errorCode,
        `Unexpected error ${errorCode} about partition ${state.topic}-${state.partition}`,
        [{ topic: state.topic, partition: state.partition }],
      )
  }

  private sendValidations(node: number, validations: readonly Validation[]): void {
    for (const { state } of validations) state.isAsking = true
    const topics = byTopicName(validations, ({ partition, position }) => ({
      partition,
      currentLeaderEpoch: position.currentLeader.epoch,
      leaderEpoch: position.offsetEpoch,
    }))
    this.client.send(node, 'OffsetForLeaderEpoch', { replicaId: -1, topics }, (response, nowMillis) =>
      this.validationsAnswered(validations, response, nowMillis),
    )
  }

  private validationsAnswered(
    validations: readonly Validation[],
    response: OffsetForLeaderEpochResponseData | undefined,
    nowMillis: number,
  ): void {
    const parts = byPartition(response?.topics, ({ partition }) => partition)
    for (const { state, position } of validations) {
      const isStale =
        !this.subscriptions.holds(state) || state.state !== 'AWAIT_VALIDATION' || state.position !== position
      if (isStale) continue
      const end = parts.get(state.name)
      if (end?.errorCode === 'NONE') this.validated(state, position, end, nowMillis)
      else this.refused(state, end?.errorCode ?? 'NETWORK_EXCEPTION', nowMillis)
    }
  }

  /** Rule F4. Source: SubscriptionState.maybeCompleteValidation. */
  private validated(state: PartitionState, position: FetchPosition, end: EpochEnd, nowMillis: number): void {
    state.failed(nowMillis + this.client.config['request.timeout.ms'])
    const isUndefined = end.endOffset === UNDEFINED_EPOCH_OFFSET || end.leaderEpoch === UNDEFINED_EPOCH
    if (!isUndefined && end.endOffset >= position.offset) {
      state.completeValidation()
      state.failed(0)
      return
    }
    this.subscriptions.changes += 1
    const strategy = this.subscriptions.resetStrategy()
    if (strategy === undefined) this.truncated(state, position, isUndefined ? undefined : end)
    else if (isUndefined) state.reset(strategy)
    else
      state.seekValidated({
        offset: end.endOffset,
        offsetEpoch: end.leaderEpoch,
        currentLeader: position.currentLeader,
      })
  }

  private truncated(state: PartitionState, position: FetchPosition, end: EpochEnd | undefined): void {
    const { topic, partition } = state
    const divergence = end === undefined ? 'an unknown offset' : `offset ${end.endOffset}`
    this.error ??= new ConsumerError(
      'LOG_TRUNCATION',
      `Truncated partition ${topic}-${partition}: the log diverges before ${position.offset}, from ${divergence} on`,
      [{ topic, partition }],
    )
  }
}

function timestampOf(strategy: ResetStrategy, nowMillis: number): number {
  if (strategy === 'earliest') return EARLIEST_TIMESTAMP
  if (strategy === 'latest') return LATEST_TIMESTAMP
  return Math.max(0, Math.floor(nowMillis - (durationMillis(strategy) ?? 0)))
}
