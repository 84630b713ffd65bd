import type { Log } from '../log/log.ts'

/** Log end offset of a follower that has not fetched yet. Source: UnifiedLog.UNKNOWN_OFFSET. */
export const UNKNOWN_OFFSET = -1

/** Broker epoch of a fetch that carries none (before Fetch v15). */
export const NO_BROKER_EPOCH = -1

/** What a leader knows of one follower, from its fetches. Source: Replica, ReplicaState. */
export class FollowerState {
  readonly brokerId: number
  logStartOffset = UNKNOWN_OFFSET
  /** It has everything below. */
  logEndOffset = UNKNOWN_OFFSET
  /** Where the leader's log ended at its last fetch, and when that was. */
  private lastFetchLeaderLogEndOffset = 0
  private lastFetchMillis = 0
  /** When it last had everything that the leader had. */
  lastCaughtUpMillis = 0
  /** The high watermark in the last answer to it. */
  toldHighWatermark = UNKNOWN_OFFSET
  /** The life in which it fetched. */
  brokerEpoch = NO_BROKER_EPOCH

  constructor(brokerId: number) {
    this.brokerId = brokerId
  }

  /** Notes a fetch: it has everything below the offset that it asks for (rule R5). */
  fetched(
    fetchOffset: number,
    logStartOffset: number,
    nowMillis: number,
    leaderEndOffset: number,
    brokerEpoch: number,
  ): void {
    if (fetchOffset >= leaderEndOffset) this.lastCaughtUpMillis = Math.max(this.lastCaughtUpMillis, nowMillis)
    else if (fetchOffset >= this.lastFetchLeaderLogEndOffset)
      this.lastCaughtUpMillis = Math.max(this.lastCaughtUpMillis, this.lastFetchMillis)
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
    this.lastCaughtUpMillis = inSync ? nowMillis : 0
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
