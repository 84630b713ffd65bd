import type { Kernel } from '../kernel/kernel.ts'
import type { Actor } from '../kernel/queue.ts'
import type { Link, Network } from '../cluster/network.ts'
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
  /** Everything below is committed at the coordinator. */
  committed: number
  /** Trace id of why reading goes on from here: an assignment, a rewind. */
  cause: number
  /** Trace id of the arrival of the last fetch. */
  arrival = 0

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
 * The fetch loop of a consumer at one broker: a request is answered at once when there is something to read, else it
 * parks at the broker until an append wakes it (long poll), so an idle consumer costs no events.
 */
export class FetchSession implements Actor {
  private readonly kernel: Kernel
  private readonly network: Network
  private readonly consumer: Consumer
  private readonly positions: readonly PartitionPosition[]
  private readonly request: Link
  private readonly response: Link
  private closed = false
  private isParked = false

  constructor(network: Network, consumer: Consumer, broker: Broker, positions: readonly PartitionPosition[]) {
    this.kernel = network.kernel
    this.network = network
    this.consumer = consumer
    this.positions = positions
    this.request = network.link(consumer.process, broker.process)
    this.response = network.link(broker.process, consumer.process)
  }

  /** Sends the next fetch request. */
  send(): void {
    const { entity } = this.consumer
    this.network.send(this.request, entity, this, REQUEST_ARRIVES, undefined, this.kernel.cause)
  }

  /** Ends the session: its partitions were revoked or its process died. */
  close(): void {
    this.closed = true
    if (this.isParked) this.unpark()
  }

  onEvent(code: number, subject: unknown): void {
    if (this.closed || !this.consumer.alive) return
    if (code === REQUEST_ARRIVES) this.answerOrPark()
    else this.receive(subject as FetchedRange[])
  }

  /** A record was appended to a partition that this fetch waits for. */
  wake(cause: number): void {
    this.unpark()
    this.kernel.cause = cause
    this.answerOrPark()
  }

  private answerOrPark(): void {
    const ranges: FetchedRange[] = []
    for (const position of this.positions) {
      const end = position.partition.logEndOffset
      if (position.fetched < end) ranges.push({ position, from: position.fetched, to: end })
    }
    const first = ranges[0]
    if (first === undefined) {
      this.park()
      return
    }
    const entity = first.position.partition.entityAt(first.from)
    this.network.send(this.response, entity, this, RESPONSE_ARRIVES, ranges, this.kernel.cause)
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

  private park(): void {
    this.isParked = true
    for (const { partition } of this.positions) partition.parked.push(this)
  }

  private unpark(): void {
    this.isParked = false
    for (const { partition } of this.positions) {
      const index = partition.parked.indexOf(this)
      if (index >= 0) partition.parked.splice(index, 1)
    }
  }
}
