import { listWith } from '../../kernel/list.ts'
import type { TopicPartition } from '../assignor/subscription.ts'
import { partitionName } from '../transaction/topic-partition.ts'
import type { AutoOffsetReset, ConsumerSwitches } from './config.ts'
import { ConsumerError } from './error.ts'
import type { PartitionOffset } from './hooks.ts'
import { PartitionState, type ResetStrategy, StateChanges } from './partition-state.ts'

type SubscriptionType = 'NONE' | 'AUTO_TOPICS' | 'AUTO_PATTERN' | 'USER_ASSIGNED'

const NO_TOPICS: ReadonlySet<string> = new Set()
/** The states of partitions, by topic and index. */
type Assignment = ReadonlyMap<string, readonly (PartitionState | undefined)[]>

const NOTHING_ASSIGNED: Assignment = new Map()

/** What the consumer wants to read, and how far it is with what it has. Source: SubscriptionState of Kafka 4.x. */
export class SubscriptionState {
  readonly defaultReset: AutoOffsetReset
  pattern: RegExp | undefined = undefined
  /** Topics that are read. */
  topics = NO_TOPICS
  /** Raised whenever the assignment or one of its positions' owners changes. */
  assignmentId = 0
  /** Raised whenever a position changes. */
  changes = 0
  readonly stateChanges = new StateChanges()
  private type: SubscriptionType = 'NONE'
  /** Topics of all members, of which the leader of a classic group wants metadata. */
  private groupTopics = NO_TOPICS
  private readonly switches: ConsumerSwitches
  private assigned = NOTHING_ASSIGNED
  /** Those, in the order in which they are served, unless that has changed. */
  private served: PartitionState[] = []
  private isReordered = false
  private turns = 0
  /** Whether all partitions are being fetched, as of that many changes of states. */
  private areFetching = true
  private seenStates = 0

  constructor(defaultReset: AutoOffsetReset, switches: ConsumerSwitches) {
    this.defaultReset = defaultReset
    this.switches = switches
  }

  get isEmpty(): boolean {
    return this.type === 'NONE'
  }

  /** Whether a group assigns the partitions. */
  get isAutoAssigned(): boolean {
    return this.type === 'AUTO_TOPICS' || this.type === 'AUTO_PATTERN'
  }

  /** @returns whether metadata of other topics are needed */
  subscribe(topics: readonly string[]): boolean {
    this.setType('AUTO_TOPICS')
    return this.setTopics(topics)
  }

  subscribePattern(pattern: RegExp): void {
    this.setType('AUTO_PATTERN')
    this.pattern = pattern
  }

  /** Takes the topics that match the pattern. @returns whether they have changed */
  setTopics(topics: Iterable<string>): boolean {
    const next = new Set(topics)
    if (next.size === this.topics.size && [...next].every((topic) => this.topics.has(topic))) return false
    this.topics = next
    this.groupTopics = this.groupTopics.size === 0 ? next : new Set([...this.groupTopics, ...next])
    return true
  }

  /** @returns whether metadata of topics are needed that were not before */
  setGroupTopics(topics: Iterable<string>): boolean {
    const before = this.groupTopics
    this.groupTopics = new Set([...topics, ...this.topics])
    return [...this.groupTopics].some((topic) => !before.has(topic))
  }

  /** Whether some member reads a topic. */
  isOfGroup(topic: string): boolean {
    return this.groupTopics.has(topic) || this.topics.has(topic)
  }

  resetGroupTopics(): void {
    this.groupTopics = this.topics
  }

  /** Topics of which metadata are needed; null for all. */
  metadataTopics(): readonly string[] | null {
    if (this.type === 'AUTO_PATTERN') return null
    if (this.groupTopics.size === 0 || this.groupTopics === this.topics) return [...this.topics]
    return [...new Set([...this.topics, ...this.groupTopics])]
  }

  assignFromUser(partitions: readonly TopicPartition[]): void {
    this.setType('USER_ASSIGNED')
    this.setAssignment(partitions)
    this.topics = new Set(partitions.map(({ topic }) => topic))
    this.groupTopics = this.topics
  }

  /** Takes an assignment of the group; what was assigned before keeps its position. */
  assignFromSubscribed(partitions: readonly TopicPartition[]): void {
    this.setAssignment(partitions)
  }

  /** Whether an assignment has only topics that are subscribed to. */
  matches(partitions: readonly TopicPartition[]): boolean {
    const { pattern, topics } = this
    return partitions.every(({ topic }) => (pattern === undefined ? topics.has(topic) : pattern.test(topic)))
  }

  unsubscribe(): void {
    this.type = 'NONE'
    this.pattern = undefined
    this.topics = NO_TOPICS
    this.groupTopics = NO_TOPICS
    this.setAssignment([])
  }

  /** The assigned partitions in the order in which they are served. */
  states(): readonly PartitionState[] {
    if (this.isReordered) this.served.sort((left, right) => left.turn - right.turn)
    this.isReordered = false
    return this.served
  }

  /** Whether every partition has a position that nobody doubts, which is so nearly always. */
  get isFetching(): boolean {
    const { states } = this.stateChanges
    if (this.seenStates === states) return this.areFetching
    this.seenStates = states
    this.areFetching = true
    for (const { hasValidPosition } of this.served) if (!hasValidPosition) this.areFetching = false
    return this.areFetching
  }

  partitions(): TopicPartition[] {
    return this.states().map(({ topic, partition }) => ({ topic, partition }))
  }

  find({ topic, partition }: TopicPartition): PartitionState | undefined {
    return this.assigned.get(topic)?.[partition]
  }

  /** Whether a partition is still assigned, and has not been assigned anew meanwhile. */
  holds({ isAssigned }: PartitionState): boolean {
    return isAssigned
  }

  /** @throws ConsumerError ILLEGAL_STATE if the partition is not assigned */
  get(partition: TopicPartition): PartitionState {
    const state = this.find(partition)
    if (state !== undefined) return state
    const name = partitionName(partition.topic, partition.partition)
    throw new ConsumerError('ILLEGAL_STATE', `No current assignment for partition ${name}`, [partition])
  }

  /** What a commit of all positions says: of partitions whose position is in doubt, nothing. */
  allConsumed(): PartitionOffset[] {
    const offsets: PartitionOffset[] = []
    for (const { topic, partition, position, hasValidPosition } of this.states())
      if (hasValidPosition && position !== undefined)
        offsets.push({
          topic,
          partition,
          offset: position.offset,
          leaderEpoch: position.offsetEpoch,
          metadata: '',
        })
    return offsets
  }

  /** Serves the others first. */
  moveToEnd(state: PartitionState): void {
    if (!state.isAssigned) return
    this.turns += 1
    state.turn = this.turns
    this.isReordered = true
  }

  /** The strategy of auto.offset.reset; undefined for none. */
  resetStrategy(): ResetStrategy | undefined {
    return this.defaultReset === 'none' ? undefined : this.defaultReset
  }

  private setType(type: SubscriptionType): void {
    if (this.type === 'NONE') this.type = type
    else if (this.type !== type)
      throw new ConsumerError(
        'ILLEGAL_STATE',
        'Subscription to topics, partitions and pattern are mutually exclusive',
      )
  }

  private setAssignment(partitions: readonly TopicPartition[]): void {
    const before = this.assigned
    const assigned = new Map<string, (PartitionState | undefined)[]>()
    const served: PartitionState[] = []
    this.assignmentId += 1
    this.changes += 1
    this.stateChanges.states += 1
    this.stateChanges.fetches += 1
    for (const state of this.served) state.isAssigned = false
    for (const { topic, partition } of partitions) {
      const ofTopic = assigned.get(topic)
      if (ofTopic?.[partition] !== undefined) continue
      const state =
        before.get(topic)?.[partition] ??
        new PartitionState(topic, partition, this.switches, this.stateChanges)
      if (ofTopic === undefined) assigned.set(topic, listWith(partition, state))
      else ofTopic[partition] = state
      served.push(state)
      this.turns += 1
      state.turn = this.turns
      state.isAssigned = true
    }
    this.assigned = assigned
    this.served = served
    this.isReordered = false
  }
}
