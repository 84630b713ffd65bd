import type { Log } from '../log/log.ts'

/** Log end offset of a follower that has not fetched yet. Source: UnifiedLog.UNKNOWN_OFFSET. */
export const UNKNOWN_OFFSET = -1

/** Broker epoch of a fetch that carries none (before Fetch v15). */
export const NO_BROKER_EPOCH = -1

/** When a follower last fetched everything that it follows. */
export interface FetchClock {
  readonly lastFetchMillis: number
}

/** What a leader knows of one follower, from its fetches. Source: Replica, ReplicaState. */
export class FollowerState {
  readonly brokerId: number
  logStartOffset = UNKNOWN_OFFSET
  /** It has everything below. */
  logEndOffset = UNKNOWN_OFFSET
  /** Where the leader's log ended at its last fetch, and when that was. */
  private lastFetchLeaderLogEndOffset = 0
  private lastFetchMillis = 0
  private ownCaughtUpMillis = 0
  /**
   * Set while every fetch says the same of it, that it has everything: then the time of the last one is not noted here
   * for each of many partitions, but there for all of them.
   */
  private clock: FetchClock | undefined = undefined
  /** The high watermark in the last answer to it. */
  toldHighWatermark = UNKNOWN_OFFSET
  /** The life in which it fetched. */
  brokerEpoch = NO_BROKER_EPOCH

  constructor(brokerId: number) {
    this.brokerId = brokerId
  }

  /** When it last had everything that the leader had. */
  get lastCaughtUpMillis(): number {
    const { clock, ownCaughtUpMillis } = this
    return clock === undefined ? ownCaughtUpMillis : Math.max(ownCaughtUpMillis, clock.lastFetchMillis)
  }

  /** From its last fetch on it has everything, as often as it fetches. */
  idle(clock: FetchClock): void {
    this.clock = clock
  }

  /** There is something for it again. @param atMillis when it fetched last without getting anything */
  awake(atMillis: number): void {
    if (this.clock === undefined) return
    this.clock = undefined
    this.lastFetchMillis = atMillis
    this.caughtUp(atMillis)
  }

  /** It had everything at this moment. */
  caughtUp(atMillis: number): void {
    if (atMillis > this.ownCaughtUpMillis) this.ownCaughtUpMillis = atMillis
  }

  /** Notes a fetch: it has everything below the offset that it asks for (rule R5). */
  fetched(
    fetchOffset: number,
    logStartOffset: number,
    nowMillis: number,
    leaderEndOffset: number,
    brokerEpoch: number,
  ): void {
    if (fetchOffset >= leaderEndOffset) this.caughtUp(nowMillis)
    else if (fetchOffset >= this.lastFetchLeaderLogEndOffset) this.caughtUp(this.lastFetchMillis)
    this.logStartOffset = logStartOffset
    this.logEndOffset = fetchOffset
    this.lastFetchLeaderLogEndOffset = leaderEndOffset
    this.lastFetchMillis = nowMillis
    this.brokerEpoch = brokerEpoch
  }

  /** It has everything, and knows that it is committed. @param brokerEpoch the life in which it fetched */
  resume({ logStartOffset, logEndOffset }: Log, nowMillis: number, brokerEpoch: number): void {
    this.fetched(logEndOffset, logStartOffset, nowMillis, logEndOffset, brokerEpoch)
    this.toldHighWatermark = logEndOffset
  }

  /**
   * A leader epoch begins (rule L12).
   * @param newLeader the leader was not leader before: what it knows of its followers is worth nothing
   * @param inSync it is in the ISR, and gets the benefit of the doubt
   */
  reset(nowMillis: number, leaderEndOffset: number, newLeader: boolean, inSync: boolean): void {
    this.clock = undefined
    this.ownCaughtUpMillis = inSync ? nowMillis : 0
    if (!newLeader) {
      this.lastFetchLeaderLogEndOffset = leaderEndOffset
      this.lastFetchMillis = inSync ? nowMillis : 0
      return
    }
    this.logStartOffset = UNKNOWN_OFFSET
    this.logEndOffset = UNKNOWN_OFFSET
    this.lastFetchLeaderLogEndOffset = UNKNOWN_OFFSET
    this.lastFetchMillis = 0
    this.brokerEpoch = NO_BROKER_EPOCH
  }

  /** Whether it has, or lately had, everything that the leader has (rule R5). */
  isCaughtUp(leaderEndOffset: number, nowMillis: number, maxLagMillis: number): boolean {
    return this.logEndOffset === leaderEndOffset || nowMillis - this.lastCaughtUpMillis <= maxLagMillis
  }
}

/** One for each follower: few enough to be looked through. */
export type Followers = readonly FollowerState[]

export const NO_FOLLOWERS: Followers = []

/** What is known of one of them. */
export function followerOf(followers: Followers, brokerId: number): FollowerState | undefined {
  for (const follower of followers) if (follower.brokerId === brokerId) return follower
  return undefined
}

/** What the leader of a partition knows of its followers. @param before of those that it had */
export function followersOf(replicas: readonly number[], leaderId: number, before: Followers): Followers {
  const followers = new Array<FollowerState>(replicas.length - (replicas.includes(leaderId) ? 1 : 0))
  let count = 0
  for (const id of replicas)
    if (id !== leaderId) followers[count++] = followerOf(before, id) ?? new FollowerState(id)
  return followers
}
