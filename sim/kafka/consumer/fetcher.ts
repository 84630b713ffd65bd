import { listWith, pushed } from '../../kernel/list.ts'
import type { ErrorCode } from '../error-code.ts'
import { type FetchResponseData, NO_SESSION } from '../protocol/fetch.ts'
import type { FetchedPartition, FetchPartition } from '../replication/message.ts'
import type { ConsumerClient } from './client.ts'
import { CompletedFetch } from './completed-fetch.ts'
import { ConsumerError } from './error.ts'
import type { FetchPosition } from './fetch-position.ts'
import type { ConsumerHooks, ConsumerRecord } from './hooks.ts'
import type { ConsumerMetadata } from './metadata.ts'
import { type FetchOwner, NodeFetch } from './node-fetch.ts'
import type { PartitionState } from './partition-state.ts'
import type { SubscriptionState } from './subscription-state.ts'

/** After which the next fetch names everything again. Source: FetchSessionHandler.handleResponse. */
const SESSION_ERRORS: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  'FETCH_SESSION_ID_NOT_FOUND',
  'INVALID_FETCH_SESSION_EPOCH',
])

// Nobody writes to them.
const NO_RECORDS: ConsumerRecord[] = []
const NO_NODES: (NodeFetch | undefined)[] = []
const NOTHING: CompletedFetch[] = []

/**
 * Fetches from the leaders of the assigned partitions, one request a node at a time, and hands the records out in the
 * order in which the answers came (rules F1 to F6). A partition with records in hand is not fetched, nor is any other
 * from a node that leads one of those (KAFKA-17182). Source: AbstractFetch, FetchBuffer, FetchCollector of Kafka 4.x.
 *
 * Preferred read replicas and leaders that come with the answer (KIP-392, KIP-951) are out of scope.
 * A partition whose fetch is refused waits for new metadata, or for retry.backoff.ms if those are not the matter, where
 * Kafka asks again at once, as often as the network allows.
 */
export class Fetcher implements FetchOwner {
  private readonly client: ConsumerClient
  private readonly metadata: ConsumerMetadata
  private readonly subscriptions: SubscriptionState
  private readonly hooks: Pick<ConsumerHooks, 'fetchOutdated'>
  /** By node id. */
  private nodes = NO_NODES
  /** In the order in which the answers came; the first is being read. */
  private buffer = NOTHING
  private retryMillis = Number.POSITIVE_INFINITY
  /** Something is not under way or not in hand any more since `sendFetches` looked. */
  private isFreed = true
  /** A partition was left out that may be wanted again, or is wanted no more. */
  private isDoubtful = true
  /** What there was when it looked. */
  private seenChanges = -1
  private seenVersion = -1

  constructor(
    client: ConsumerClient,
    metadata: ConsumerMetadata,
    subscriptions: SubscriptionState,
    hooks: Pick<ConsumerHooks, 'fetchOutdated'>,
  ) {
    this.client = client
    this.metadata = metadata
    this.subscriptions = subscriptions
    this.hooks = hooks
  }

  /** When something can be fetched that could not be when `sendFetches` looked. */
  nextDeadlineMillis(): number {
    return this.retryMillis
  }

  /** Fetches everything that is wanted, not in hand and not under way. */
  sendFetches(nowMillis: number): void {
    const { fetches } = this.subscriptions.stateChanges
    const { version } = this.metadata
    const isSame =
      this.seenChanges === fetches && this.seenVersion === version && nowMillis < this.retryMillis
    if (isSame && (!this.isFreed || (!this.isDoubtful && this.fetchOn(nowMillis)))) return
    this.seenChanges = fetches
    this.seenVersion = version
    this.isFreed = false
    this.isDoubtful = false
    this.retryMillis = Number.POSITIVE_INFINITY
    const maxBytes = this.client.config['max.partition.fetch.bytes']
    let asked = NO_NODES
    let askedCount = 0
    for (const state of this.subscriptions.states()) {
      if (!state.isFetchable || state.refusedVersion === version) continue
      const node = this.nodeFor(state, nowMillis)
      if (node === undefined) continue
      if (!asked.includes(node)) {
        node.begin(fetches, version)
        if (asked === NO_NODES) asked = listWith(0, node)
        else asked[askedCount] = node
        askedCount += 1
      }
      node.add(state, maxBytes)
    }
    for (const node of asked) {
      if (node === undefined) return
      node.end()
      this.request(node)
    }
  }

  /**
   * Nothing has changed but how far partitions were read whose fetches were answered: sends those again, each as it was and
   * from where its partitions are now.
   * @returns false if there is more to look at
   */
  private fetchOn(nowMillis: number): boolean {
    const { seenChanges, seenVersion } = this
    for (const node of this.nodes) {
      if (node === undefined || node.isPending) continue
      if (!node.isSteady(seenChanges, seenVersion)) return false
      if (this.client.availableMillis(node.nodeId) > nowMillis) return false
    }
    this.isFreed = false
    const maxBytes = this.client.config['max.partition.fetch.bytes']
    for (const node of this.nodes) {
      if (node === undefined || node.isPending || this.isNodeBuffered(node.nodeId)) continue
      node.wantAdvanced(maxBytes)
      this.request(node)
    }
    return true
  }

  /**
   * Reads on to the next record that can be returned, and on the way deals with errors and with records that nobody may
   * see or wants any more.
   * @returns whether there is one
   * @throws ConsumerError what poll is to throw; thrown again as long as its cause is there
   */
  settle(nowMillis: number): boolean {
    let paused: CompletedFetch[] | undefined
    try {
      for (let next = this.buffer[0]; next !== undefined; next = this.buffer[0]) {
        if (next.isConsumed) {
          this.isFreed = true
          this.buffer.shift()
        } else if (next.state.isPaused && this.subscriptions.holds(next.state)) {
          this.buffer.shift()
          paused ??= []
          paused.push(next)
        } else if (this.hasRecord(next, nowMillis)) return true
      }
      return false
    } finally {
      if (paused !== undefined) this.buffer.push(...paused)
    }
  }

  /** Takes at most max.poll.records, after `settle`. @throws ConsumerError if nothing comes before an error */
  collect(nowMillis: number): ConsumerRecord[] {
    let records = NO_RECORDS
    const most = this.client.config['max.poll.records']
    try {
      while (records.length < most && this.settle(nowMillis)) {
        const fetch = this.buffer[0] as CompletedFetch
        try {
          for (let record = fetch.peek(); record !== undefined; record = fetch.peek()) {
            fetch.take(record)
            records = pushed(records, record)
            if (records.length === most) break
          }
        } finally {
          this.advance(fetch)
        }
        this.endIfEmpty(fetch)
      }
    } catch (error) {
      if (records.length === 0) throw error
    }
    return records
  }

  /** Forgets what is in hand of partitions that are not assigned any more. */
  retainAssigned(): void {
    if (this.buffer.length > 0)
      this.buffer = this.buffer.filter(({ state }) => this.subscriptions.holds(state))
  }

  private isBuffered(partition: PartitionState): boolean {
    for (const { state, isConsumed } of this.buffer) if (!isConsumed && state === partition) return true
    return false
  }

  /** Whether there are records in hand of a partition that is read from a node. */
  private isNodeBuffered(node: number): boolean {
    for (const { state, isConsumed } of this.buffer)
      if (!isConsumed && state.position?.currentLeader.leader === node) return true
    return false
  }

  /** The node from which a partition can be fetched now. */
  private nodeFor(state: PartitionState, nowMillis: number): NodeFetch | undefined {
    const { currentLeader, offset } = state.position as FetchPosition
    const { leader: nodeId } = currentLeader
    if (this.isBuffered(state)) {
      this.isDoubtful = true
      return undefined
    }
    if (nodeId < 0) {
      this.isDoubtful = true
      const leader = this.metadata.leaderOf(state)
      if (leader.leader >= 0) state.maybeValidate(leader)
      else if (this.metadata.isFresh) this.metadata.requestUpdate()
      return state.isFetchable && leader.leader >= 0 ? this.nodeFor(state, nowMillis) : undefined
    }
    const node = this.reach(nodeId)
    if (node.isPending) {
      if (node.isOutdated || node.asks(state, offset)) return undefined
      node.isOutdated = true
      this.hooks.fetchOutdated(nodeId, nowMillis)
      return undefined
    }
    const readyMillis = Math.max(state.retryMillis, this.client.availableMillis(nodeId))
    if (readyMillis <= nowMillis) return this.isNodeBuffered(nodeId) ? undefined : node
    this.isDoubtful = true
    this.retryMillis = Math.min(this.retryMillis, readyMillis)
    return undefined
  }

  private reach(nodeId: number): NodeFetch {
    const known = this.nodes[nodeId]
    if (known !== undefined) return known
    const node = new NodeFetch(nodeId, this)
    if (this.nodes === NO_NODES) this.nodes = listWith(nodeId, node)
    else this.nodes[nodeId] = node
    return node
  }

  private request(node: NodeFetch): void {
    const { config } = this.client
    node.isPending = true
    node.isOutdated = false
    const { session } = node
    const body = {
      replicaId: -1,
      replicaEpoch: -1,
      maxWaitMs: config['fetch.max.wait.ms'],
      minBytes: config['fetch.min.bytes'],
      maxBytes: config['fetch.max.bytes'],
      isolationLevel: config['isolation.level'],
      sessionId: session.id,
      sessionEpoch: session.epoch,
      topics: session.topicsToName(),
      forgottenTopics: session.topicsToForget(),
    }
    session.sent()
    this.client.ask(node.nodeId, 'Fetch', body, node.answered)
  }

  fetchAnswered(node: NodeFetch, response: FetchResponseData | undefined, nowMillis: number): void {
    if (!this.client.hear(node.nodeId, response, nowMillis)) return
    this.answered(node, response, nowMillis)
    this.client.settled(nowMillis)
  }

  private answered(node: NodeFetch, response: FetchResponseData | undefined, nowMillis: number): void {
    const { session } = node
    node.isPending = false
    this.isFreed = true
    if (response === undefined) {
      session.restart()
      return
    }
    if (response.errorCode !== 'NONE') {
      session.restart()
      if (SESSION_ERRORS.has(response.errorCode)) return
      const retryMillis = nowMillis + this.client.retryBackoffMillis(0)
      for (const state of session.members()) state.failed(retryMillis)
      return
    }
    session.answered(response.sessionId ?? NO_SESSION)
    for (const { topic, partitions } of response.responses)
      for (const data of partitions) {
        const state = session.find(topic, data.partitionIndex)
        if (state !== undefined && node.isOf(state)) this.add(state, data)
      }
  }

  private add(state: PartitionState, data: FetchedPartition): void {
    const { config } = this.client
    const { fetchOffset } = state.wanted as FetchPartition
    const fetch = new CompletedFetch(
      state,
      fetchOffset,
      data,
      config['isolation.level'],
      config['check.crcs'],
    )
    if (this.buffer.length === 0) this.buffer = [fetch]
    else this.buffer.push(fetch)
  }

  /** Whether a fetch has a record to return; one that has not is over afterwards. */
  private hasRecord(fetch: CompletedFetch, nowMillis: number): boolean {
    const { state } = fetch
    const isWanted = state.isFetchable && this.subscriptions.holds(state)
    if (!isWanted || state.position?.offset !== fetch.positionOffset) {
      this.isFreed = true
      this.isDoubtful = true
      fetch.drain()
      return false
    }
    if (!fetch.isInitialized && !this.initialize(fetch, nowMillis)) return false
    const record = fetch.peek()
    if (record === undefined) this.endIfEmpty(fetch)
    return record !== undefined
  }

  /** Takes the position behind what has been read of a fetch. */
  private advance(fetch: CompletedFetch): void {
    const { state, nextFetchOffset, lastEpoch } = fetch
    fetch.positionOffset = nextFetchOffset
    const { currentLeader, offset } = state.position as FetchPosition
    if (nextFetchOffset <= offset) return
    this.subscriptions.changes += 1
    const position = { offset: nextFetchOffset, offsetEpoch: lastEpoch, currentLeader }
    const node = this.nodes[currentLeader.leader]
    if (node === undefined || node.isPending || !node.isOf(state)) state.position = position
    else {
      state.readOn(position)
      node.advance(state)
    }
  }

  /** Ends a fetch without further records, behind whatever there is that nobody sees: markers, aborted records, gaps. */
  private endIfEmpty(fetch: CompletedFetch): void {
    if (fetch.peek() !== undefined) return
    this.advance(fetch)
    this.isFreed = true
    fetch.drain()
    if (fetch.data.sizeInBytes > 0) this.subscriptions.moveToEnd(fetch.state)
  }

  /** @returns whether there may be records in it @throws ConsumerError */
  private initialize(fetch: CompletedFetch, nowMillis: number): boolean {
    const { state, data } = fetch
    if (data.errorCode === 'NONE') {
      fetch.isInitialized = true
      return true
    }
    this.isFreed = true
    this.isDoubtful = true
    fetch.drain()
    this.subscriptions.moveToEnd(state)
    switch (data.errorCode) {
      case 'NOT_LEADER_OR_FOLLOWER':
      case 'REPLICA_NOT_AVAILABLE':
      case 'KAFKA_STORAGE_ERROR':
      case 'FENCED_LEADER_EPOCH':
      case 'OFFSET_NOT_AVAILABLE':
      case 'UNKNOWN_TOPIC_OR_PARTITION':
      case 'INCONSISTENT_TOPIC_ID':
        this.metadata.requestUpdate()
        state.refusedVersion = this.metadata.version
        return false
      case 'UNKNOWN_LEADER_EPOCH':
      case 'UNKNOWN_SERVER_ERROR':
        state.failed(nowMillis + this.client.config['retry.backoff.ms'])
        return false
      case 'OFFSET_OUT_OF_RANGE':
        this.outOfRange(fetch)
        return false
      default:
        throw new ConsumerError(
          data.errorCode,
          `Fetching ${state.topic}-${state.partition} at offset ${fetch.fetchOffset} failed with ${data.errorCode}`,
          [{ topic: state.topic, partition: state.partition }],
        )
    }
  }

  /** Rule F3. */
  private outOfRange({ state, fetchOffset }: CompletedFetch): void {
    const strategy = this.subscriptions.resetStrategy()
    if (strategy !== undefined) {
      this.subscriptions.changes += 1
      state.reset(strategy)
      return
    }
    const { topic, partition } = state
    throw new ConsumerError(
      'OFFSET_OUT_OF_RANGE',
      `Fetch position ${fetchOffset} is out of range for partition ${topic}-${partition}, and no reset policy is set`,
      [{ topic, partition }],
    )
  }
}
