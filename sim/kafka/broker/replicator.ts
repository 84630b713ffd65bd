import { Deadline } from '../coordinator/deadlines.ts'
import type { ErrorCode } from '../error-code.ts'
import type { ApiName, RequestOf, ResponseOf } from '../protocol/api.ts'
import type { FetchPartitionData, FetchResponseData } from '../protocol/fetch.ts'
import type { FollowerRequest, PartitionFetcher } from '../replication/fetcher.ts'
import { EARLIEST_TIMESTAMP, fetchRefused, LATEST_TIMESTAMP } from '../replication/message.ts'
import type { BrokerContext } from './context.ts'
import type { Replica } from './replica.ts'

/** The version of Fetch that carries the epoch of the follower's life (KIP-903). */
const FETCH_VERSION = 17
const LIST_OFFSETS_VERSION = 7
const OFFSET_FOR_LEADER_EPOCH_VERSION = 4

/** What a replica asked its leader, and as whom: a fetcher that was replaced meanwhile wants no answer. */
interface Asked {
  readonly replica: Replica
  readonly fetcher: PartitionFetcher
}

/** A partition of a request other than Fetch, with what it asks for. */
interface Asking extends Asked {
  readonly request: FollowerRequest
}

/** Replicas of one topic in a fetch. */
interface TopicFetch {
  readonly topic: string
  readonly asked: Asked[]
  /** What was asked for the last time. */
  wanted: readonly FetchPartitionData[]
}

/** The replicas of a fetch by topic, in the order in which they come. */
interface FetchGroups {
  readonly topics: readonly TopicFetch[]
  /** All of them in the order of the request. */
  readonly asked: readonly Asked[]
}

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
}

/** The followers of one leader. */
class LeaderConnection extends Deadline {
  private readonly context: BrokerContext
  private readonly leaderId: number
  private readonly replicas = new Set<Replica>()
  /** Tells the answer to the last fetch from those that were given up. */
  private fetchNumber = 0
  /** A fetch is under way that asks for something. */
  private isFetching = false
  private isChanged = false
  /** Partitions with another request than Fetch under way. */
  private readonly busy = new Set<PartitionFetcher>()
  /** The leader has not told yet how far the logs may be shown. */
  private isFresh = true
  /** All replicas by topic, until there are others. */
  private groups: FetchGroups | undefined
  /** Replicas that are fetched by the request that is being made. */
  private readonly fetches: Replica[] = []

  constructor(context: BrokerContext, leaderId: number) {
    super()
    this.context = context
    this.leaderId = leaderId
  }

  add(replica: Replica): void {
    this.replicas.add(replica)
    this.groups = undefined
    this.isChanged = true
    this.isFresh = true
  }

  remove(replica: Replica): void {
    if (!this.replicas.delete(replica)) return
    this.groups = undefined
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
    if (this.replicas.size > 0) this.ask()
  }

  expire(): void {
    this.ask()
  }

  private ask(): void {
    const { nowMillis } = this.context
    const { fetches } = this
    fetches.length = 0
    let retryMillis = Number.POSITIVE_INFINITY
    for (const replica of this.replicas) {
      const { fetcher } = replica
      if (fetcher === undefined || this.busy.has(fetcher)) continue
      const request = fetcher.request(nowMillis)
      if (request === undefined) {
        if (fetcher.delayedUntilMillis > nowMillis)
          retryMillis = Math.min(retryMillis, fetcher.delayedUntilMillis)
      } else if (request.api === 'Fetch') {
        replica.want(request)
        fetches.push(replica)
      } else this.askOther({ replica, fetcher, request })
    }
    if (retryMillis < Number.POSITIVE_INFINITY) this.context.timers.set(this, retryMillis)
    // A fetch of nothing makes the leader answer the one that waits, so that other answers can follow it.
    if (fetches.length === 0 && !this.isFetching) return
    this.isFetching = fetches.length > 0
    this.fetchNumber += 1
    this.fetch(fetches, this.fetchNumber)
  }

  private fetch(replicas: readonly Replica[], fetchNumber: number): void {
    const { id, config, brokerEpoch } = this.context
    const { topics: byTopic, asked } = this.groupsOf(replicas)
    const topics: { topic: string; partitions: readonly FetchPartitionData[] }[] = []
    for (const ofTopic of byTopic) topics.push({ topic: ofTopic.topic, partitions: wantedOf(ofTopic) })
    const body: RequestOf<'Fetch'> = {
      replicaId: id,
      replicaEpoch: brokerEpoch,
      maxWaitMs: this.isFresh ? 0 : config['replica.fetch.wait.max.ms'],
      minBytes: config['replica.fetch.min.bytes'],
      maxBytes: config['replica.fetch.response.max.bytes'],
      isolationLevel: 'read_uncommitted',
      topics,
    }
    this.isFresh = false
    this.send('Fetch', FETCH_VERSION, body, (response) => {
      if (fetchNumber === this.fetchNumber && asked.length > 0) this.fetched(asked, response)
    })
  }

  private groupsOf(replicas: readonly Replica[]): FetchGroups {
    if (replicas.length < this.replicas.size) return grouped(replicas)
    this.groups ??= grouped(replicas)
    return this.groups
  }

  private fetched(asked: readonly Asked[], response: FetchResponseData | undefined): void {
    const { nowMillis } = this.context
    this.isFetching = false
    if (response === undefined) {
      this.isFresh = true
      for (const { replica, fetcher } of asked)
        if (replica.fetcher === fetcher) fetcher.fetched(fetchRefused('NETWORK_EXCEPTION'), nowMillis)
    }
    // Answers come in the order of the request; partitions of which there is nothing to tell are left out.
    let at = 0
    for (const { topic, partitions } of response?.responses ?? [])
      for (const answer of partitions) {
        while (asked[at]?.replica.topic !== topic || asked[at]?.replica.index !== answer.partitionIndex) at++
        const { replica, fetcher } = asked[at] as Asked
        if (replica.fetcher === fetcher && fetcher.fetched(answer, nowMillis)) this.context.touch(replica)
      }
    this.ask()
  }

  /** OffsetForLeaderEpoch, or ListOffsets, of one partition. */
  private askOther({ replica, fetcher, request }: Asking): void {
    this.busy.add(fetcher)
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
    this.busy.delete(fetcher)
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
    const { context, leaderId } = this
    const clientId = `broker-${context.id}-fetcher-0`
    const request = {
      api: api as ApiName & Api,
      apiVersion,
      clientId,
      body,
      timeoutMillis: Number.POSITIVE_INFINITY,
    }
    context.host.channels.replication.send(leaderId, request, (response, nowMillis) => {
      context.nowMillis = nowMillis
      answered(response)
      context.settle()
    })
  }
}

function grouped(replicas: readonly Replica[]): FetchGroups {
  const byTopic = new Map<string, TopicFetch>()
  for (const replica of replicas) {
    let ofTopic = byTopic.get(replica.topic)
    if (ofTopic === undefined) {
      ofTopic = { topic: replica.topic, asked: [], wanted: [] }
      byTopic.set(replica.topic, ofTopic)
    }
    ofTopic.asked.push({ replica, fetcher: replica.fetcher as PartitionFetcher })
  }
  const topics = [...byTopic.values()]
  return { topics, asked: topics.flatMap(({ asked }) => asked) }
}

/** What a fetch asks for of a topic; the same list again if nothing has changed. */
function wantedOf(ofTopic: TopicFetch): readonly FetchPartitionData[] {
  const { asked, wanted } = ofTopic
  let isSame = wanted.length === asked.length
  for (let at = 0; isSame && at < asked.length; at++) isSame = wanted[at] === asked[at]?.replica.wanted
  if (!isSame) ofTopic.wanted = asked.map(({ replica }) => replica.wanted)
  return ofTopic.wanted
}
