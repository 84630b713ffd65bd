import { appended, pushed } from '../../kernel/list.ts'
import { Deadline } from '../coordinator/deadlines.ts'
import type { ErrorCode } from '../error-code.ts'
import type { Answered, ApiName, RequestOf, ResponseOf } from '../protocol/api.ts'
import { type FetchResponseData, NO_SESSION } from '../protocol/fetch.ts'
import { FetchSessionHandler, type SessionMember } from '../replication/fetch-session.ts'
import type { FollowerRequest, PartitionFetcher } from '../replication/fetcher.ts'
import {
  EARLIEST_TIMESTAMP,
  type FetchedPartition,
  type FetchPartition,
  fetchRefused,
  LATEST_TIMESTAMP,
} from '../replication/message.ts'
import type { BrokerContext } from './context.ts'
import type { Replica } from './replica.ts'

/** The version of Fetch that carries the epoch of the follower's life (KIP-903). */
const FETCH_VERSION = 17
const LIST_OFFSETS_VERSION = 7
const OFFSET_FOR_LEADER_EPOCH_VERSION = 4

/** A replica for which a leader is asked. */
class Asker implements SessionMember {
  readonly replica: Replica
  session: object | undefined = undefined
  wanted: FetchPartition | undefined = undefined
  round = 0

  constructor(replica: Replica) {
    this.replica = replica
  }

  get topic(): string {
    return this.replica.topic
  }

  get partition(): number {
    return this.replica.index
  }
}

const NO_REPLICAS: Replica[] = []
const NO_FETCHERS: readonly PartitionFetcher[] = []

/**
 * Copies from leaders: one connection to each, with one fetch of all partitions at a time. Source:
 * ReplicaFetcherManager, ReplicaFetcherThread, with num.replica.fetchers=1.
 */
export class Replicator {
  private readonly context: BrokerContext
  private readonly leaders = new Map<number, LeaderConnection>()

  constructor(context: BrokerContext) {
    this.context = context
  }

  /** A replica follows, or follows another leader or in another epoch, or no more. */
  changed(replica: Replica): void {
    for (const connection of this.leaders.values()) connection.remove(replica)
    if (replica.fetcher === undefined) return
    const { leaderId } = replica.partition
    let connection = this.leaders.get(leaderId)
    if (connection === undefined) {
      connection = new LeaderConnection(this.context, leaderId)
      this.leaders.set(leaderId, connection)
    }
    connection.add(replica)
  }

  /** Its leaders have told all that they have: fetches wait from now on. */
  resume(): void {
    for (const connection of this.leaders.values()) connection.resume()
  }

  /** Asks everybody who has not been asked since something changed. */
  flush(): void {
    for (const connection of this.leaders.values()) connection.flush()
  }

  /** Logs may have changed otherwise than by what was copied: old segments were deleted. */
  logsChanged(): void {
    for (const connection of this.leaders.values()) connection.lookAtAll()
  }
}

/** A fetch that was sent, and when that has been answered, the next one. */
class FetchCall {
  isAnswered = false
  /** Whether it asks for something. */
  isOfSomething = false
  readonly answered: Answered<'Fetch'>

  constructor(connection: LeaderConnection) {
    this.answered = (response, nowMillis) => connection.answeredFetch(this, response, nowMillis)
  }
}

/** The followers of one leader. */
class LeaderConnection extends Deadline {
  private readonly context: BrokerContext
  private readonly leaderId: number
  private readonly clientId: string
  private readonly replicas: Replica[] = []
  private readonly session = new FetchSessionHandler<Asker>()
  /** Those that may have something else to ask than they have asked last. */
  private due: Replica[] = NO_REPLICAS
  /** The last fetch: the answers to others were given up. */
  private last: FetchCall | undefined = undefined
  /** A fetch is under way that asks for something. */
  private isFetching = false
  private isChanged = false
  /** Partitions with another request than Fetch under way. */
  private busy = NO_FETCHERS
  /** The leader has not told yet how far the logs may be shown. */
  private isFresh = true

  constructor(context: BrokerContext, leaderId: number) {
    super()
    this.context = context
    this.leaderId = leaderId
    this.clientId = `broker-${context.id}-fetcher-0`
  }

  add(replica: Replica): void {
    this.replicas.push(replica)
    this.lookAt(replica)
    this.isChanged = true
    this.isFresh = true
  }

  remove(replica: Replica): void {
    const at = this.replicas.indexOf(replica)
    if (at < 0) return
    this.replicas.splice(at, 1)
    this.session.forget(replica.topic, replica.index)
    this.due = this.due.filter((other) => other !== replica)
    this.isChanged = true
  }

  resume(): void {
    this.isFresh = false
    this.flush()
  }

  /** Sends what there is to ask, giving up a fetch that does not ask for all of it. */
  flush(): void {
    if (!this.isChanged) return
    this.isChanged = false
    if (this.replicas.length > 0) this.ask()
  }

  /** Every partition may have something else to ask than it has asked last. */
  lookAtAll(): void {
    this.due = [...this.replicas]
  }

  expire(): void {
    this.ask()
  }

  private lookAt(replica: Replica): void {
    if (!this.due.includes(replica)) this.due = pushed(this.due, replica)
  }

  private ask(): void {
    const wasFetching = this.isFetching
    // Its answer will not be heard, though the leader may take it for heard.
    if (wasFetching) this.restart()
    const { nowMillis } = this.context
    const { due } = this
    this.due = NO_REPLICAS
    let retryMillis = Number.POSITIVE_INFINITY
    for (const replica of due) retryMillis = Math.min(retryMillis, this.askOne(replica, nowMillis))
    if (retryMillis < Number.POSITIVE_INFINITY) this.context.timers.set(this, retryMillis)
    this.isFetching = this.session.size > 0
    // A fetch of nothing makes the leader answer the one that waits, so that other answers can follow it.
    if (!this.isFetching && !wasFetching) return
    this.fetch()
  }

  /** Has the next fetch ask for what a replica wants, or asks for something else. @returns when to look at it again */
  private askOne(replica: Replica, nowMillis: number): number {
    const { fetcher, topic, index } = replica
    const isFree = fetcher !== undefined && !this.busy.includes(fetcher)
    const wanted = isFree ? fetcher.nextFetch(nowMillis) : undefined
    if (wanted !== undefined) {
      this.session.want(this.session.find(topic, index) ?? new Asker(replica), wanted)
      return Number.POSITIVE_INFINITY
    }
    this.session.forget(topic, index)
    if (fetcher === undefined) return Number.POSITIVE_INFINITY
    const request = isFree ? fetcher.request(nowMillis) : undefined
    if (request !== undefined) this.askOther(replica, fetcher, request)
    else if (fetcher.delayedUntilMillis > nowMillis) {
      this.lookAt(replica)
      return fetcher.delayedUntilMillis
    }
    return Number.POSITIVE_INFINITY
  }

  private restart(): void {
    this.session.restart()
    this.isFresh = true
    this.lookAtAll()
  }

  private fetch(): void {
    const { id, config, brokerEpoch } = this.context
    const { session } = this
    const body: RequestOf<'Fetch'> = {
      replicaId: id,
      replicaEpoch: brokerEpoch,
      maxWaitMs: this.isFresh ? 0 : config['replica.fetch.wait.max.ms'],
      minBytes: config['replica.fetch.min.bytes'],
      maxBytes: config['replica.fetch.response.max.bytes'],
      isolationLevel: 'read_uncommitted',
      sessionId: session.id,
      sessionEpoch: session.epoch,
      topics: session.topicsToName(),
      forgottenTopics: session.topicsToForget(),
    }
    session.sent()
    this.isFresh = false
    if (this.last?.isAnswered !== true) this.last = new FetchCall(this)
    this.last.isAnswered = false
    this.last.isOfSomething = this.isFetching
    this.request('Fetch', FETCH_VERSION, body, this.last.answered)
  }

  /** The leader has answered a fetch, or will not. */
  answeredFetch(call: FetchCall, response: FetchResponseData | undefined, nowMillis: number): void {
    const { context } = this
    context.nowMillis = nowMillis
    call.isAnswered = true
    if (call === this.last && call.isOfSomething) this.fetched(response)
    context.settle()
  }

  private fetched(response: FetchResponseData | undefined): void {
    const { nowMillis } = this.context
    const { session } = this
    this.isFetching = false
    if (response === undefined) {
      for (const { replica } of session.members())
        replica.fetcher?.fetched(fetchRefused(replica.index, 'NETWORK_EXCEPTION'), nowMillis)
      this.restart()
    } else if (response.errorCode !== 'NONE') this.restart()
    else {
      session.answered(response.sessionId ?? NO_SESSION)
      for (const { topic, partitions } of response.responses)
        for (const answer of partitions) this.fetchedOne(topic, answer)
    }
    this.ask()
  }

  private fetchedOne(topic: string, answer: FetchedPartition): void {
    // One that follows anew meanwhile has been forgotten, or has begun another fetch: see `remove`.
    const asker = this.session.find(topic, answer.partitionIndex)
    if (asker === undefined) return
    const { replica } = asker
    this.lookAt(replica)
    if (replica.fetcher?.fetched(answer, this.context.nowMillis) === true) this.context.touch(replica)
  }

  /** OffsetForLeaderEpoch, or ListOffsets, of one partition. */
  private askOther(replica: Replica, fetcher: PartitionFetcher, request: FollowerRequest): void {
    this.busy = appended(this.busy, fetcher)
    if (request.api === 'OffsetForLeaderEpoch') this.askEpochEnd(replica, fetcher, request)
    else if (request.api === 'ListOffsets') this.askBounds(replica, fetcher, request.currentLeaderEpoch)
  }

  private askEpochEnd(
    replica: Replica,
    fetcher: PartitionFetcher,
    { currentLeaderEpoch, leaderEpoch }: Extract<FollowerRequest, { api: 'OffsetForLeaderEpoch' }>,
  ): void {
    const partition = { partition: replica.index, currentLeaderEpoch, leaderEpoch }
    const body = { replicaId: this.context.id, topics: [{ topic: replica.topic, partitions: [partition] }] }
    this.send('OffsetForLeaderEpoch', OFFSET_FOR_LEADER_EPOCH_VERSION, body, (response) => {
      const end = response?.topics[0]?.partitions[0]
      this.answered(replica, fetcher, end?.errorCode ?? 'NETWORK_EXCEPTION', (nowMillis) => {
        if (end !== undefined) fetcher.epochEnded({ ...end, epoch: end.leaderEpoch }, nowMillis)
      })
    })
  }

  private askBounds(replica: Replica, fetcher: PartitionFetcher, currentLeaderEpoch: number): void {
    const bodyOf = (timestamp: number): RequestOf<'ListOffsets'> => ({
      replicaId: this.context.id,
      isolationLevel: 'read_uncommitted',
      topics: [
        {
          name: replica.topic,
          partitions: [{ partitionIndex: replica.index, currentLeaderEpoch, timestamp }],
        },
      ],
    })
    this.send('ListOffsets', LIST_OFFSETS_VERSION, bodyOf(LATEST_TIMESTAMP), (latestResponse) => {
      this.send('ListOffsets', LIST_OFFSETS_VERSION, bodyOf(EARLIEST_TIMESTAMP), (earliestResponse) => {
        const latest = latestResponse?.topics[0]?.partitions[0]
        const earliest = earliestResponse?.topics[0]?.partitions[0]
        const errors = [latest, earliest].map((found) => found?.errorCode ?? 'NETWORK_EXCEPTION')
        const error = errors.find((code) => code !== 'NONE') ?? 'NONE'
        this.answered(replica, fetcher, error, (nowMillis) =>
          fetcher.bounded(earliest?.offset ?? 0, latest?.offset ?? 0, nowMillis),
        )
      })
    })
  }

  private answered(
    replica: Replica,
    fetcher: PartitionFetcher,
    errorCode: ErrorCode,
    take: (nowMillis: number) => void,
  ): void {
    const { nowMillis } = this.context
    this.busy = this.busy.filter((other) => other !== fetcher)
    this.lookAt(replica)
    if (replica.fetcher !== fetcher) return
    if (errorCode === 'NONE') take(nowMillis)
    else fetcher.refused(errorCode, nowMillis)
    this.context.touch(replica)
    this.isFresh = true
    this.ask()
  }

  private send<Api extends 'Fetch' | 'OffsetForLeaderEpoch' | 'ListOffsets'>(
    api: Api,
    apiVersion: number,
    body: RequestOf<Api>,
    answered: (response: ResponseOf<Api> | undefined) => void,
  ): void {
    const { context } = this
    this.request(api, apiVersion, body, (response, nowMillis) => {
      context.nowMillis = nowMillis
      answered(response)
      context.settle()
    })
  }

  private request<Api extends 'Fetch' | 'OffsetForLeaderEpoch' | 'ListOffsets'>(
    api: Api,
    apiVersion: number,
    body: RequestOf<Api>,
    answered: Answered<Api>,
  ): void {
    const { context, leaderId, clientId } = this
    const request = {
      api: api as ApiName & Api,
      apiVersion,
      clientId,
      body,
      timeoutMillis: Number.POSITIVE_INFINITY,
    }
    context.host.channels.replication.send(leaderId, request, answered)
  }
}
