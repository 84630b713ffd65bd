import { listWith, present } from '../../kernel/list.ts'
import { type ForgottenTopic, INITIAL_EPOCH, NO_SESSION } from '../protocol/fetch.ts'
import type { FetchPartition } from './message.ts'

/** For whom a partition is fetched: it keeps what its session remembers of it. */
export interface SessionMember {
  /** The session that has it; undefined until there is one. */
  session: object | undefined
  /** What was asked for last. */
  wanted: FetchPartition | undefined
  /** The round of the session in which it was wanted last. */
  round: number
}

/** The partitions of a topic by their index. */
interface SessionTopic<Member> {
  readonly topic: string
  readonly members: (Member | undefined)[]
}

interface WantedTopic {
  readonly topic: string
  readonly partitions: FetchPartition[]
}

// Nobody writes to them.
const NO_TOPICS: WantedTopic[] = []
const NO_MEMBERS: SessionTopic<never>[] = []
const NOTHING_FORGOTTEN: { readonly topic: string; readonly partitions: number[] }[] = []

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
  /** In the order in which they were first wanted; few, if not one. */
  private topics: SessionTopic<Member>[] = NO_MEMBERS
  private named = NO_TOPICS
  private forgotten = NOTHING_FORGOTTEN

  /** Whether the next fetch names everything. */
  get isNew(): boolean {
    return this.epoch === INITIAL_EPOCH
  }

  /** Whom the answer of a partition concerns; undefined if it is not fetched. */
  find(topic: string, partition: number): Member | undefined {
    return this.membersOf(topic)?.[partition]
  }

  /** Whom the answers concern of all partitions that are fetched. */
  members(): Member[] {
    const all: Member[] = []
    for (const { members } of this.topics)
      for (const member of members) if (member !== undefined) all.push(member)
    return all
  }

  /** Everything that is wanted is said anew, by `keep` and `want`, up to `endRound`. */
  beginRound(): void {
    if (this.isNew) this.clear()
    this.round += 1
    this.keptCount = 0
  }

  /** Wants a partition again, if it was wanted. @returns as it was asked for last; undefined if that is not known */
  keep(topic: string, partition: number, member: Member): FetchPartition | undefined {
    const members = this.membersOf(topic)
    const known = members?.[partition]
    if (members === undefined || known === undefined) return undefined
    // Another one may have asked meanwhile for whoever it was.
    const wanted = known.session === this ? known.wanted : undefined
    members[partition] = member
    this.enter(member, wanted)
    this.keptCount += 1
    return wanted
  }

  /** What was not wanted in this round is wanted no more. */
  endRound(): void {
    if (this.keptCount === this.size) return
    for (const { topic, members } of this.topics)
      for (let index = 0; index < members.length; index++) {
        const member = members[index]
        if (member !== undefined && !this.isOfRound(member)) this.forget(topic, index)
      }
  }

  /** Whether a partition was wanted in this round. */
  isOfRound(member: Member): boolean {
    return member.session === this && member.round === this.round
  }

  /** Wants a partition; the next fetch names it unless that is what was asked for last. */
  want(topic: string, wanted: FetchPartition, member: Member): void {
    const { partition } = wanted
    const members = this.membersOf(topic)
    const known = members?.[partition]
    if (members === undefined) this.begin({ topic, members: listWith(partition, member) })
    else members[partition] = member
    if (known === undefined) {
      this.size += 1
      this.keptCount += 1
      this.remember(topic, partition)
    } else if (known.session === this && isSame(known.wanted, wanted)) {
      if (known !== member) this.enter(member, known.wanted)
      return
    }
    this.enter(member, wanted)
    // The next fetch names everything, unless the one that is under way begins a session.
    if (!this.isNew || this.isUnderWay) this.name(topic, wanted)
  }

  /** Does not want a partition any more, if it did. */
  forget(topic: string, partition: number): void {
    const members = this.membersOf(topic)
    if (members?.[partition] === undefined) return
    members[partition] = undefined
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

  private membersOf(topic: string): (Member | undefined)[] | undefined {
    for (const one of this.topics) if (one.topic === topic) return one.members
    return undefined
  }

  private begin(topic: SessionTopic<Member>): void {
    if (this.topics.length === 0) this.topics = [topic]
    else this.topics.push(topic)
  }

  private enter(member: Member, wanted: FetchPartition | undefined): void {
    member.session = this
    member.round = this.round
    member.wanted = wanted
  }

  private clear(): void {
    this.topics = NO_MEMBERS
    this.size = 0
    this.named = NO_TOPICS
    this.forgotten = NOTHING_FORGOTTEN
  }

  private everything(): WantedTopic[] {
    const topics = new Array<WantedTopic>(this.topics.length)
    let count = 0
    for (const { topic, members } of this.topics) {
      const partitions = present(members, wantedOf)
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

const wantedOf = ({ wanted }: SessionMember): FetchPartition => wanted as FetchPartition
