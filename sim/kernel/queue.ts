import type { Incarnation } from './incarnation.ts'

/** Something that events happen to: a broker, a connection, a fault, a waiting operation. */
export interface Actor {
  /** Executes one event at the kernel's current time. */
  onEvent(code: number, subject: unknown): void
  /** Whether a pending event is a timer that nobody waits for once this life has ended. */
  diesWith?(life: Incarnation, subject: unknown): boolean
  /** The life whose code executes an event, which waits while that is paused; undefined: nobody's who can be. */
  livesIn?(code: number, subject: unknown): Incarnation | undefined
}

const SEQUENCE_SPAN = 4294967296
const SLOT_SPAN = 2097152
const COMPACTION_THRESHOLD = 64

/** Names a pending event. */
export type Ticket = number

/** The numbers of pending events by place in the heap, and by slot. */
interface Columns {
  readonly times: Float64Array
  readonly orders: Float64Array
  readonly slots: Int32Array
  readonly codes: Int32Array
  readonly causes: Int32Array
}

/** All columns lie in one buffer: engines take far longer to make one than to make a view. */
function columnsFor(capacity: number): Columns {
  const doubles = capacity * Float64Array.BYTES_PER_ELEMENT
  const integers = capacity * Int32Array.BYTES_PER_ELEMENT
  const buffer = new ArrayBuffer(2 * doubles + 3 * integers)
  return {
    times: new Float64Array(buffer, 0, capacity),
    orders: new Float64Array(buffer, doubles, capacity),
    slots: new Int32Array(buffer, 2 * doubles, capacity),
    codes: new Int32Array(buffer, 2 * doubles + integers, capacity),
    causes: new Int32Array(buffer, 2 * doubles + 2 * integers, capacity),
  }
}

/**
 * The pending events, ordered by (time, tie-break, sequence): a binary heap over typed arrays whose payloads
 * stay in slots, so that sifting moves numbers only. The last two keys are packed into one double
 * (tie-break below 2^20, sequence below 2^32).
 */
export class EventQueue {
  size = 0
  /** Of the event that `pop` took last. */
  atMicros = 0
  target: Actor | undefined = undefined
  code = 0
  subject: unknown = undefined
  cause = 0
  private times: Float64Array
  private orders: Float64Array
  private slots: Int32Array
  private readonly targets: (Actor | undefined)[] = []
  private readonly subjects: unknown[] = []
  private codes: Int32Array
  private causes: Int32Array
  /** The sequence of the event in a slot, -1 when it is free or cancelled. */
  private readonly tickets: number[] = []
  private readonly freeSlots: number[] = []
  /** Events in the heap that were cancelled. */
  private cancelled = 0
  /** Events pushed so far. */
  sequence = 0

  /** @param capacity how many events it has room for at first */
  constructor(capacity = 256) {
    const { times, orders, slots, codes, causes } = columnsFor(capacity)
    this.times = times
    this.orders = orders
    this.slots = slots
    this.codes = codes
    this.causes = causes
  }

  /**
   * Adds an event.
   * @param tieBreak orders events of the same microsecond, 0 ≤ tieBreak < 2^20; equal ones run first in, first out
   * @param cause trace id of the record that scheduled it, 0 when no trace is kept
   * @returns a ticket by which it can be cancelled
   */
  push(
    atMicros: number,
    tieBreak: number,
    target: Actor,
    code: number,
    subject: unknown,
    cause: number,
  ): Ticket {
    if (this.size === this.times.length) this.grow()
    const slot = this.freeSlots.length > 0 ? (this.freeSlots.pop() as number) : this.targets.length
    this.targets[slot] = target
    this.subjects[slot] = subject
    this.codes[slot] = code
    this.causes[slot] = cause
    const sequence = this.sequence++
    this.tickets[slot] = sequence
    // Sifting up stands here and not in a method of its own: a call would box both keys on the heap.
    const { times, orders, slots } = this
    const order = tieBreak * SEQUENCE_SPAN + sequence
    let hole = this.size++
    while (hole > 0) {
      const parent = (hole - 1) >> 1
      const parentTime = times[parent] as number
      if (parentTime < atMicros || (parentTime === atMicros && (orders[parent] as number) < order)) break
      times[hole] = parentTime
      orders[hole] = orders[parent] as number
      slots[hole] = slots[parent] as number
      hole = parent
    }
    times[hole] = atMicros
    orders[hole] = order
    slots[hole] = slot
    return sequence * SLOT_SPAN + slot
  }

  /** Takes an event out, if it is still pending: it will not be executed and leaves no trace of ever having been. */
  cancel(ticket: Ticket): void {
    const slot = ticket % SLOT_SPAN
    if (this.tickets[slot] === Math.floor(ticket / SLOT_SPAN)) this.clear(slot)
  }

  /** Takes out the timers of a life that has ended, so that they keep no run alive; looks at every pending event. */
  cancelTimersOf(life: Incarnation): void {
    const timers = this.slots
      .subarray(0, this.size)
      .filter((slot) => this.targets[slot]?.diesWith?.(life, this.subjects[slot]) === true)
    for (const slot of timers) this.clear(slot)
  }

  /** The time of the next event; Infinity when there is none. */
  nextMicros(): number {
    while (this.size > 0 && this.targets[this.slots[0] as number] === undefined) {
      this.cancelled--
      this.removeFirst()
    }
    return this.size === 0 ? Number.POSITIVE_INFINITY : (this.times[0] as number)
  }

  /** Takes the first event into the public fields; `nextMicros` must have said that there is one. */
  pop(): void {
    const slot = this.slots[0] as number
    this.atMicros = this.times[0] as number
    this.target = this.targets[slot]
    this.code = this.codes[slot] as number
    this.subject = this.subjects[slot]
    this.cause = this.causes[slot] as number
    this.targets[slot] = undefined
    this.subjects[slot] = undefined
    this.tickets[slot] = -1
    this.removeFirst()
  }

  /** The life that executes the first event; `nextMicros` must have said that there is one. */
  firstLife(): Incarnation | undefined {
    const slot = this.slots[0] as number
    return this.targets[slot]?.livesIn?.(this.codes[slot] as number, this.subjects[slot])
  }

  /**
   * Puts the first event off to a later moment, before all others of that moment but those that were put off before it,
   * however often. Its ticket stays.
   */
  postponeFirst(atMicros: number): void {
    if (this.size === this.times.length) this.grow()
    const slot = this.slots[0] as number
    const order = this.orders[0] as number
    this.times[this.size] = atMicros
    // Negative orders are those of events that were put off.
    this.orders[this.size] = order < 0 ? order : this.sequence++ - SEQUENCE_SPAN
    this.slots[this.size] = slot
    this.size++
    // The last event takes the place of the first and finds its own.
    this.removeFirst()
    this.freeSlots.pop()
  }

  private clear(slot: number): void {
    this.tickets[slot] = -1
    this.targets[slot] = undefined
    this.subjects[slot] = undefined
    this.cancelled++
    if (this.cancelled > COMPACTION_THRESHOLD && this.cancelled * 2 > this.size) this.compact()
  }

  /** Drops what was cancelled: far deadlines that are called off again and again would otherwise fill the heap. */
  private compact(): void {
    const { times, orders, slots } = this
    const kept: [time: number, order: number, slot: number][] = []
    for (let index = 0; index < this.size; index++) {
      const slot = slots[index] as number
      if (this.targets[slot] === undefined) this.freeSlots.push(slot)
      else kept.push([times[index] as number, orders[index] as number, slot])
    }
    // What is sorted is a heap.
    kept.sort(([time, order], [otherTime, otherOrder]) => time - otherTime || order - otherOrder)
    kept.forEach(([time, order, slot], index) => {
      times[index] = time
      orders[index] = order
      slots[index] = slot
    })
    this.size = kept.length
    this.cancelled = 0
  }

  /** Fills the root with the last event and sifts it down. */
  private removeFirst(): void {
    const { times, orders, slots } = this
    this.freeSlots.push(slots[0] as number)
    const size = --this.size
    if (size === 0) return
    const time = times[size] as number
    const order = orders[size] as number
    const slot = slots[size] as number
    let hole = 0
    for (;;) {
      let child = 2 * hole + 1
      if (child >= size) break
      let childTime = times[child] as number
      const right = child + 1
      if (right < size) {
        const rightTime = times[right] as number
        const rightFirst =
          rightTime < childTime ||
          (rightTime === childTime && (orders[right] as number) < (orders[child] as number))
        if (rightFirst) {
          child = right
          childTime = rightTime
        }
      }
      if (time < childTime || (time === childTime && order < (orders[child] as number))) break
      times[hole] = childTime
      orders[hole] = orders[child] as number
      slots[hole] = slots[child] as number
      hole = child
    }
    times[hole] = time
    orders[hole] = order
    slots[hole] = slot
  }

  private grow(): void {
    const wide = columnsFor(this.times.length * 2)
    wide.times.set(this.times)
    wide.orders.set(this.orders)
    wide.slots.set(this.slots)
    wide.codes.set(this.codes)
    wide.causes.set(this.causes)
    this.times = wide.times
    this.orders = wide.orders
    this.slots = wide.slots
    this.codes = wide.codes
    this.causes = wide.causes
  }
}
