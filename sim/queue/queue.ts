import type { Micros } from '../kernel/time.ts'
import type { QueueConfig } from './config.ts'
import type { DiscardReason, Message, QueuedMessage, ReturnReason } from './message.ts'
import { Timetable } from './timetable.ts'

const NEVER = Number.POSITIVE_INFINITY
/** How many acknowledged messages can come again. */
const REMEMBERED = 1_000

/** What a queue asks of and tells those who run it. Nothing here may call the queue. */
export interface QueueOutlet<Body> {
  /** Where a message comes among those that may be delivered: lower ones first, equal ones as they came. */
  rank(message: QueuedMessage<Body>): number
  /** A message that was in flight may be delivered again. */
  returned(message: QueuedMessage<Body>, reason: ReturnReason): void
  /** The consumer of a message in flight is gone; the message stays invisible until its time-out all the same. */
  abandoned(message: QueuedMessage<Body>): void
  /** A message left the queue, and nobody had acknowledged it. */
  discarded(message: QueuedMessage<Body>, reason: DiscardReason): void
}

/** A message in the queue with what the queue alone knows of it. */
interface Entry<Body> extends QueuedMessage<Body> {
  state: 'delayed' | 'grouped' | 'ready' | 'spent' | 'in-flight' | 'gone'
  deliveries: number
  receipt: number
  consumer: string
  /** When a message that is delayed or in flight becomes visible. */
  dueMicros: Micros
  rank: number
}

/** A message group: at most one of its messages can be delivered or is in flight. */
interface Group<Body> {
  first: Entry<Body> | undefined
  readonly waiting: Entry<Body>[]
}

/**
 * One queue as a state machine: SQS standard and FIFO, RabbitMQ quorum (see `QueueConfig`). Durable: it loses nothing.
 * One receive delivers one message, so that a group never has two in flight, as SQS has when a batch holds several.
 * RabbitMQ's acknowledgement time-out (30 minutes, ends the channel), priorities and length limits are not in it.
 */
export class MessageQueue<Body> {
  readonly config: QueueConfig
  private readonly outlet: QueueOutlet<Body>
  private sent = 0
  private receipts = 0
  /** What may be delivered, by rank. */
  private readonly ready: Entry<Body>[] = []
  /** What was delivered too often and is moved when somebody tries to receive it. */
  private spent: Entry<Body>[] = []
  private readonly timetable = new Timetable<Entry<Body>>()
  private readonly groups = new Map<string, Group<Body>>()
  /** By receipt, until the next delivery of the same message. */
  private readonly delivered = new Map<number, Entry<Body>>()
  /** When each deduplication id was first accepted, the oldest first. */
  private readonly accepted = new Map<string, Micros>()
  /** What was acknowledged last. */
  private readonly acknowledged: Entry<Body>[] = []
  private total = 0
  private flying = 0

  constructor(config: QueueConfig, outlet: QueueOutlet<Body>) {
    this.config = config
    this.outlet = outlet
  }

  /** How many messages are in the queue, in flight or not; those that have grown too old unnoticed included. */
  get size(): number {
    return this.total
  }

  /** How many of them are in flight. */
  get inFlight(): number {
    return this.flying
  }

  /**
   * Sends a message.
   * @returns undefined for one whose deduplication id was accepted less than 5 minutes ago: accepted, but never delivered
   */
  send(message: Message<Body>, nowMicros: Micros): QueuedMessage<Body> | undefined {
    const { deduplicationMicros } = this.config
    if (deduplicationMicros > 0) {
      for (const [id, since] of this.accepted) {
        if (since + deduplicationMicros > nowMicros) break
        this.accepted.delete(id)
      }
      if (this.accepted.has(message.deduplicationId)) return undefined
      this.accepted.set(message.deduplicationId, nowMicros)
    }
    return this.take(message, nowMicros)
  }

  /**
   * Takes a message from another queue, as a dead letter queue does: deduplication ids do not matter. In an SQS standard
   * queue its age counts from when it was first sent, elsewhere from now.
   */
  take(message: Message<Body>, nowMicros: Micros): QueuedMessage<Body> {
    this.advance(nowMicros)
    const { protocol, order, retentionMicros, delayMicros } = this.config
    const bornMicros = protocol === 'sqs' && order !== 'groups' ? message.sentMicros : nowMicros
    const entry: Entry<Body> = {
      message,
      number: ++this.sent,
      expiresAtMicros: bornMicros + retentionMicros,
      state: 'delayed',
      deliveries: 0,
      receipt: 0,
      consumer: '',
      dueMicros: NEVER,
      rank: 0,
    }
    this.total++
    if (delayMicros > 0) this.hide(entry, nowMicros + delayMicros)
    else this.admit(entry)
    return entry
  }

  /** The message that the next receive delivers; undefined when there is none. What is spent or too old goes now. */
  peek(nowMicros: Micros): QueuedMessage<Body> | undefined {
    this.advance(nowMicros)
    if (this.spent.length > 0) {
      const { spent } = this
      this.spent = []
      for (const entry of spent) this.discard(entry, 'delivery_limit')
    }
    for (;;) {
      const first = this.ready[0]
      if (first === undefined || first.expiresAtMicros > nowMicros) return first
      this.discard(first, 'expired')
    }
  }

  /** Delivers a message to a consumer: it is in flight until it is settled or times out. */
  receive(consumer: string, nowMicros: Micros): QueuedMessage<Body> | undefined {
    const entry = this.peek(nowMicros) as Entry<Body> | undefined
    if (entry === undefined) return undefined
    this.ready.shift()
    this.delivered.delete(entry.receipt)
    entry.state = 'in-flight'
    entry.deliveries++
    entry.receipt = ++this.receipts
    entry.consumer = consumer
    this.flying++
    this.delivered.set(entry.receipt, entry)
    const { visibilityTimeoutMicros } = this.config
    if (visibilityTimeoutMicros < NEVER) this.setDue(entry, nowMicros + visibilityTimeoutMicros)
    return entry
  }

  /**
   * Acknowledges a delivery: the message is gone (SQS DeleteMessage, AMQP basic.ack).
   * @returns false when that delivery no longer counts: the message was delivered again since, it is settled, or, in a
   * FIFO queue, its time-out has passed
   */
  acknowledge(receipt: number, nowMicros: Micros): boolean {
    const entry = this.held(receipt, nowMicros)
    if (entry === undefined) return false
    this.remove(entry)
    this.acknowledged.push(entry)
    if (this.acknowledged.length >= 2 * REMEMBERED) this.acknowledged.splice(0, REMEMBERED)
    return true
  }

  /**
   * Brings back the messages that were acknowledged last, at most so many, the first of them first: a server that kept a
   * copy did not hear of the acknowledgement (SQS, "at-least-once delivery"; a mirror of AMQP that lost the last ones).
   * @param count at most 1000
   * @returns how many there were
   */
  reappear(count: number, nowMicros: Micros): number {
    this.advance(nowMicros)
    const back = this.acknowledged.splice(-Math.min(count, REMEMBERED))
    for (const entry of back) {
      this.total++
      this.admit(entry)
    }
    return back.length
  }

  /**
   * Gives a delivery back, to be delivered again after a delay (SQS ChangeMessageVisibility, AMQP basic.nack with requeue
   * where the delay is 0).
   * @returns false when the message is not in flight by that delivery
   */
  release(receipt: number, delayMicros: Micros, nowMicros: Micros): boolean {
    const entry = this.held(receipt, nowMicros)
    if (entry?.state !== 'in-flight') return false
    if (delayMicros > 0) this.setDue(entry, nowMicros + delayMicros)
    else this.giveBack(entry, 'released')
    return true
  }

  /**
   * Gives a delivery back for good (AMQP basic.reject and basic.nack without requeue; of SQS it is what a client does by
   * sending the message to the dead letter queue and deleting it).
   * @returns false when that delivery no longer counts
   */
  reject(receipt: number, nowMicros: Micros): boolean {
    const entry = this.held(receipt, nowMicros)
    if (entry === undefined) return false
    this.discard(entry, 'rejected')
    return true
  }

  /** The connection of a consumer has broken: AMQP takes back all that it held, SQS knows no connections. */
  disconnect(consumer: string, nowMicros: Micros): void {
    this.advance(nowMicros)
    for (const entry of [...this.delivered.values()]) {
      if (entry.consumer !== consumer || entry.state !== 'in-flight') continue
      if (this.config.protocol === 'sqs') this.outlet.abandoned(entry)
      else this.giveBack(entry, 'connection lost')
    }
  }

  /**
   * When something changes by itself; Infinity if nothing will. The end of a message's retention is no such moment where
   * it is merely deleted: nobody can tell when that happens.
   */
  nextDeadlineMicros(): Micros {
    return Math.min(this.timetable.nextMicros(), this.expiryMicros())
  }

  /** Performs what has become due. */
  advance(nowMicros: Micros): void {
    for (;;) {
      const visible = this.timetable.nextMicros()
      const expiry = this.expiryMicros()
      if (Math.min(visible, expiry) > nowMicros) return
      if (expiry < visible) this.discard(this.ready[0] as Entry<Body>, 'expired')
      else this.surface(this.timetable.take())
    }
  }

  /** When the first message that waits is dead-lettered for its age. */
  private expiryMicros(): Micros {
    return this.config.expired === 'dead-lettered' ? (this.ready[0]?.expiresAtMicros ?? NEVER) : NEVER
  }

  private held(receipt: number, nowMicros: Micros): Entry<Body> | undefined {
    this.advance(nowMicros)
    const entry = this.delivered.get(receipt)
    return this.config.order === 'groups' && entry?.state !== 'in-flight' ? undefined : entry
  }

  /** Its delay or its visibility time-out is over. */
  private surface(entry: Entry<Body>): void {
    entry.dueMicros = NEVER
    if (entry.state === 'in-flight') this.giveBack(entry, 'timed out')
    else this.admit(entry)
  }

  /** A message that was never delivered may be. */
  private admit(entry: Entry<Body>): void {
    if (this.config.order !== 'groups') {
      this.makeReady(entry)
      return
    }
    const { groupId } = entry.message
    let group = this.groups.get(groupId)
    if (group === undefined) {
      group = { first: undefined, waiting: [] }
      this.groups.set(groupId, group)
    }
    if (group.first === undefined) {
      group.first = entry
      this.makeReady(entry)
    } else {
      entry.state = 'grouped'
      group.waiting.push(entry)
    }
  }

  private giveBack(entry: Entry<Body>, reason: ReturnReason): void {
    this.flying--
    entry.dueMicros = NEVER
    // A receipt of SQS deletes a message until it is delivered again; a delivery tag is used up.
    if (this.config.protocol === 'amqp') this.delivered.delete(entry.receipt)
    entry.state = 'spent'
    this.outlet.returned(entry, reason)
    if (entry.deliveries < this.config.maxDeliveries) this.makeReady(entry)
    else if (this.config.protocol === 'sqs') this.spent.push(entry)
    else this.discard(entry, 'delivery_limit')
  }

  private makeReady(entry: Entry<Body>): void {
    entry.state = 'ready'
    entry.rank = this.config.order === 'arrival' ? 0 : this.outlet.rank(entry)
    const { ready } = this
    let low = 0
    let high = ready.length
    while (low < high) {
      const middle = (low + high) >> 1
      if (comesBefore(entry, ready[middle] as Entry<Body>)) high = middle
      else low = middle + 1
    }
    ready.splice(low, 0, entry)
  }

  private hide(entry: Entry<Body>, untilMicros: Micros): void {
    entry.state = 'delayed'
    this.setDue(entry, untilMicros)
  }

  private setDue(entry: Entry<Body>, atMicros: Micros): void {
    entry.dueMicros = atMicros
    this.timetable.add(entry)
  }

  private discard(entry: Entry<Body>, reason: DiscardReason): void {
    this.remove(entry)
    this.outlet.discarded(entry, reason)
  }

  /** Takes a message out, wherever it stands, and lets the next of its group come forward. */
  private remove(entry: Entry<Body>): void {
    if (entry.state === 'in-flight') this.flying--
    else if (entry.state === 'ready') this.ready.splice(this.ready.indexOf(entry), 1)
    else if (entry.state === 'spent') this.spent = this.spent.filter((other) => other !== entry)
    entry.state = 'gone'
    entry.dueMicros = NEVER
    this.delivered.delete(entry.receipt)
    this.total--
    if (this.config.order !== 'groups') return
    const { groupId } = entry.message
    const group = this.groups.get(groupId) as Group<Body>
    group.first = group.waiting.shift()
    if (group.first === undefined) this.groups.delete(groupId)
    else this.makeReady(group.first)
  }
}

function comesBefore<Body>(left: Entry<Body>, right: Entry<Body>): boolean {
  return left.rank < right.rank || (left.rank === right.rank && left.number < right.number)
}
