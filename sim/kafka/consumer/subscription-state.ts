import type { TopicPartition } from '../assignor/subscription.ts'
import { partitionName } from '../transaction/topic-partition.ts'
import type { AutoOffsetReset, ConsumerSwitches } from './config.ts'
import { ConsumerError } from './error.ts'
import type { PartitionOffset } from './hooks.ts'
import { PartitionState, type ResetStrategy, StateChanges } from './partition-state.ts'

type SubscriptionType = 'NONE' | 'AUTO_TOPICS' | 'AUTO_PATTERN' | 'USER_ASSIGNED'

// Nobody writes to them.
const NO_TOPICS: readonly string[] = []
const NOTHING_ASSIGNED: PartitionState[] = []

/** What the consumer wants to read, and how far it is with what it has. Source: SubscriptionState of Kafka 4.x. */
export class SubscriptionState {
  readonly defaultReset: AutoOffsetReset
  pattern: RegExp | undefined = undefined
  /** Topics that are read, each once: another list whenever they change. */
  topics = NO_TOPICS
  /** Raised whenever the assignment or one of its positions' owners changes. */
  assignmentId = 0
  /** Raised whenever a position changes. */
  changes = 0
  readonly stateChanges: StateChanges
  private type: SubscriptionType = 'NONE'
  /** Topics of all members, of which the leader of a classic group wants metadata. */
  private groupTopics = NO_TOPICS
  /** What is assigned, in the order in which it is served, unless that has changed. Few: a map would be no faster. */
  private served = NOTHING_ASSIGNED
  private isReordered = false
  private turns = 0
  /** Whether all partitions are being fetched, as of that many changes of states. */
  private areFetching = true
  private seenStates = 0

  constructor(defaultReset: AutoOffsetReset, switches: ConsumerSwitches) {
    this.defaultReset = defaultReset
    this.stateChanges = new StateChanges(switches)
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
  setTopics(topics: readonly string[]): boolean {
    const next = distinct(topics)
    if (next.length === this.topics.length && containsAll(this.topics, next)) return false
    this.topics = next
    this.groupTopics = this.groupTopics.length === 0 ? next : distinct([...this.groupTopics, ...next])
    return true
  }

  /** @returns whether metadata of topics are needed that were not before */
  setGroupTopics(topics: readonly string[]): boolean {
    const before = this.groupTopics
    this.groupTopics = distinct([...topics, ...this.topics])
    return !containsAll(before, this.groupTopics)
  }

  /** Whether some member reads a topic. */
  isOfGroup(topic: string): boolean {
    return this.groupTopics.includes(topic) || this.topics.includes(topic)
  }

  resetGroupTopics(): void {
    this.groupTopics = this.topics
  }

  /** Topics of which metadata are needed; null for all. */
  metadataTopics(): readonly string[] | null {
    if (this.type === 'AUTO_PATTERN') return null
    if (this.groupTopics.length === 0 || this.groupTopics === this.topics) return this.topics
    return distinct([...this.topics, ...this.groupTopics])
  }

  assignFromUser(partitions: readonly TopicPartition[]): void {
    this.setType('USER_ASSIGNED')
    this.setAssignment(partitions)
    this.topics = distinct(partitions.map(({ topic }) => topic))
    this.groupTopics = this.topics
  }

  /** Takes an assignment of the group; what was assigned before keeps its position. */
  assignFromSubscribed(partitions: readonly TopicPartition[]): void {
    this.setAssignment(partitions)
  }

  /** Whether an assignment has only topics that are subscribed to. */
  matches(partitions: readonly TopicPartition[]): boolean {
    const { pattern, topics } = this
    return partitions.every(({ topic }) =>
      pattern === undefined ? topics.includes(topic) : pattern.test(topic),
    )
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
    return stateOf(this.served, topic, partition)
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
    const before = this.served
    const served = new Array<PartitionState>(partitions.length)
    let count = 0
    this.assignmentId += 1
    this.changes += 1
    this.stateChanges.states += 1
    this.stateChanges.fetches += 1
    for (const state of before) state.isAssigned = false
    for (const { topic, partition } of partitions) {
      if (stateOf(served, topic, partition) !== undefined) continue
      const state =
        stateOf(before, topic, partition) ?? new PartitionState(topic, partition, this.stateChanges)
      served[count++] = state
      this.turns += 1
      state.turn = this.turns
      state.isAssigned = true
    }
    if (count < served.length) served.length = count
    this.served = served
    this.isReordered = false
  }
}

function stateOf(
  states: readonly (PartitionState | undefined)[],
  topic: string,
  partition: number,
): PartitionState | undefined {
  for (const state of states) if (state?.partition === partition && state.topic === topic) return state
  return undefined
}

/** Each topic once, in the order in which they come first. */
function distinct(topics: readonly string[]): readonly string[] {
  const once = new Array<string>(topics.length)
  let count = 0
  for (const topic of topics) if (!once.includes(topic)) once[count++] = topic
  if (count < once.length) once.length = count
  return once
}

function containsAll(topics: readonly string[], some: readonly string[]): boolean {
  for (const topic of some) if (!topics.includes(topic)) return false
  return true
}
