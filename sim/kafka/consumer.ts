import type { Process } from '../cluster/process.ts'
import type { Entity } from '../kernel/choice.ts'
import type { Incarnation } from '../kernel/incarnation.ts'
import type { Actor } from '../kernel/queue.ts'
import type { Micros } from '../kernel/time.ts'
import type { KafkaCluster } from './broker.ts'
import type { ErrorCode } from './error-code.ts'
import { FetchSession, PartitionPosition } from './fetch.ts'
import type { GroupCoordinator } from './group.ts'
import type { Partition } from './partition.ts'
import type { Assignment, LogRecord } from './protocol.ts'

const JOIN_ARRIVES = 0
const ASSIGNMENT_ARRIVES = 1
const REBALANCE_HEARD = 2
const COMMIT_ARRIVES = 3
const COMMIT_REFUSED = 4

/** What the application does with a consumer. */
export interface ConsumerApplication {
  /** There may be something to poll. */
  onRecords(): void
  /** The coordinator has taken a commit. @param token what the application gave with it */
  onCommitted(token: unknown): void
}

interface CommitCall {
  readonly generationId: number
  readonly offsets: { position: PartitionPosition; offset: number }[]
  readonly entity: Entity
  readonly token: unknown
}

/** A record with where it was read. */
export interface PolledRecord {
  readonly record: LogRecord
  readonly position: PartitionPosition
}

/** A consumer client: one member of one group, for one life of its process. */
export class Consumer implements Actor {
  readonly process: Process
  readonly memberId: string
  readonly topics: readonly string[]
  /** What its next fetch is keyed by: the order whose record it read last. */
  entity: Entity
  /** It was told to rejoin and does so when the application has finished its batch. */
  rejoinNeeded = false
  private readonly cluster: KafkaCluster
  private readonly group: GroupCoordinator
  private readonly application: ConsumerApplication
  private readonly incarnation: Incarnation
  private generationId = -1
  private positions: PartitionPosition[] = []
  private sessions: FetchSession[] = []
  private nextPosition = 0

  constructor(
    cluster: KafkaCluster,
    process: Process,
    groupId: string,
    topics: readonly string[],
    application: ConsumerApplication,
  ) {
    this.cluster = cluster
    this.process = process
    this.incarnation = process.incarnation
    this.entity = process.entity
    this.memberId = `${process.name}#${process.incarnation.number}`
    this.topics = topics
    this.application = application
    this.group = cluster.group(groupId)
    process.attach({ resourceIndex: -1, processEnded: () => this.revoke() })
  }

  /** Whether the life of the process that it belongs to goes on. */
  get alive(): boolean {
    return this.incarnation.alive
  }

  /** Sends JoinGroup; the answer comes when the rebalance is over. */
  join(cause: number): void {
    this.rejoinNeeded = false
    this.revoke()
    const { network } = this.cluster
    const link = network.link(this.process, this.group.process)
    network.send(link, this.process.entity, this, JOIN_ARRIVES, undefined, cause)
  }

  /** The coordinator's answer to JoinGroup. @param immediately for groups that were stable before the run began */
  answerJoin(assignment: Assignment, immediately: boolean, cause: number): void {
    if (immediately) {
      this.assign(assignment, cause)
      for (const session of this.sessions) session.park()
      return
    }
    const { network } = this.cluster
    const link = network.link(this.group.process, this.process)
    network.send(link, this.process.entity, this, ASSIGNMENT_ARRIVES, assignment, cause)
  }

  /** The heartbeat at this moment will be answered with REBALANCE_IN_PROGRESS. */
  hearOfRebalance(atMicros: Micros, cause: number): void {
    this.cluster.kernel.scheduleAt(atMicros, this.process.entity, this, REBALANCE_HEARD, undefined, cause)
  }

  /** How many records a poll returns now: those in hand, at most max.poll.records (rule F6). */
  available(): number {
    let count = 0
    for (const { position, fetched, paused } of this.positions) if (!paused) count += fetched - position
    return Math.min(count, this.cluster.config['max.poll.records'])
  }

  /** The next record in hand, partitions in turn; undefined when none is left. */
  poll(): PolledRecord | undefined {
    const { positions } = this
    for (let tries = 0; tries < positions.length; tries++) {
      const position = positions[this.nextPosition] as PartitionPosition
      if (position.position < position.fetched && !position.paused) {
        const record = position.partition.records[position.position++] as LogRecord
        this.entity = record.entity
        return { record, position }
      }
      this.nextPosition = (this.nextPosition + 1) % positions.length
    }
    return undefined
  }

  /**
   * Commits what has been polled, without waiting for the answer (commitAsync); a refusal makes the consumer rejoin.
   * @param token given back when the coordinator has taken it
   */
  commit(entity: Entity, cause: number, token: unknown): void {
    const offsets: CommitCall['offsets'] = []
    for (const position of this.positions) {
      if (position.position === position.committed) continue
      position.committed = position.position
      offsets.push({ position, offset: position.position })
    }
    if (offsets.length === 0) return
    const call: CommitCall = { generationId: this.generationId, offsets, entity, token }
    const { network } = this.cluster
    network.send(network.link(this.process, this.group.process), entity, this, COMMIT_ARRIVES, call, cause)
  }

  /** Moves reading back to an offset, as a seek of the application would (redelivery on purpose). */
  seek(partition: Partition, offset: number, cause: number): void {
    const position = this.positions.find((candidate) => candidate.partition === partition)
    if (position === undefined) return
    position.position = Math.max(0, Math.min(offset, position.position))
    position.cause = cause
    this.application.onRecords()
  }

  /** Moves reading back to an offset and leaves the partition out of polls until `resume`. */
  pause(position: PartitionPosition, offset: number, cause: number): void {
    position.position = Math.min(offset, position.position)
    position.cause = cause
    position.paused = true
  }

  /** Polls a partition again. */
  resume(position: PartitionPosition): void {
    position.paused = false
    this.application.onRecords()
  }

  /** The partitions that this member holds. */
  assigned(): readonly PartitionPosition[] {
    return this.positions
  }

  /** A fetch brought records. */
  fetched(): void {
    this.application.onRecords()
  }

  onEvent(code: number, subject: unknown): void {
    switch (code) {
      case JOIN_ARRIVES:
        if (this.alive) this.group.join(this, this.cluster.kernel.cause)
        return
      case COMMIT_ARRIVES:
        this.answerCommit(subject as CommitCall)
        return
    }
    if (!this.alive) return
    switch (code) {
      case ASSIGNMENT_ARRIVES:
        this.assign(subject as Assignment, this.cluster.kernel.cause)
        for (const session of this.sessions) session.send()
        return
      case REBALANCE_HEARD:
        this.rejoinNeeded = true
        this.application.onRecords()
        return
      case COMMIT_REFUSED:
        this.rejoinNeeded = true
        this.application.onRecords()
    }
  }

  /** At the coordinator. */
  private answerCommit(call: CommitCall): void {
    const { network, kernel } = this.cluster
    const { group, memberId } = this
    const offsets = call.offsets.map(({ position: { partition }, offset }) => ({
      topic: partition.topic,
      partition: partition.index,
      offset,
    }))
    const errorCode: ErrorCode = group.commit({
      groupId: group.groupId,
      generationId: call.generationId,
      memberId,
      offsets,
    })
    const record = kernel.record(
      'offset-commit',
      group.name,
      call.entity,
      kernel.cause,
      kernel.trace && { offsets, errorCode },
    )
    if (errorCode !== 'NONE') {
      network.send(network.link(group.process, this.process), call.entity, this, COMMIT_REFUSED, call, record)
    } else if (this.alive) {
      kernel.cause = record
      this.application.onCommitted(call.token)
    }
  }

  private revoke(): void {
    for (const session of this.sessions) session.close()
    this.sessions = []
    this.positions = []
    this.nextPosition = 0
  }

  private assign(assignment: Assignment, cause: number): void {
    this.revoke()
    this.generationId = assignment.generationId
    const { kernel, network } = this.cluster
    kernel.cause = cause
    for (const { topic, partition, committedOffset } of assignment.partitions) {
      const assigned = this.cluster.partitions(topic)[partition] as Partition
      this.positions.push(new PartitionPosition(assigned, committedOffset, cause))
    }
    for (const broker of this.cluster.brokers) {
      const led = this.positions.filter(({ partition }) => partition.leader === broker)
      if (led.length > 0) this.sessions.push(new FetchSession(network, this, broker, led))
    }
  }
}
