import type { TopicPartition } from '../assignor/subscription.ts'
import type { SessionMember } from '../replication/fetch-session.ts'
import type { FetchPartition } from '../replication/message.ts'
import { type PartitionName, partitionName } from '../transaction/topic-partition.ts'
import type { AutoOffsetReset, ConsumerSwitches } from './config.ts'
import type { FetchPosition, LeaderAndEpoch } from './fetch-position.ts'

export type FetchState = 'INITIALIZING' | 'FETCHING' | 'AWAIT_RESET' | 'AWAIT_VALIDATION'

/** A way to find a position. */
export type ResetStrategy = Exclude<AutoOffsetReset, 'none'>

// What keeps a partition from being fetched.
const PAUSED = 1
const PENDING_REVOCATION = 2
const PENDING_CALLBACK = 4

/** Counts what happens to the partitions of an assignment, so that nobody has to look at all of them to see it. */
export class StateChanges {
  readonly switches: ConsumerSwitches
  /** Changes of states. */
  states = 0
  /** Changes of whatever decides what is fetched next. */
  fetches = 0

  constructor(switches: ConsumerSwitches) {
    this.switches = switches
  }
}

/** How far a partition is read and what stands in the way. Source: SubscriptionState.TopicPartitionState of Kafka 4.x. */
export class PartitionState implements TopicPartition, SessionMember {
  readonly topic: string
  readonly partition: number
  resetStrategy: ResetStrategy | undefined
  /** ListOffsets, OffsetForLeaderEpoch or OffsetFetch is under way for it. */
  isAsking = false
  /** Before which nothing is asked about it. */
  retryMillis = 0
  /** By whom it was fetched last, in which round, and from where. */
  session: object | undefined
  round = -1
  wanted: FetchPartition | undefined
  /** Version of the metadata by which a fetch was refused: it is not fetched until there are others. */
  refusedVersion = -1
  /** Whether it is part of the assignment. */
  isAssigned = true
  /** The partition with the lowest one is served first. */
  turn = 0
  private readonly changes: StateChanges
  private currentState: FetchState = 'INITIALIZING'
  private currentPosition: FetchPosition | undefined
  /** What keeps it from being fetched: none of these, or several. */
  private obstacles = 0

  constructor(topic: string, partition: number, changes: StateChanges) {
    this.topic = topic
    this.partition = partition
    this.changes = changes
    this.session = undefined
    this.wanted = undefined
    this.resetStrategy = undefined
    this.currentPosition = undefined
  }

  get name(): PartitionName {
    return partitionName(this.topic, this.partition)
  }

  get state(): FetchState {
    return this.currentState
  }

  set state(state: FetchState) {
    this.currentState = state
    this.changes.states += 1
    this.changes.fetches += 1
  }

  get position(): FetchPosition | undefined {
    return this.currentPosition
  }

  set position(position: FetchPosition | undefined) {
    this.currentPosition = position
    this.changes.fetches += 1
  }

  /** Takes a position further on, of which whoever fetches it knows. */
  readOn(position: FetchPosition): void {
    this.currentPosition = position
  }

  get isPaused(): boolean {
    return (this.obstacles & PAUSED) !== 0
  }

  set isPaused(isPaused: boolean) {
    this.setObstacle(PAUSED, isPaused)
  }

  /** Its offsets are being committed so that it can be given up: nothing of it is returned any more. */
  get isPendingRevocation(): boolean {
    return (this.obstacles & PENDING_REVOCATION) !== 0
  }

  set isPendingRevocation(isPending: boolean) {
    this.setObstacle(PENDING_REVOCATION, isPending)
  }

  /** It is new, and the callback that says so has not ended. */
  get isPendingAssignedCallback(): boolean {
    return (this.obstacles & PENDING_CALLBACK) !== 0
  }

  set isPendingAssignedCallback(isPending: boolean) {
    this.setObstacle(PENDING_CALLBACK, isPending)
  }

  get hasValidPosition(): boolean {
    return this.currentState === 'FETCHING'
  }

  get isFetchable(): boolean {
    return this.currentState === 'FETCHING' && this.obstacles === 0
  }

  /** Whether a request about it may be sent. */
  mayAsk(nowMillis: number): boolean {
    return !this.isAsking && nowMillis >= this.retryMillis
  }

  /** Asks for a new position. */
  reset(strategy: ResetStrategy): void {
    this.state = 'AWAIT_RESET'
    this.resetStrategy = strategy
    this.position = undefined
    this.free()
  }

  /** Reads on from an offset that nobody doubts. */
  seekValidated(position: FetchPosition): void {
    this.state = 'FETCHING'
    this.position = position
    this.resetStrategy = undefined
    this.free()
  }

  /** Reads on from an offset once it is known that the leader's log has it, if epochs are known (rule F4). */
  seekUnvalidated(position: FetchPosition): void {
    this.seekValidated(position)
    this.validate(position)
  }

  /** Takes note of the leader of the day: a new one, or a new epoch, puts the position in doubt. */
  maybeValidate(leader: LeaderAndEpoch): void {
    const { position } = this
    if (position === undefined || leader.leader < 0) return
    const { currentLeader } = position
    if (currentLeader.leader === leader.leader && currentLeader.epoch === leader.epoch) return
    this.validate({ ...position, currentLeader: leader })
  }

  completeValidation(): void {
    if (this.state === 'AWAIT_VALIDATION') this.state = 'FETCHING'
  }

  /** What was asked about it has failed. */
  failed(retryMillis: number): void {
    this.isAsking = false
    this.retryMillis = retryMillis
    this.changes.fetches += 1
  }

  private validate(position: FetchPosition): void {
    const isKnown = position.offsetEpoch >= 0 && position.currentLeader.epoch >= 0
    this.state = isKnown && this.changes.switches.validatePosition ? 'AWAIT_VALIDATION' : 'FETCHING'
    this.position = position
    this.free()
  }

  private setObstacle(obstacle: number, isThere: boolean): void {
    this.obstacles = isThere ? this.obstacles | obstacle : this.obstacles & ~obstacle
    this.changes.fetches += 1
  }

  private free(): void {
    this.isAsking = false
    this.retryMillis = 0
  }
}
