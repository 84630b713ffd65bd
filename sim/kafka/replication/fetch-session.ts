import { listWith, present } from '../../kernel/list.ts'
import { type FetchRequestData, type ForgottenTopic, INITIAL_EPOCH, NO_SESSION } from '../protocol/fetch.ts'
import type { FetchPartition } from './message.ts'

/** A partition of a session, and whom its answers concern. */
interface SessionPartition<Owner> {
  owner: Owner
  /** What was asked for last. */
  wanted: FetchPartition
  /** The round in which it was wanted last. */
  round: number
}

interface WantedTopic {
  readonly topic: string
  readonly partitions: FetchPartition[]
}

/** What a fetch says of its session. */
export type SessionFields = Required<
  Pick<FetchRequestData, 'sessionId' | 'sessionEpoch' | 'topics' | 'forgottenTopics'>
>

const NO_TOPICS: WantedTopic[] = []
const NOTHING_FORGOTTEN: ForgottenTopic[] = []

/**
 * The client's side of a fetch session (KIP-227): what it fetches from one broker, and what of it the next fetch has to
 * name. Source: FetchSessionHandler.
 */
export class FetchSessionHandler<Owner> {
  /** How many partitions it has. */
  size = 0
  private round = 0
  /** How many of them were wanted in this round. */
  private keptCount = 0
  private id = NO_SESSION
  private epoch = INITIAL_EPOCH
  /** A fetch has been sent, and has not been answered. */
  private isUnderWay = false
  private readonly byTopic = new Map<string, (SessionPartition<Owner> | undefined)[]>()
  private named: WantedTopic[] = NO_TOPICS
  private forgotten: { readonly topic: string; readonly partitions: number[] }[] = []

  /** Whether the next fetch names everything. */
  get isNew(): boolean {
    return this.epoch === INITIAL_EPOCH
  }

  /** Whom the answer of a partition concerns; undefined if it is not fetched. */
  find(topic: string, partition: number): Owner | undefined {
    return this.byTopic.get(topic)?.[partition]?.owner
  }

  /** Whom the answers concern of all partitions that are fetched. */
  owners(): Owner[] {
    const owners: Owner[] = []
    for (const partitions of this.byTopic.values())
      for (const partition of partitions) if (partition !== undefined) owners.push(partition.owner)
    return owners
  }

  /** Everything that is wanted is said anew, by `keep` and `want`, up to `endRound`. */
  beginRound(): void {
    if (this.isNew) this.clear()
    this.round += 1
    this.keptCount = 0
  }

  /** Wants a partition again, if it was wanted. @returns as it was asked for last; undefined if it was not */
  keep(topic: string, partition: number, owner: Owner): FetchPartition | undefined {
    const known = this.byTopic.get(topic)?.[partition]
    if (known === undefined) return undefined
    known.round = this.round
    known.owner = owner
    this.keptCount += 1
    return known.wanted
  }

  /** What was not wanted in this round is wanted no more. */
  endRound(): void {
    if (this.keptCount === this.size) return
    for (const [topic, partitions] of this.byTopic)
      for (const [index, partition] of partitions.entries())
        if (partition !== undefined && partition.round !== this.round) this.forget(topic, index)
  }

  /** Wants a partition; the next fetch names it unless that is what was asked for last. */
  want(topic: string, wanted: FetchPartition, owner: Owner): void {
    const partitions = this.byTopic.get(topic)
    const known = partitions?.[wanted.partition]
    if (known === undefined) {
      const added = { owner, wanted, round: this.round }
      if (partitions !== undefined) partitions[wanted.partition] = added
      else this.byTopic.set(topic, listWith(wanted.partition, added))
      this.size += 1
      this.keptCount += 1
      this.remember(topic, wanted.partition)
    } else {
      known.owner = owner
      if (isSame(known.wanted, wanted)) return
      known.wanted = wanted
    }
    // The next fetch names everything, unless the one that is under way begins a session.
    if (!this.isNew || this.isUnderWay) this.name(topic, wanted)
  }

  /** Does not want a partition any more, if it did. */
  forget(topic: string, partition: number): void {
    const partitions = this.byTopic.get(topic)
    if (partitions?.[partition] === undefined) return
    partitions[partition] = undefined
    this.size -= 1
    const forgotten = this.forgotten.find((one) => one.topic === topic)
    if (forgotten === undefined) this.forgotten.push({ topic, partitions: [partition] })
    else forgotten.partitions.push(partition)
  }

  /** What the fetch says that is about to be sent. */
  next(): SessionFields {
    const { named, forgotten, isNew } = this
    const fields = {
      sessionId: this.id,
      sessionEpoch: this.epoch,
      topics: isNew ? this.everything() : named,
      forgottenTopics: isNew || forgotten.length === 0 ? NOTHING_FORGOTTEN : forgotten,
    }
    this.isUnderWay = true
    this.named = NO_TOPICS
    if (forgotten.length > 0) this.forgotten = []
    if (!isNew) this.epoch += 1
    return fields
  }

  /** The broker has answered. @param id of the session that it keeps; NO_SESSION: the next fetch names everything again */
  answered(id: number): void {
    this.isUnderWay = false
    if (id === NO_SESSION) this.restart()
    else if (this.isNew) this.establish(id)
  }

  private establish(id: number): void {
    this.id = id
    this.epoch = INITIAL_EPOCH + 1
  }

  /** The broker does not know it any more, or nobody knows what it knows: the next fetch names everything. */
  restart(): void {
    this.isUnderWay = false
    this.id = NO_SESSION
    this.epoch = INITIAL_EPOCH
  }

  private clear(): void {
    // Clearing makes a new table, even of an empty one.
    if (this.byTopic.size > 0) this.byTopic.clear()
    this.size = 0
    this.named = NO_TOPICS
    if (this.forgotten.length > 0) this.forgotten = []
  }

  private everything(): WantedTopic[] {
    const topics = new Array<WantedTopic>(this.byTopic.size)
    let count = 0
    for (const [topic, known] of this.byTopic) {
      const partitions = present(known, wantedOf)
      if (partitions.length > 0) topics[count++] = { topic, partitions }
    }
    if (count < topics.length) topics.length = count
    return topics
  }

  private name(topic: string, wanted: FetchPartition): void {
    if (this.named.length === 0) {
      this.named = [{ topic, partitions: [wanted] }]
      return
    }
    const ofTopic = this.named.find((one) => one.topic === topic)
    if (ofTopic === undefined) this.named.push({ topic, partitions: [wanted] })
    else ofTopic.partitions.push(wanted)
  }

  /** A partition that is wanted again is not forgotten. */
  private remember(topic: string, partition: number): void {
    if (this.forgotten.length === 0) return
    for (const one of this.forgotten) {
      const at = one.topic === topic ? one.partitions.indexOf(partition) : -1
      if (at >= 0) one.partitions.splice(at, 1)
    }
  }
}

function isSame(left: FetchPartition, right: FetchPartition): boolean {
  return (
    left === right ||
    (left.fetchOffset === right.fetchOffset &&
      left.currentLeaderEpoch === right.currentLeaderEpoch &&
      left.lastFetchedEpoch === right.lastFetchedEpoch &&
      left.logStartOffset === right.logStartOffset &&
      left.partitionMaxBytes === right.partitionMaxBytes)
  )
}

const wantedOf = ({ wanted }: SessionPartition<unknown>): FetchPartition => wanted
