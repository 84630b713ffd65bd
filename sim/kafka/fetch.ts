import type { Network } from '../cluster/network.ts'
import type { Kernel } from '../kernel/kernel.ts'
import type { Actor } from '../kernel/queue.ts'
import type { Micros } from '../kernel/time.ts'
import type { Broker } from './broker.ts'
import type { Consumer } from './consumer.ts'
import type { Partition } from './partition.ts'

/** What a consumer knows of a partition that is assigned to it. */
export class PartitionPosition {
  readonly partition: Partition
  /** Offset of the next record to hand to the application (rule F5). */
  position: number
  /** Records below this offset have been fetched. */
  fetched: number
  /** Everything below was sent to the coordinator to be committed. */
  committed: number
  /** Trace id of why reading goes on from here: an assignment, a rewind. */
  cause: number
  /** Trace id of the arrival of the last fetch. */
  arrival = 0
  /** The application does not want its records for now. */
  paused = false

  constructor(partition: Partition, offset: number, cause: number) {
    this.partition = partition
    this.position = offset
    this.fetched = offset
    this.committed = offset
    this.cause = cause
  }
}

const REQUEST_ARRIVES = 0
const RESPONSE_ARRIVES = 1

/** One fetched range of one partition. */
interface FetchedRange {
  readonly position: PartitionPosition
  readonly from: number
  readonly to: number
}

/**
 * The fetch loop of a consumer at one broker. A request that finds nothing to read parks until an append wakes it (long
 * poll). The arrival of a request is an event only when there is something to answer at that moment: an idle consumer
 * costs nothing.
 */
export class FetchSession implements Actor {
  private readonly kernel: Kernel
  private readonly network: Network
  private readonly consumer: Consumer
  private readonly broker: Broker
  private readonly positions: readonly PartitionPosition[]
  private closed = false
  /** A request is at the broker, or will be. */
  private waiting = false
  /** When it arrives there. */
  private arrivalMicros: Micros = 0
  private arrivalScheduled = false

  constructor(network: Network, consumer: Consumer, broker: Broker, positions: readonly PartitionPosition[]) {
    this.kernel = network.kernel
    this.network = network
    this.consumer = consumer
    this.positions = positions
    this.broker = broker
    for (const { partition } of positions) partition.readers.push(this)
  }

  /** A request is at the broker already, and has found nothing: in a group that was stable before the run began. */
  park(): void {
    this.waiting = true
  }

  /** Sends the next fetch request. */
  send(): void {
    this.waiting = true
    const { kernel, network, consumer } = this
    const link = network.link(consumer.process, this.broker.process)
    if (link.cut) {
      // Nobody knows yet when it will arrive.
      this.arrivalMicros = Number.POSITIVE_INFINITY
      this.arrivalScheduled = true
      network.send(link, consumer.entity, this, REQUEST_ARRIVES, undefined, kernel.cause)
      return
    }
    this.arrivalMicros = link.arrivalMicros(kernel, consumer.entity)
    if (this.hasRecords()) this.answer(kernel.cause)
  }

  /** Ends the session: its partitions were revoked or its process died. */
  close(): void {
    this.closed = true
    for (const { partition } of this.positions) partition.readers.splice(partition.readers.indexOf(this), 1)
  }

  /** A record was appended to one of its partitions. */
  wake(cause: number): void {
    if (this.waiting) this.answer(cause)
  }

  onEvent(code: number, subject: unknown): void {
    if (this.closed || !this.consumer.alive) return
    if (code === REQUEST_ARRIVES) {
      this.arrivalScheduled = false
      this.arrivalMicros = this.kernel.nowMicros
      // An append at the same moment may have been answered just before.
      if (this.waiting && this.hasRecords()) this.answer(this.kernel.cause)
    } else {
      this.receive(subject as FetchedRange[])
    }
  }

  private hasRecords(): boolean {
    for (const position of this.positions) if (position.fetched < position.partition.logEndOffset) return true
    return false
  }

  /** Answers the request that is at the broker, or will do so when it gets there. */
  private answer(cause: number): void {
    const { kernel } = this
    if (this.arrivalMicros > kernel.nowMicros) {
      if (this.arrivalScheduled) return
      this.arrivalScheduled = true
      kernel.scheduleAt(this.arrivalMicros, this.consumer.entity, this, REQUEST_ARRIVES, undefined, cause)
      return
    }
    this.waiting = false
    const ranges: FetchedRange[] = []
    for (const position of this.positions) {
      const end = position.partition.logEndOffset
      if (position.fetched < end) ranges.push({ position, from: position.fetched, to: end })
    }
    const { position, from } = ranges[0] as FetchedRange
    const link = this.network.link(this.broker.process, this.consumer.process)
    this.network.send(link, position.partition.entityAt(from), this, RESPONSE_ARRIVES, ranges, cause)
  }

  private receive(ranges: readonly FetchedRange[]): void {
    for (const { position, from, to } of ranges) {
      if (position.fetched !== from) continue
      position.fetched = to
      position.arrival = this.kernel.cause
    }
    this.send()
    this.consumer.fetched()
  }
}
