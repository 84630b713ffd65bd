import type { Commits } from './commits.ts'
import { ConsumerError } from './error.ts'
import type { OffsetAndMetadata } from './hooks.ts'
import type { ConsumerMetadata } from './metadata.ts'
import type { OffsetFetcher } from './offset-fetcher.ts'
import type { PartitionState } from './partition-state.ts'
import type { SubscriptionState } from './subscription-state.ts'

/**
 * Gives every assigned partition a position: what the group has committed, else what auto.offset.reset says (rule F5).
 * Source: ClassicKafkaConsumer.updateFetchPositions, OffsetsRequestManager of Kafka 4.x.
 */
export class Positions {
  private readonly subscriptions: SubscriptionState
  private readonly metadata: ConsumerMetadata
  private readonly offsetFetcher: OffsetFetcher
  /** undefined without a group. */
  private readonly commits: Commits | undefined
  private error: ConsumerError | undefined = undefined

  constructor(
    subscriptions: SubscriptionState,
    metadata: ConsumerMetadata,
    offsetFetcher: OffsetFetcher,
    commits: Commits | undefined,
  ) {
    this.subscriptions = subscriptions
    this.metadata = metadata
    this.offsetFetcher = offsetFetcher
    this.commits = commits
  }

  /** Sends what is due. @throws ConsumerError NO_OFFSET_FOR_PARTITION, LOG_TRUNCATION, or what a broker refused */
  update(nowMillis: number): void {
    const { error } = this
    this.error = undefined
    if (error !== undefined) throw error
    this.offsetFetcher.validatePositions(nowMillis)
    if (this.subscriptions.isFetching) return
    let initializing: PartitionState[] | undefined
    for (const state of this.subscriptions.states())
      if (state.state === 'INITIALIZING' && !state.isPendingAssignedCallback && state.mayAsk(nowMillis)) {
        initializing ??= []
        initializing.push(state)
      }
    if (initializing !== undefined) this.initialize(initializing, nowMillis)
    this.offsetFetcher.resetPositions(nowMillis)
  }

  private initialize(states: readonly PartitionState[], nowMillis: number): void {
    if (this.commits === undefined) {
      this.reset(states)
      const { error } = this
      this.error = undefined
      if (error !== undefined) throw error
      return
    }
    for (const state of states) state.isAsking = true
    this.commits.fetchUntil(states, Number.POSITIVE_INFINITY, nowMillis, (error, values) => {
      this.error ??= error
      this.take(states, error === undefined ? values : undefined)
    })
  }

  private take(
    states: readonly PartitionState[],
    values: readonly (OffsetAndMetadata | undefined)[] | undefined,
  ): void {
    const without: PartitionState[] = []
    for (const [index, state] of states.entries()) {
      const isStale = !this.subscriptions.holds(state) || state.state !== 'INITIALIZING'
      if (isStale) continue
      state.isAsking = false
      if (values === undefined) continue
      const committed = values[index]
      if (committed === undefined) without.push(state)
      else this.seek(state, committed)
    }
    this.reset(without)
  }

  private seek(state: PartitionState, { offset, leaderEpoch }: OffsetAndMetadata): void {
    this.subscriptions.changes += 1
    this.metadata.sawEpoch(state, leaderEpoch)
    const currentLeader = this.metadata.leaderOf(state)
    state.seekUnvalidated({ offset, offsetEpoch: leaderEpoch, currentLeader })
  }

  private reset(states: readonly PartitionState[]): void {
    if (states.length === 0) return
    const strategy = this.subscriptions.resetStrategy()
    if (strategy !== undefined) for (const state of states) state.reset(strategy)
    else {
      const partitions = states.map(({ topic, partition }) => ({ topic, partition }))
      const names = partitions.map(({ topic, partition }) => `${topic}-${partition}`).join(', ')
      this.error ??= new ConsumerError(
        'NO_OFFSET_FOR_PARTITION',
        `Undefined offset with no reset policy for partitions: [${names}]`,
        partitions,
      )
    }
  }
}
