import type { Deadlines } from '../coordinator/deadlines.ts'
import type { ProducerError } from '../transaction/client-error.ts'
import { type PendingOwner, PendingSend } from './pending.ts'
import type { ProducerRecord, SendListener } from './record.ts'

/** Something that waits for sends that were called before it. */
interface Barrier {
  /** Of the last send before it. */
  readonly number: number
  readonly pass: (nowMillis: number) => void
}

/** The sends that Kafka's would block, in the order of their calls, and what waits for them (rule P9). */
export class PendingSends {
  private readonly deadlines: Deadlines
  private readonly maxBlockMillis: number
  private readonly owner: PendingOwner
  private readonly pending = new Set<PendingSend>()
  private readonly forMemory: PendingSend[] = []
  private readonly barriers: Barrier[] = []
  private count = 0

  /** @param owner is told which sends have waited for maxBlockMillis */
  constructor(deadlines: Deadlines, maxBlockMillis: number, owner: PendingOwner) {
    this.deadlines = deadlines
    this.maxBlockMillis = maxBlockMillis
    this.owner = owner
  }

  /** The send that has waited for memory the longest. */
  get firstForMemory(): PendingSend | undefined {
    return this.forMemory[0]
  }

  add(record: ProducerRecord, listener: SendListener, nowMillis: number): PendingSend {
    this.count += 1
    const send = new PendingSend(record, listener, this.count, this.owner)
    this.pending.add(send)
    this.deadlines.set(send, nowMillis + this.maxBlockMillis)
    return send
  }

  /** Those that wait for their topic when their turn comes. */
  *waitingForTopic(): Generator<PendingSend> {
    for (const send of [...this.pending]) if (send.bytes === 0) yield send
  }

  /** A send whose topic is known waits for memory, behind all others that do. */
  waitForMemory(send: PendingSend): void {
    this.forMemory.push(send)
  }

  takeFirstForMemory(): void {
    this.forMemory.shift()
  }

  /** A send has its place, or has failed. */
  settle(send: PendingSend): void {
    this.deadlines.cancel(send)
    this.pending.delete(send)
    const at = this.forMemory.indexOf(send)
    if (at >= 0) this.forMemory.splice(at, 1)
  }

  failAll(error: ProducerError): void {
    for (const send of [...this.pending]) {
      this.settle(send)
      send.listener.failed(send.record, error)
    }
  }

  /** Calls back when no send that was called before is pending, perhaps at once. */
  afterAll(nowMillis: number, pass: (nowMillis: number) => void): void {
    if (this.pending.size === 0) pass(nowMillis)
    else this.barriers.push({ number: this.count, pass })
  }

  /** Lets pass what waited for sends that are settled now. */
  passBarriers(nowMillis: number): void {
    for (;;) {
      const [barrier] = this.barriers
      const [first] = this.pending
      if (barrier === undefined || (first !== undefined && first.number <= barrier.number)) return
      this.barriers.shift()
      barrier.pass(nowMillis)
    }
  }
}
