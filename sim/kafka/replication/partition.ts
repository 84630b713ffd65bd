import type { ErrorCode } from '../error-code.ts'
import { type AppendResult, type AppendSource, CLIENT_APPEND } from '../log/append.ts'
import type { RecordBatch } from '../log/batch.ts'
import { type EpochEndOffset, UNDEFINED_EPOCH, UNDEFINED_EPOCH_OFFSET } from '../log/epoch-cache.ts'
import type { Log } from '../log/log.ts'
import type { FetchIsolation } from '../log/read.ts'
import {
  type FollowerState,
  followerOf,
  followersOf,
  NO_BROKER_EPOCH,
  NO_FOLLOWERS,
  UNKNOWN_OFFSET,
} from './follower.ts'
import { committedIsr, type IsrState, NO_ISR, pendingExpand, pendingShrink } from './isr.ts'
import {
  type AlterPartitionRequest,
  type AlterPartitionResponse,
  type FetchedPartition,
  type FetchPartition,
  fetchRefused,
  type ListedOffset,
  NO_LEADER_EPOCH,
  type PartitionRegistration,
  type ReplicationProgress,
} from './message.ts'
import { type ListIsolation, listOffset, notListed } from './offset-listing.ts'
import type { PartitionHost } from './partition-host.ts'
import { readPartition } from './partition-read.ts'

const WAITING: ReplicationProgress = { done: false, errorCode: 'NONE' }
const REPLICATED: ReplicationProgress = { done: true, errorCode: 'NONE' }

/** The replica of a partition at one broker, as leader or follower. Source: Partition. */
export class Partition {
  readonly log: Log
  leaderId = -1
  leaderEpoch = -1
  partitionEpoch = -1
  replicas: readonly number[] = []
  isr: IsrState = NO_ISR
  /** Where the log ended when it became leader in this epoch; undefined for followers. */
  epochStartOffset: number | undefined = undefined
  private readonly host: PartitionHost
  private followers = NO_FOLLOWERS

  constructor(log: Log, host: PartitionHost) {
    this.log = log
    this.host = host
  }

  get isLeader(): boolean {
    return this.leaderId === this.host.brokerId
  }

  /** Members of the ISR that a write needs: no more than there are replicas. */
  get effectiveMinIsr(): number {
    return Math.min(this.host.minInsyncReplicas, this.replicas.length)
  }

  /** What this leader knows of a follower. */
  follower(brokerId: number): FollowerState | undefined {
    return followerOf(this.followers, brokerId)
  }

  /**
   * Becomes leader, or hears as leader of another ISR (rules L8, L12). States older than the present one are ignored.
   * @returns whether it was not leader before
   */
  makeLeader(state: PartitionRegistration, nowMillis: number): boolean {
    if (state.partitionEpoch < this.partitionEpoch) return false
    const newLeader = !this.isLeader
    const newEpoch = state.leaderEpoch > this.leaderEpoch
    this.replicas = state.replicas
    this.isr = committedIsr(state.isr)
    this.followers = followersOf(state.replicas, this.host.brokerId, this.followers)
    if (newEpoch) {
      const end = this.log.logEndOffset
      this.log.startEpoch(state.leaderEpoch)
      for (const follower of this.followers)
        follower.reset(nowMillis, end, newLeader, state.isr.includes(follower.brokerId))
      this.leaderEpoch = state.leaderEpoch
      this.epochStartOffset = end
    }
    this.partitionEpoch = state.partitionEpoch
    this.leaderId = this.host.brokerId
    this.raiseHighWatermark(nowMillis)
    return newLeader
  }

  /** Becomes follower (rule L12). @returns whether the leader epoch is new, so that fetching must start afresh */
  makeFollower(state: PartitionRegistration): boolean {
    if (state.partitionEpoch < this.partitionEpoch) return false
    const newEpoch = state.leaderEpoch > this.leaderEpoch
    this.leaderId = state.leader
    this.leaderEpoch = state.leaderEpoch
    this.partitionEpoch = state.partitionEpoch
    this.epochStartOffset = undefined
    this.replicas = state.replicas
    this.isr = NO_ISR
    this.followers = NO_FOLLOWERS
    return newEpoch
  }

  /** Appends what a client or coordinator produced; with acks=all only while the ISR is large enough (rules A2, L3). */
  append(
    batch: RecordBatch,
    acks: number,
    nowMillis: number,
    source: AppendSource = CLIENT_APPEND,
  ): AppendResult | { readonly errorCode: 'NOT_LEADER_OR_FOLLOWER' | 'NOT_ENOUGH_REPLICAS' } {
    if (!this.isLeader) return { errorCode: 'NOT_LEADER_OR_FOLLOWER' }
    if (acks === -1 && this.isr.committed.length < this.effectiveMinIsr)
      return { errorCode: 'NOT_ENOUGH_REPLICAS' }
    const result = this.log.appendAsLeader(batch, this.leaderEpoch, nowMillis, source)
    if (result.errorCode === 'NONE') this.raiseHighWatermark(nowMillis)
    return result
  }

  /** Whether everything below an offset is replicated as acks=all asks (rules A1, A3, A4). */
  progress(requiredOffset: number): ReplicationProgress {
    if (!this.isLeader) return { done: true, errorCode: 'NOT_LEADER_OR_FOLLOWER' }
    if (this.log.highWatermark < requiredOffset) return WAITING
    if (this.isr.maximal.length >= this.effectiveMinIsr) return REPLICATED
    return { done: true, errorCode: 'NOT_ENOUGH_REPLICAS_AFTER_APPEND' }
  }

  /** Fetch of a consumer (rules F2, F3). */
  fetchAsConsumer(
    request: FetchPartition,
    isolation: FetchIsolation,
    maxBytes: number,
    minOneBatch: boolean,
  ): FetchedPartition {
    const error = this.checkEpoch(request.currentLeaderEpoch)
    if (error !== 'NONE') return fetchRefused(request.partition, error)
    return readPartition(this.log, request, isolation, maxBytes, minOneBatch)
  }

  /**
   * Fetch of a follower: what it asks for says how far it is (rules R1, R2, R5, R6, R8).
   * @param brokerEpoch its life, NO_BROKER_EPOCH if the request does not say
   */
  fetchAsFollower(
    request: FetchPartition,
    brokerId: number,
    brokerEpoch: number,
    maxBytes: number,
    minOneBatch: boolean,
    nowMillis: number,
  ): FetchedPartition {
    const error = this.checkEpoch(
      this.host.switches.fenceByLeaderEpoch ? request.currentLeaderEpoch : NO_LEADER_EPOCH,
    )
    if (error !== 'NONE') return fetchRefused(request.partition, error)
    const follower = followerOf(this.followers, brokerId)
    if (follower === undefined) {
      const epochGiven = request.currentLeaderEpoch !== NO_LEADER_EPOCH
      return fetchRefused(request.partition, epochGiven ? 'UNKNOWN_LEADER_EPOCH' : 'NOT_LEADER_OR_FOLLOWER')
    }
    const end = this.log.logEndOffset
    const fetched = readPartition(this.log, request, 'log_end', maxBytes, minOneBatch)
    if (fetched.errorCode !== 'NONE' || fetched.divergingEpoch !== undefined) return fetched
    if (this.staleLife(follower, brokerEpoch))
      return fetchRefused(request.partition, 'NOT_LEADER_OR_FOLLOWER')
    this.noteFetch(request, follower, brokerEpoch, nowMillis, end)
    return fetched
  }

  /** Whether `fetchAsFollower` would answer a follower with no error and no records: all that there is to tell is offsets. */
  hasOnlyOffsetsFor(request: FetchPartition, brokerId: number, brokerEpoch: number): boolean {
    const { log } = this
    const follower = followerOf(this.followers, brokerId)
    return (
      follower !== undefined &&
      request.fetchOffset === log.logEndOffset &&
      !log.isOffline &&
      this.isUpToDate(request) &&
      !this.staleLife(follower, brokerEpoch)
    )
  }

  /** Notes a fetch that gets what there is. @param end of the log */
  noteFetch(
    request: FetchPartition,
    follower: FollowerState,
    brokerEpoch: number,
    nowMillis: number,
    end = request.fetchOffset,
  ): void {
    const before = follower.logEndOffset
    follower.fetched(request.fetchOffset, request.logStartOffset, nowMillis, end, brokerEpoch)
    this.maybeExpandIsr(follower)
    if (follower.logEndOffset !== before) this.raiseHighWatermark(nowMillis)
  }

  /**
   * Whether a follower in the ISR asks for what it has been told already, and so would get nothing; if so, notes the
   * fetch as `fetchAsFollower` does.
   */
  isIdleForFollower(
    request: FetchPartition,
    brokerId: number,
    brokerEpoch: number,
    nowMillis: number,
  ): boolean {
    const { log } = this
    const follower = followerOf(this.followers, brokerId)
    if (
      follower === undefined ||
      request.fetchOffset !== log.logEndOffset ||
      request.fetchOffset !== follower.logEndOffset ||
      request.logStartOffset !== follower.logStartOffset ||
      request.logStartOffset !== log.logStartOffset ||
      brokerEpoch !== follower.brokerEpoch ||
      log.highWatermark !== follower.toldHighWatermark ||
      log.isOffline ||
      !this.isr.committed.includes(brokerId) ||
      !this.isUpToDate(request)
    )
      return false
    follower.fetched(request.fetchOffset, request.logStartOffset, nowMillis, request.fetchOffset, brokerEpoch)
    return true
  }

  /** Whether a reader would get nothing of it. */
  isIdleForReader(request: FetchPartition, isolation: FetchIsolation): boolean {
    const { log } = this
    return request.fetchOffset === log.readBound(isolation) && !log.isOffline && this.isUpToDate(request)
  }

  /** Whether a reader would get records of it, which can be told without reading them. */
  hasRecordsFor(request: FetchPartition, isolation: FetchIsolation): boolean {
    const { log } = this
    const isInRange = request.fetchOffset >= log.logStartOffset
    const isBelow = isInRange && request.fetchOffset < log.readBound(isolation)
    return isBelow && !log.isOffline && this.isUpToDate(request)
  }

  private isUpToDate({ currentLeaderEpoch, lastFetchedEpoch }: FetchPartition): boolean {
    return (
      this.isLeader &&
      (currentLeaderEpoch === NO_LEADER_EPOCH || currentLeaderEpoch === this.leaderEpoch) &&
      (lastFetchedEpoch === NO_LEADER_EPOCH || lastFetchedEpoch === this.log.epochs.latestEpoch)
    )
  }

  /** OffsetForLeaderEpoch (rule L9). */
  offsetForLeaderEpoch(
    currentLeaderEpoch: number,
    leaderEpoch: number,
  ): EpochEndOffset & { readonly errorCode: ErrorCode } {
    const errorCode = this.checkEpoch(currentLeaderEpoch)
    if (errorCode !== 'NONE') return { epoch: UNDEFINED_EPOCH, endOffset: UNDEFINED_EPOCH_OFFSET, errorCode }
    const { epoch, endOffset } = this.log.endOffsetForEpoch(leaderEpoch)
    return { epoch, endOffset, errorCode }
  }

  /** ListOffsets (rule L13). @param isolation of a consumer; undefined for a follower, who may see everything */
  listOffset(
    timestamp: number,
    currentLeaderEpoch: number,
    isolation: ListIsolation | undefined,
  ): ListedOffset {
    const error = this.checkEpoch(currentLeaderEpoch)
    if (error !== 'NONE') return notListed(error)
    return listOffset(this.log, timestamp, isolation, this.leaderEpoch, this.epochStartOffset ?? 0)
  }

  /** DeleteRecords at the leader (rule L6). @param offset -1 for the high watermark */
  deleteRecords(offset: number, nowMillis: number): ErrorCode {
    if (!this.isLeader) return 'NOT_LEADER_OR_FOLLOWER'
    const to = offset === -1 ? this.log.highWatermark : offset
    return to < 0 ? 'OFFSET_OUT_OF_RANGE' : this.log.maybeIncrementLogStartOffset(to, nowMillis)
  }

  /** Asks the controller to remove members that lag (rule R7). To be called every half replica.lag.time.max.ms. */
  maybeShrinkIsr(nowMillis: number): void {
    if (!this.isLeader || this.isr.proposed !== undefined) return
    const leaving = this.outOfSync(nowMillis)
    if (leaving.length === 0) return
    this.isr = pendingShrink(this.isr, leaving)
    this.requestIsr()
  }

  /** The members of the ISR that are not caught up. */
  outOfSync(nowMillis: number): number[] {
    const end = this.log.logEndOffset
    const maxLagMillis = this.host.config['replica.lag.time.max.ms']
    return this.isr.committed.filter((id) => {
      if (id === this.host.brokerId) return false
      return followerOf(this.followers, id)?.isCaughtUp(end, nowMillis, maxLagMillis) !== true
    })
  }

  private checkEpoch(currentLeaderEpoch: number): ErrorCode {
    if (currentLeaderEpoch !== NO_LEADER_EPOCH) {
      if (currentLeaderEpoch < this.leaderEpoch) return 'FENCED_LEADER_EPOCH'
      if (currentLeaderEpoch > this.leaderEpoch) return 'UNKNOWN_LEADER_EPOCH'
    }
    return this.isLeader ? 'NONE' : 'NOT_LEADER_OR_FOLLOWER'
  }

  private staleLife(follower: FollowerState, brokerEpoch: number): boolean {
    if (!this.host.switches.brokerEpochCheck || brokerEpoch === NO_BROKER_EPOCH) return false
    const known = this.host.eligibleBrokerEpoch(follower.brokerId)
    return known !== undefined && brokerEpoch < known
  }

  private isEligible({ brokerId, brokerEpoch }: FollowerState): boolean {
    const known = this.host.eligibleBrokerEpoch(brokerId)
    const isChecked = this.host.switches.brokerEpochCheck && brokerEpoch !== NO_BROKER_EPOCH
    return known !== undefined && (!isChecked || brokerEpoch === known)
  }

  /** Rule R8: it has what is committed, and has fetched in this epoch, to its start at least. */
  private maybeExpandIsr(follower: FollowerState): void {
    const { isr, log } = this
    if (isr.proposed !== undefined || isr.committed.includes(follower.brokerId)) return
    if (!this.isEligible(follower) || follower.logEndOffset < log.highWatermark) return
    const { expandRequiresEpochStart, maximalIsrEager } = this.host.switches
    if (expandRequiresEpochStart && follower.logEndOffset < (this.epochStartOffset ?? 0)) return
    this.isr = pendingExpand(isr, follower.brokerId, maximalIsrEager)
    this.requestIsr()
  }

  /** Rules L2 to L4: the least end of those who are in sync, and of those who are about to be. */
  private raiseHighWatermark(nowMillis: number): void {
    const { log, isr, host } = this
    // Who is about to join does not count: the controller may refuse, and then too few are eligible to lead.
    if (host.switches.highWatermarkFrozenBelowMinIsr && isr.committed.length < this.effectiveMinIsr) return
    const end = log.logEndOffset
    const maxLagMillis = host.config['replica.lag.time.max.ms']
    let high = end
    for (const follower of this.followers) {
      if (follower.logEndOffset >= high) continue
      const counts =
        isr.maximal.includes(follower.brokerId) ||
        (follower.isCaughtUp(end, nowMillis, maxLagMillis) && this.isEligible(follower))
      if (counts) high = follower.logEndOffset
    }
    if (high !== UNKNOWN_OFFSET && log.maybeIncrementHighWatermark(high, nowMillis))
      host.highWatermarkRaised(this, nowMillis)
  }

  private requestIsr(): void {
    const { host, leaderEpoch, partitionEpoch } = this
    const request: AlterPartitionRequest = {
      brokerId: host.brokerId,
      brokerEpoch: host.brokerEpoch,
      leaderEpoch,
      partitionEpoch,
      newIsrWithEpochs: (this.isr.proposed ?? this.isr.committed).map((id) => this.inItsLife(id)),
      leaderRecoveryState: 'RECOVERED',
    }
    host.alterPartition(request, (response, nowMillis) => this.altered(request, response, nowMillis))
  }

  /** A broker as AlterPartition names it, which before KIP-903 did not say in which life. */
  private inItsLife(brokerId: number): { readonly brokerId: number; readonly brokerEpoch: number } {
    const own = brokerId === this.host.brokerId ? this.host.brokerEpoch : undefined
    const brokerEpoch = own ?? followerOf(this.followers, brokerId)?.brokerEpoch ?? NO_BROKER_EPOCH
    return { brokerId, brokerEpoch: this.host.switches.brokerEpochCheck ? brokerEpoch : NO_BROKER_EPOCH }
  }

  /** The controller's answer (rule R9). */
  private altered(request: AlterPartitionRequest, response: AlterPartitionResponse, nowMillis: number): void {
    // Another state has come by way of the metadata meanwhile.
    if (this.isr.proposed === undefined || request.partitionEpoch !== this.partitionEpoch || !this.isLeader)
      return
    switch (response.errorCode) {
      case 'NONE':
        this.adopt(response, nowMillis)
        return
      case 'INELIGIBLE_REPLICA':
      case 'OPERATION_NOT_ATTEMPTED':
        this.isr = committedIsr(this.isr.committed)
        return
      case 'UNKNOWN_TOPIC_OR_PARTITION':
      case 'FENCED_LEADER_EPOCH':
      case 'INVALID_UPDATE_VERSION':
      case 'INVALID_REQUEST':
      case 'NEW_LEADER_ELECTED':
        // Its knowledge is old: the change stays pending until the metadata come.
        return
      default:
        this.requestIsr()
    }
  }

  private adopt(response: AlterPartitionResponse, nowMillis: number): void {
    const { leaderId, leaderEpoch, partitionEpoch } = response
    // Stale, or of another reign: the metadata will tell.
    if (leaderEpoch !== this.leaderEpoch || partitionEpoch < this.partitionEpoch) return
    if (leaderId !== this.host.brokerId) return
    this.isr = committedIsr(response.isr)
    this.partitionEpoch = partitionEpoch
    this.raiseHighWatermark(nowMillis)
  }
}
