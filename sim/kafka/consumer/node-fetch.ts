import type { Answered } from '../protocol/api.ts'
import type { FetchResponseData } from '../protocol/fetch.ts'
import { FetchSessionHandler } from '../replication/fetch-session.ts'
import { fetchPartition, NO_LEADER_EPOCH } from '../replication/message.ts'
import type { FetchPosition } from './fetch-position.ts'
import type { PartitionState } from './partition-state.ts'

/** Whoever fetches hears what comes of it. */
export interface FetchOwner {
  fetchAnswered(node: NodeFetch, response: FetchResponseData | undefined, nowMillis: number): void
}

/** Nobody writes to it. */
const NOBODY: PartitionState[] = []

/** What a consumer fetches from one node, one request at a time, in a session. */
export class NodeFetch {
  readonly nodeId: number
  readonly session = new FetchSessionHandler<PartitionState>()
  /** A Fetch is under way. */
  isPending = false
  /** It is no longer what would be fetched now. */
  isOutdated = false
  /** Hears the answer to each Fetch. */
  readonly answered: Answered<'Fetch'>
  /** Partitions that were read on since the last Fetch, while all else is as it was. */
  private advanced = NOBODY
  /** How much of whatever decides what is fetched had changed when that was looked at last. */
  private seenChanges = -1
  private seenVersion = -1

  constructor(nodeId: number, owner: FetchOwner) {
    this.nodeId = nodeId
    this.answered = (response, nowMillis) => owner.fetchAnswered(this, response, nowMillis)
  }

  /** From now on what `add` says is wanted, up to `end`, as of so many changes of what decides that, and nothing else. */
  begin(changes: number, version: number): void {
    this.advanced = NOBODY
    this.seenChanges = changes
    this.seenVersion = version
    this.session.beginRound()
  }

  add(state: PartitionState, maxBytes: number): void {
    const { offset, currentLeader } = state.position as FetchPosition
    const known = this.session.keep(state)
    if (known?.fetchOffset !== offset || known.currentLeaderEpoch !== currentLeader.epoch)
      this.want(state, maxBytes)
  }

  end(): void {
    this.session.endRound()
  }

  /** A partition was read on. */
  advance(state: PartitionState): void {
    if (this.advanced === NOBODY) this.advanced = [state]
    else if (!this.advanced.includes(state)) this.advanced.push(state)
  }

  /** The next Fetch asks for those that were read on from where they are read now. */
  wantAdvanced(maxBytes: number): void {
    const { advanced } = this
    for (const state of advanced) this.want(state, maxBytes)
    while (advanced.length > 0) advanced.pop()
  }

  /** The next Fetch asks for a partition from where it is read. */
  private want(state: PartitionState, maxBytes: number): void {
    const { offset, currentLeader } = state.position as FetchPosition
    const { epoch } = currentLeader
    const wanted = fetchPartition(state.partition, offset, epoch, NO_LEADER_EPOCH, -1, maxBytes)
    this.session.want(state, wanted)
  }

  /** Whether the partitions of the last Fetch are those that are wanted now, though perhaps from further on. */
  isSteady(changes: number, version: number): boolean {
    return this.seenChanges === changes && this.seenVersion === version && !this.session.isNew
  }

  /** Whether what is under way asks for a partition from where it is wanted. */
  asks(state: PartitionState, offset: number): boolean {
    return this.isOf(state) && state.wanted?.fetchOffset === offset
  }

  /** Whether a partition was wanted last. */
  isOf(state: PartitionState): boolean {
    return this.session.isOfRound(state)
  }
}
