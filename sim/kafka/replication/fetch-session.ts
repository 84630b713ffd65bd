import { type ForgottenTopic, INITIAL_EPOCH, NO_SESSION } from '../protocol/fetch.ts'
import type { FetchPartition } from './message.ts'

/** A partition that has a place in a session. */
interface Place {
  readonly topic: string
  readonly partition: number
}

/** For whom a partition is fetched: it keeps what its session remembers of it. */
export interface SessionMember extends Place {
  /** The session that has it; undefined while there is none. */
  session: object | undefined
  /** What was asked for last. */
  wanted: FetchPartition | undefined
  /** The round of the session in which it was wanted last. */
  round: number
}

/** The place of a partition that is not fetched any more. */
class FreePlace implements Place {
  readonly topic: string
  readonly partition: number

  constructor({ topic, partition }: Place) {
    this.topic = topic
    this.partition = partition
  }
}

interface WantedTopic {
  readonly topic: string
  readonly partitions: FetchPartition[]
}

// Nobody writes to them.
const NO_TOPICS: WantedTopic[] = []
const NO_PLACES: never[] = []
const NOTHING_FORGOTTEN: { readonly topic: string; readonly partitions: number[] }[] = []

/** As many partitions as most sessions have. */
const FEW = 6

/**
 * The client's side of a fetch session (KIP-227): what it fetches from one broker, and what of it the next fetch has to
 * name. Source: FetchSessionHandler.
 */
export class FetchSessionHandler<Member extends SessionMember> {
  /** How many partitions it has. */
  size = 0
  /** What the next fetch says of it. */
  id = NO_SESSION
  epoch = INITIAL_EPOCH
  private round = 0
  /** How many of them were wanted in this round. */
  private keptCount = 0
  /** A fetch has been sent, and has not been answered. */
  private isUnderWay = false
  /** Topic by topic as these were first wanted, by the index of the partition in each; and room for more. */
  private places: (Member | FreePlace | undefined)[] = NO_PLACES
  private placeCount = 0
  private named = NO_TOPICS
  private forgotten = NOTHING_FORGOTTEN

  /** Whether the next fetch names everything. */
  get isNew(): boolean {
    return this.epoch === INITIAL_EPOCH
  }

  /** Whom the answer of a partition concerns; undefined if it is not fetched. */
  find(topic: string, partition: number): Member | undefined {
    for (const place of this.places)
      if (place?.partition === partition && place.topic === topic)
        return place instanceof FreePlace ? undefined : place
    return undefined
  }

  /** Whom the answers concern of all partitions that are fetched. */
  members(): Member[] {
    const members: Member[] = []
    for (const place of this.places)
      if (place !== undefined && !(place instanceof FreePlace)) members.push(place)
    return members
  }

  /** Everything that is wanted is said anew, by `keep` and `want`, up to `endRound`. */
  beginRound(): void {
    if (this.isNew) this.clear()
    this.round += 1
    this.keptCount = 0
  }

  /** Wants a partition again, if it was wanted. @returns as it was asked for last; undefined if that is not known */
  keep(member: Member): FetchPartition | undefined {
    if (member.session !== this) {
      const known = this.find(member.topic, member.partition)
      if (known === undefined) return undefined
      this.enter(member, known)
    }
    member.round = this.round
    this.keptCount += 1
    return member.wanted
  }

  /** What was not wanted in this round is wanted no more. */
  endRound(): void {
    if (this.keptCount === this.size) return
    for (const member of this.members())
      if (!this.isOfRound(member)) this.forget(member.topic, member.partition)
  }

  /** Whether a partition was wanted in this round. */
  isOfRound(member: Member): boolean {
    return member.session === this && member.round === this.round
  }

  /** Wants a partition; the next fetch names it unless that is what was asked for last. */
  want(member: Member, wanted: FetchPartition): void {
    const { topic, partition } = member
    if (member.session !== this) {
      const known = this.find(topic, partition)
      this.enter(member, known)
      if (known === undefined) {
        this.size += 1
        this.keptCount += 1
        this.remember(topic, partition)
      }
    }
    if (isSame(member.wanted, wanted)) return
    member.wanted = wanted
    // The next fetch names everything, unless the one that is under way begins a session.
    if (!this.isNew || this.isUnderWay) this.name(topic, wanted)
  }

  /** Does not want a partition any more, if it did. */
  forget(topic: string, partition: number): void {
    const member = this.find(topic, partition)
    if (member === undefined) return
    this.places[this.places.indexOf(member)] = new FreePlace(member)
    if (member.session === this) member.session = undefined
    this.size -= 1
    const ofTopic = this.forgotten.find((one) => one.topic === topic)
    if (ofTopic !== undefined) ofTopic.partitions.push(partition)
    else if (this.forgotten.length === 0) this.forgotten = [{ topic, partitions: [partition] }]
    else this.forgotten.push({ topic, partitions: [partition] })
  }

  /** The partitions that the next fetch names. */
  topicsToName(): readonly WantedTopic[] {
    return this.isNew ? this.everything() : this.named
  }

  /** The partitions that the next fetch gives up. */
  topicsToForget(): readonly ForgottenTopic[] {
    return this.isNew ? NOTHING_FORGOTTEN : this.forgotten
  }

  /** A fetch that says all this is on its way. */
  sent(): void {
    this.isUnderWay = true
    this.named = NO_TOPICS
    this.forgotten = NOTHING_FORGOTTEN
    if (!this.isNew) this.epoch += 1
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

  /** Gives a member the place of its partition. @param former who has it; undefined if nobody does */
  private enter(member: Member, former: Member | undefined): void {
    this.settle(member)
    // Another session may have asked meanwhile for whoever had it.
    member.wanted = former?.session === this ? former.wanted : undefined
    if (former?.session === this) former.session = undefined
    member.session = this
    member.round = this.round
  }

  private settle(member: Member): void {
    const { topic, partition } = member
    let at = this.placeCount
    for (let index = 0; index < this.placeCount; index++) {
      const place = this.places[index] as Place
      if (place.topic !== topic) continue
      if (place.partition === partition) {
        this.places[index] = member
        return
      }
      at = index + 1
      if (place.partition < partition) continue
      at = index
      break
    }
    if (this.placeCount === 0) this.places = new Array(FEW)
    for (let index = this.placeCount; index > at; index--) this.places[index] = this.places[index - 1]
    this.places[at] = member
    this.placeCount += 1
  }

  private clear(): void {
    for (const member of this.members()) if (member.session === this) member.session = undefined
    this.places = NO_PLACES
    this.placeCount = 0
    this.size = 0
    this.named = NO_TOPICS
    this.forgotten = NOTHING_FORGOTTEN
  }

  private everything(): WantedTopic[] {
    const topics = new Array<WantedTopic>(this.topicCount())
    let count = 0
    for (let from = 0; from < this.placeCount; ) {
      const { topic } = this.places[from] as Place
      let to = from + 1
      while (to < this.placeCount && this.places[to]?.topic === topic) to++
      const partitions = this.wantedIn(from, to)
      if (partitions.length > 0) topics[count++] = { topic, partitions }
      from = to
    }
    if (count < topics.length) topics.length = count
    return topics
  }

  private topicCount(): number {
    let count = 0
    for (let at = 0; at < this.placeCount; at++)
      if (at === 0 || this.places[at]?.topic !== this.places[at - 1]?.topic) count++
    return count
  }

  /** What is wanted in the places between two. */
  private wantedIn(from: number, to: number): FetchPartition[] {
    const wanted = new Array<FetchPartition>(to - from)
    let count = 0
    for (let at = from; at < to; at++) {
      const place = this.places[at]
      if (!(place instanceof FreePlace)) wanted[count++] = place?.wanted as FetchPartition
    }
    if (count < wanted.length) wanted.length = count
    return wanted
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

function isSame(left: FetchPartition | undefined, right: FetchPartition): boolean {
  return (
    left === right ||
    (left?.fetchOffset === right.fetchOffset &&
      left.currentLeaderEpoch === right.currentLeaderEpoch &&
      left.lastFetchedEpoch === right.lastFetchedEpoch &&
      left.logStartOffset === right.logStartOffset &&
      left.partitionMaxBytes === right.partitionMaxBytes)
  )
}
