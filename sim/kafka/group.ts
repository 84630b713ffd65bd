import type { Process } from '../cluster/process.ts'
import type { Entity } from '../kernel/choice.ts'
import type { Kernel } from '../kernel/kernel.ts'
import { hashText } from '../kernel/mix.ts'
import type { Actor } from '../kernel/queue.ts'
import type { Micros } from '../kernel/time.ts'
import { rangeOf } from './assignor/range.ts'
import type { KafkaCluster } from './broker.ts'
import type { Consumer } from './consumer.ts'
import type { ErrorCode } from './error-code.ts'
import type { Partition } from './partition.ts'
import type { Assignment, OffsetCommitRequest } from './protocol.ts'

const SESSION_EXPIRES = 0

interface Member {
  readonly id: string
  readonly consumer: Consumer
  readonly joinedAtMicros: Micros
  /** Has sent JoinGroup for the rebalance in progress. */
  joined: boolean
}

/**
 * The coordinator of one consumer group: membership, generations and committed offsets (classic protocol, eager).
 * Heartbeats are not events: while a member lives its session cannot expire, and when it dies its last heartbeat
 * follows from arithmetic.
 */
export class GroupCoordinator implements Actor {
  readonly groupId: string
  /** Lane of the trace. */
  readonly name: string
  readonly process: Process
  generationId = 0
  state: 'Empty' | 'PreparingRebalance' | 'Stable' = 'Empty'
  private readonly cluster: KafkaCluster
  private readonly kernel: Kernel
  private readonly entity: Entity
  private readonly members = new Map<string, Member>()
  private readonly committed = new Map<Partition, number>()
  private cause = 0

  constructor(cluster: KafkaCluster, groupId: string, process: Process) {
    this.cluster = cluster
    this.kernel = cluster.kernel
    this.groupId = groupId
    this.name = `group ${groupId}`
    this.process = process
    this.entity = cluster.kernel.choices.entity(this.name)
  }

  /** The committed offset of a partition; 0 when none (auto.offset.reset=earliest). */
  committedOffset(partition: Partition): number {
    return this.committed.get(partition) ?? 0
  }

  /** The members of the group, in the order in which they joined. */
  consumers(): Consumer[] {
    return [...this.members.values()].map((member) => member.consumer)
  }

  /** Adds members of a group that was stable before the run began: generation 1, nobody waits. */
  establish(consumers: readonly Consumer[]): void {
    for (const consumer of consumers) this.admit(consumer)
    this.complete(true)
  }

  /** JoinGroup. A new member, or one that rejoins, makes everybody rejoin (rules G4, G6). */
  join(consumer: Consumer, cause: number): void {
    const known = this.members.get(consumer.memberId)
    if (known === undefined) this.admit(consumer)
    else known.joined = true
    if (this.state !== 'PreparingRebalance') this.prepareRebalance(consumer.memberId, cause)
    this.cause = cause
    this.completeWhenAllJoined()
  }

  /** OffsetCommit (rule O4): accepted from members of the current generation, also while a rebalance is prepared. */
  commit(request: OffsetCommitRequest): ErrorCode {
    if (!this.members.has(request.memberId)) return 'UNKNOWN_MEMBER_ID'
    if (request.generationId !== this.generationId) return 'ILLEGAL_GENERATION'
    for (const { topic, partition, offset } of request.offsets) {
      this.committed.set(this.cluster.partitions(topic)[partition] as Partition, offset)
      this.kernel.digest.integer(offset)
    }
    return 'NONE'
  }

  /** A member's session ran out: no heartbeat for session.timeout.ms (rule G9). */
  onEvent(_code: number, subject: unknown): void {
    const member = subject as Member
    this.members.delete(member.id)
    const { kernel } = this
    this.cause = kernel.record('session-expired', this.name, undefined, kernel.cause, { member: member.id })
    if (this.state === 'Stable') this.prepareRebalance('', this.cause)
    this.completeWhenAllJoined()
  }

  private admit(consumer: Consumer): void {
    const { kernel } = this
    const member = { id: consumer.memberId, consumer, joinedAtMicros: kernel.nowMicros, joined: true }
    this.members.set(member.id, member)
    kernel.digest.word(hashText(member.id, 0))
    consumer.process.attach({ resourceIndex: -1, processEnded: (cause) => this.awaitExpiry(member, cause) })
  }

  /** The member's process died: its session runs from its last heartbeat. */
  private awaitExpiry(member: Member, cause: number): void {
    const { kernel, cluster } = this
    const interval = cluster.config['heartbeat.interval.ms'] * 1000
    const beats = Math.floor((kernel.nowMicros - member.joinedAtMicros) / interval)
    const expiry = member.joinedAtMicros + beats * interval + cluster.config['session.timeout.ms'] * 1000
    kernel.scheduleAt(Math.max(expiry, kernel.nowMicros), this.entity, this, SESSION_EXPIRES, member, cause)
  }

  /** Members learn of a rebalance from the answer to their next heartbeat (rule G8). */
  private prepareRebalance(exceptMemberId: string, cause: number): void {
    this.state = 'PreparingRebalance'
    const { kernel, cluster } = this
    const interval = cluster.config['heartbeat.interval.ms'] * 1000
    for (const member of this.members.values()) {
      if (member.id === exceptMemberId) continue
      member.joined = false
      if (!member.consumer.alive) continue
      const beats = Math.floor((kernel.nowMicros - member.joinedAtMicros) / interval) + 1
      member.consumer.hearOfRebalance(member.joinedAtMicros + beats * interval, cause)
    }
  }

  private completeWhenAllJoined(): void {
    for (const member of this.members.values()) if (!member.joined) return
    if (this.members.size === 0) this.state = 'Empty'
    else this.complete(false)
  }

  private complete(immediately: boolean): void {
    const { kernel, cluster } = this
    this.state = 'Stable'
    this.generationId++
    const members = [...this.members.values()].sort((left, right) => (left.id < right.id ? -1 : 1))
    const data = kernel.trace && { generation: this.generationId, members: [...this.members.keys()] }
    const record = kernel.record('rebalance', this.name, undefined, this.cause, data)
    const topics = (members[0]?.consumer.topics ?? []).map((topic) => cluster.partitions(topic))
    for (let index = 0; index < members.length; index++) {
      const partitions: Assignment['partitions'][number][] = []
      for (const topic of topics) {
        const [from, to] = rangeOf(topic.length, members.length, index)
        for (let at = from; at < to; at++) partitions.push(this.offered(topic[at] as Partition))
      }
      const { consumer } = members[index] as Member
      consumer.answerJoin({ generationId: this.generationId, partitions }, immediately, record)
    }
  }

  /** A partition as a member is told of it. */
  private offered(partition: Partition): Assignment['partitions'][number] {
    const { topic, index } = partition
    return { topic, partition: index, committedOffset: this.committedOffset(partition) }
  }
}
