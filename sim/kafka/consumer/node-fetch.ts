import { FetchSessionHandler } from '../replication/fetch-session.ts'
import { type FetchPartition, NO_LEADER_EPOCH } from '../replication/message.ts'
import type { FetchPosition, PartitionState } from './partition-state.ts'

/** What a consumer fetches from one node, one request at a time, in a session. */
export class NodeFetch {
  readonly nodeId: number
  readonly session = new FetchSessionHandler<PartitionState>()
  /** A Fetch is under way. */
  isPending = false
  /** It is no longer what would be fetched now. */
  isOutdated = false
  /** How often it was said anew which partitions are wanted. */
  round = 0
  /** Partitions that were read on since the last Fetch, while all else is as it was. */
  advanced: PartitionState[] = []
  /** How much of whatever decides what is fetched had changed when that was looked at last. */
  private seenChanges = -1
  private seenVersion = -1

  constructor(nodeId: number) {
    this.nodeId = nodeId
  }

  /** From now on what `add` says is wanted, up to `end`, as of so many changes of what decides that, and nothing else. */
  begin(changes: number, version: number): void {
    this.round += 1
    if (this.advanced.length > 0) this.advanced = []
    this.seenChanges = changes
    this.seenVersion = version
    this.session.beginRound()
  }

  add(state: PartitionState, maxBytes: number): void {
    const { offset, currentLeader } = state.position as FetchPosition
    state.askedBy = this
    state.askedRound = this.round
    state.askedOffset = offset
    const known = this.session.keep(state.topic, state.partition, state)
    if (known?.fetchOffset !== offset || known.currentLeaderEpoch !== currentLeader.epoch)
      this.want(state, maxBytes)
  }

  end(): void {
    this.session.endRound()
  }

  /** The next Fetch asks for a partition from where it is read. */
  want(state: PartitionState, maxBytes: number): void {
    const { topic, partition } = state
    const { offset, currentLeader } = state.position as FetchPosition
    state.askedOffset = offset
    const wanted: FetchPartition = {
      partition,
      fetchOffset: offset,
      currentLeaderEpoch: currentLeader.epoch,
      lastFetchedEpoch: NO_LEADER_EPOCH,
      logStartOffset: -1,
      partitionMaxBytes: maxBytes,
    }
    this.session.want(topic, wanted, state)
  }

  /** Whether the partitions of the last Fetch are those that are wanted now, though perhaps from further on. */
  isSteady(changes: number, version: number): boolean {
    return this.seenChanges === changes && this.seenVersion === version && !this.session.isNew
  }

  /** Whether what is under way asks for a partition from where it is wanted. */
  asks(state: PartitionState, offset: number): boolean {
    return this.isOf(state) && state.askedOffset === offset
  }

  /** Whether a partition was wanted last. */
  isOf(state: PartitionState): boolean {
    return state.askedBy === this && state.askedRound === this.round
  }
}
