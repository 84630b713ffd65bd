/** Something that happens unless it is put off or called off: a session that runs out, a phase that ends. */
export abstract class Deadline {
  /** Infinity when it is called off. */
  atMillis = Number.POSITIVE_INFINITY
  /** Of the last time that it was set: simultaneous ones expire in the order in which they were set. */
  sequence = 0
  /** Where the queue holds it, which may be earlier than `atMillis`; −1 when it does not. */
  slot = -1
  queuedMillis = 0
  queuedSequence = 0

  /** Does what is due. @param nowMillis the deadline itself, however late it is noticed */
  abstract expire(nowMillis: number): void
}

/**
 * Deadlines in the order in which they expire. One that is put off stays where it is until it reaches the front, so
 * that a heartbeat costs two assignments.
 */
export class Deadlines {
  private readonly heap: Deadline[] = []
  private sequence = 0
  /** The earliest, unless the front of the queue has changed since. */
  private earliestMillis = Number.POSITIVE_INFINITY
  private isStale = false

  /** Sets a deadline, again or for the first time. */
  set(deadline: Deadline, atMillis: number): void {
    deadline.atMillis = atMillis
    deadline.sequence = this.sequence++
    if (deadline.slot >= 0 && atMillis >= deadline.queuedMillis) {
      if (deadline.slot === 0) this.isStale = true
      return
    }
    deadline.queuedMillis = atMillis
    deadline.queuedSequence = deadline.sequence
    if (deadline.slot < 0) deadline.slot = this.heap.push(deadline) - 1
    this.rise(deadline)
    if (deadline.slot === 0) this.isStale = true
  }

  /** Calls a deadline off; no matter whether it was set. */
  cancel(deadline: Deadline): void {
    deadline.atMillis = Number.POSITIVE_INFINITY
    if (deadline.slot >= 0) this.remove(deadline)
  }

  /** The earliest deadline, Infinity when there is none. */
  nextMillis(): number {
    if (!this.isStale) return this.earliestMillis
    this.isStale = false
    this.earliestMillis = this.front()?.atMillis ?? Number.POSITIVE_INFINITY
    return this.earliestMillis
  }

  /** Lets everything expire that is due, in order, including what becomes due by it. */
  advance(nowMillis: number): void {
    for (let next = this.front(); next !== undefined && next.atMillis <= nowMillis; next = this.front()) {
      const dueMillis = next.atMillis
      next.atMillis = Number.POSITIVE_INFINITY
      this.remove(next)
      next.expire(dueMillis)
    }
  }

  /** Calls all of them off. */
  clear(): void {
    for (const deadline of this.heap) {
      deadline.atMillis = Number.POSITIVE_INFINITY
      deadline.slot = -1
    }
    this.heap.length = 0
    this.isStale = true
  }

  private front(): Deadline | undefined {
    for (;;) {
      const first = this.heap[0]
      if (first === undefined) return undefined
      if (first.sequence === first.queuedSequence) return first
      else {
        first.queuedMillis = first.atMillis
        first.queuedSequence = first.sequence
        this.sink(first)
      }
    }
  }

  private remove(deadline: Deadline): void {
    const { slot } = deadline
    if (slot === 0) this.isStale = true
    const last = this.heap.pop() as Deadline
    deadline.slot = -1
    if (last === deadline) return
    last.slot = slot
    this.heap[slot] = last
    this.rise(last)
    this.sink(last)
  }

  private rise(deadline: Deadline): void {
    const { heap } = this
    while (deadline.slot > 0) {
      const parent = heap[(deadline.slot - 1) >> 1] as Deadline
      if (!precedes(deadline, parent)) return
      this.swap(deadline, parent)
    }
  }

  private sink(deadline: Deadline): void {
    const { heap } = this
    for (;;) {
      const left = heap[2 * deadline.slot + 1]
      if (left === undefined) return
      const right = heap[2 * deadline.slot + 2]
      const child = right !== undefined && precedes(right, left) ? right : left
      if (!precedes(child, deadline)) return
      this.swap(child, deadline)
    }
  }

  private swap(left: Deadline, right: Deadline): void {
    const { slot } = left
    left.slot = right.slot
    right.slot = slot
    this.heap[left.slot] = left
    this.heap[right.slot] = right
  }
}

function precedes(left: Deadline, right: Deadline): boolean {
  if (left.queuedMillis !== right.queuedMillis) return left.queuedMillis < right.queuedMillis
  return left.queuedSequence < right.queuedSequence
}
