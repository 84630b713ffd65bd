import type { Process } from '../cluster/process.ts'
import type { ChoiceSite, Entity } from '../kernel/choice.ts'
import type { Kernel } from '../kernel/kernel.ts'
import { hashText } from '../kernel/mix.ts'
import type { Actor, Ticket } from '../kernel/queue.ts'
import type { Micros } from '../kernel/time.ts'
import type { QueueConfig } from './config.ts'
import type { QueueConsumer } from './consumer.ts'
import type { DiscardReason, Message, ReturnReason } from './message.ts'
import type { Cargo, CargoMessage, PublishedMessage, ReceivedMessage, Settlement } from './protocol.ts'
import { MessageQueue, type QueueOutlet } from './queue.ts'

const DEADLINE = 0
/** The bound of every choice: what it decides among may be more or less in another run. */
const RANKS = 1 << 20

/** A consumer of a queue, as its server knows it. */
interface Subscription {
  readonly consumer: QueueConsumer
  /** How many more messages it takes. */
  free: number
}

/** Takes what a queue discards. */
export interface DeadLetterOffice {
  deadLetter(from: ServedQueue, message: CargoMessage, reason: DiscardReason, cause: number): void
}

/**
 * A queue at its server: hands messages to consumers while they take more, and wakes up when one becomes visible again.
 * A message that is settled in time costs no event: its time-out is taken back. So does a consumer that waits: it is as
 * if a receive of its own were always there (SQS long polling, AMQP basic.consume).
 */
export class ServedQueue implements Actor, QueueOutlet<Cargo> {
  /** Lane of the trace: `order-events.payment`. */
  readonly name: string
  readonly config: QueueConfig
  private readonly kernel: Kernel
  private readonly office: DeadLetterOffice
  private readonly queue: MessageQueue<Cargo>
  private readonly entity: Entity
  private readonly hash: number
  private readonly orderSite: ChoiceSite
  private readonly consumerSite: ChoiceSite
  private readonly subscriptions: Subscription[] = []
  private discards: { readonly message: CargoMessage; readonly reason: DiscardReason }[] = []
  private ticket: Ticket | undefined = undefined
  private wakeMicros: Micros = Number.POSITIVE_INFINITY

  constructor(process: Process, name: string, config: QueueConfig, office: DeadLetterOffice) {
    const { kernel } = process
    this.name = name
    this.config = config
    this.kernel = kernel
    this.office = office
    this.queue = new MessageQueue(config, this)
    this.entity = kernel.choices.entity(`queue ${name}`)
    this.hash = hashText(name, 5)
    this.orderSite = kernel.choices.site(`order in ${name}`)
    this.consumerSite = kernel.choices.site(`consumer of ${name}`)
  }

  /** How many messages it holds. */
  get size(): number {
    return this.queue.size
  }

  /** Puts a message in; false when it has its deduplication id already. */
  send(message: Message<PublishedMessage>, cause: number): boolean {
    const queued = this.queue.send(cargoOf(message, cause), this.kernel.nowMicros)
    this.noted(queued === undefined ? 0 : queued.number, message.body.hash)
    this.settled()
    return queued !== undefined
  }

  /** Puts a message in that another queue has discarded. */
  take(message: Message<PublishedMessage>, cause: number): void {
    const queued = this.queue.take(cargoOf(message, cause), this.kernel.nowMicros)
    this.noted(queued.number, message.body.hash)
    this.settled()
  }

  /** A consumer wants messages from now on. */
  subscribe(consumer: QueueConsumer): void {
    this.subscriptions.push({ consumer, free: this.config.prefetch })
    this.settled()
  }

  /** The connection of a consumer has broken. */
  disconnect(consumer: QueueConsumer): void {
    const index = this.subscriptions.findIndex((subscription) => subscription.consumer === consumer)
    if (index >= 0) this.subscriptions.splice(index, 1)
    this.queue.disconnect(consumer.id, this.kernel.nowMicros)
    this.settled()
  }

  /** A consumer has done with a delivery. Returns the trace id of that, or undefined when the delivery no longer counts. */
  settle(consumer: QueueConsumer, received: ReceivedMessage, settlement: Settlement): number | undefined {
    const { kernel } = this
    const subscription = this.subscriptions.find((candidate) => candidate.consumer === consumer)
    if (subscription !== undefined) subscription.free++
    const counts = this.apply(received.receipt, settlement)
    this.noted(received.receipt, counts ? 1 : 0)
    const { entity } = received.published
    const data = kernel.trace && { number: received.number, settlement: settlement.kind, counts }
    kernel.cause = kernel.record('settle', this.name, entity, kernel.cause, data)
    this.settled()
    return counts ? kernel.cause : undefined
  }

  /** Brings the last acknowledged messages back. */
  reappear(count: number, cause: number): void {
    const { kernel } = this
    kernel.cause = cause
    this.noted(this.queue.reappear(count, kernel.nowMicros), count)
    this.settled()
  }

  rank({ message: { body } }: CargoMessage): number {
    return this.kernel.choose(this.orderSite, body.published.entity, RANKS)
  }

  returned({ message: { body }, number, deliveries }: CargoMessage, reason: ReturnReason): void {
    const { kernel } = this
    const data = kernel.trace && { number, deliveries, reason }
    const { entity } = body.published
    if (reason === 'timed out') {
      const { cause, abandoned } = body
      body.cause = kernel.record('returned', this.name, entity, cause, data)
      kernel.trace?.addParent(abandoned)
    } else {
      body.cause = kernel.record('returned', this.name, entity, kernel.cause, data)
    }
  }

  abandoned({ message: { body } }: CargoMessage): void {
    body.abandoned = this.kernel.cause
  }

  discarded(message: CargoMessage, reason: DiscardReason): void {
    this.discards.push({ message, reason })
  }

  /** A message becomes visible, or too old. */
  onEvent(_code: number, _subject: unknown): void {
    this.ticket = undefined
    this.wakeMicros = Number.POSITIVE_INFINITY
    this.queue.advance(this.kernel.nowMicros)
    this.settled()
  }

  private apply(receipt: number, settlement: Settlement): boolean {
    const { nowMicros } = this.kernel
    switch (settlement.kind) {
      case 'acknowledge':
        return this.queue.acknowledge(receipt, nowMicros)
      case 'release':
        return this.queue.release(receipt, settlement.delayMicros, nowMicros)
      case 'reject':
        return this.queue.reject(receipt, nowMicros)
    }
  }

  /** After every change: delivers what can be delivered, passes on what was discarded, and sets the alarm. */
  private settled(): void {
    this.dispatch()
    while (this.discards.length > 0) {
      const { discards } = this
      this.discards = []
      for (const { message, reason } of discards) this.discard(message, reason)
    }
    this.setAlarm()
  }

  private dispatch(): void {
    const { kernel, queue } = this
    for (;;) {
      let waiting = 0
      for (const { free } of this.subscriptions) if (free > 0) waiting++
      // Nobody receives, so nothing happens that happens when somebody does.
      if (waiting === 0) return
      const next = queue.peek(kernel.nowMicros)
      if (next === undefined) return
      const { body } = next.message
      const { published, cause } = body
      const turn = this.turnOf(published.entity, waiting)
      const subscription = this.waiting(turn)
      subscription.free--
      const { consumer } = subscription
      queue.receive(consumer.id, kernel.nowMicros)
      body.abandoned = 0
      this.noted(next.number, turn)
      const { number, receipt, deliveries } = next
      const last = deliveries >= this.config.maxDeliveries
      consumer.deliver({ published, queue: this.name, number, receipt, deliveries, last, cause })
    }
  }

  /** Whose turn it is among so many: of one bound, lest a consumer more or less change the choice. */
  private turnOf(entity: Entity, waiting: number): number {
    if (this.subscriptions.length === 1) return 0
    return Math.floor((this.kernel.choose(this.consumerSite, entity, RANKS) * waiting) / RANKS)
  }

  /** The nth of the consumers that take more, counted from 0. */
  private waiting(turn: number): Subscription {
    let left = turn
    return this.subscriptions.find(({ free }) => free > 0 && left-- === 0) as Subscription
  }

  private discard(message: CargoMessage, reason: DiscardReason): void {
    const { kernel } = this
    const { published, cause } = message.message.body
    this.noted(message.number, 2)
    const data = kernel.trace && {
      number: message.number,
      deliveries: message.deliveries,
      reason,
      value: published.value,
    }
    const record = kernel.record(
      'discard',
      this.name,
      published.entity,
      reason === 'rejected' ? kernel.cause : cause,
      data,
    )
    this.office.deadLetter(this, message, reason, record)
  }

  private setAlarm(): void {
    const { kernel } = this
    const next = this.queue.nextDeadlineMicros()
    if (next === this.wakeMicros) return
    if (this.ticket !== undefined) kernel.cancel(this.ticket)
    this.wakeMicros = next
    this.ticket =
      next === Number.POSITIVE_INFINITY
        ? undefined
        : kernel.scheduleAt(next, this.entity, this, DEADLINE, undefined, kernel.cause)
  }

  /** The digest covers every change of a queue. */
  private noted(what: number, how: number): void {
    const { digest } = this.kernel
    digest.word(this.hash)
    digest.integer(what)
    digest.word(how)
  }
}

function cargoOf(message: Message<PublishedMessage>, cause: number): Message<Cargo> {
  return { ...message, body: { published: message.body, cause, abandoned: 0 } }
}
