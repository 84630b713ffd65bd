import {
  type FetchPartitionData,
  type FetchRequestData,
  type ForgottenTopic,
  INITIAL_EPOCH,
  NO_SESSION,
} from '../protocol/fetch.ts'

/** A partition of a session, and whom its answers concern. */
interface SessionPartition<Owner> {
  owner: Owner
  /** What was asked for last. */
  wanted: FetchPartitionData
}

interface WantedTopic {
  readonly topic: string
  readonly partitions: FetchPartitionData[]
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
  private id = NO_SESSION
  private epoch = INITIAL_EPOCH
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

  /** Wants a partition; the next fetch names it unless that is what was asked for last. */
  want(topic: string, wanted: FetchPartitionData, owner: Owner): void {
    let partitions = this.byTopic.get(topic)
    if (partitions === undefined) {
      partitions = []
      this.byTopic.set(topic, partitions)
    }
    const known = partitions[wanted.partition]
    if (known === undefined) {
      partitions[wanted.partition] = { owner, wanted }
      this.size += 1
      this.remember(topic, wanted.partition)
    } else {
      known.owner = owner
      if (isSame(known.wanted, wanted)) return
      known.wanted = wanted
    }
    this.name(topic, wanted)
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
      topics: named,
      forgottenTopics: isNew || forgotten.length === 0 ? NOTHING_FORGOTTEN : forgotten,
    }
    this.named = NO_TOPICS
    if (forgotten.length > 0) this.forgotten = []
    if (!isNew) this.epoch += 1
    return fields
  }

  /** The broker has answered. @param id of the session that it keeps; NO_SESSION: the next fetch names everything again */
  answered(id: number): void {
    if (!this.isNew) return
    this.id = id
    if (id === NO_SESSION) this.restart()
    else this.epoch = INITIAL_EPOCH + 1
  }

  /** Forgets everything: what is wanted is to be said again. */
  restart(): void {
    this.id = NO_SESSION
    this.epoch = INITIAL_EPOCH
    this.byTopic.clear()
    this.size = 0
    this.named = NO_TOPICS
    this.forgotten = []
  }

  private name(topic: string, wanted: FetchPartitionData): void {
    if (this.named === NO_TOPICS) this.named = []
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

function isSame(left: FetchPartitionData, right: FetchPartitionData): boolean {
  return (
    left === right ||
    (left.fetchOffset === right.fetchOffset &&
      left.currentLeaderEpoch === right.currentLeaderEpoch &&
      left.lastFetchedEpoch === right.lastFetchedEpoch &&
      left.logStartOffset === right.logStartOffset &&
      left.partitionMaxBytes === right.partitionMaxBytes)
  )
}
