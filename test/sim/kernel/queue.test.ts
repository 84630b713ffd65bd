import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type Actor, EventQueue, type Ticket } from '../../../sim/kernel/queue.ts'

const targets: readonly Actor[] = [{ onEvent: () => {} }, { onEvent: () => {} }]

type Command =
  | { readonly do: 'push'; readonly at: number; readonly tie: number; readonly which: number }
  | { readonly do: 'pop' }
  | { readonly do: 'postpone'; readonly by: number }
  | { readonly do: 'cancel'; readonly which: number }

const command: fc.Arbitrary<Command> = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.record({ do: fc.constant('push'), at: fc.nat(9), tie: fc.nat(2), which: fc.nat(1) }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constant('push'),
      at: fc.integer({ min: 0, max: 2 ** 50 }),
      tie: fc.constantFrom(0, 2 ** 20 - 1),
      which: fc.nat(1),
    }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('pop') }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('postpone'), by: fc.nat(5) }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('cancel'), which: fc.nat(500) }) },
)

interface Pending {
  readonly at: number
  /** -1: it was put off. */
  readonly tie: number
  /** Among those of one moment and tie-break. */
  readonly place: number
  readonly sequence: number
  readonly target: Actor
}

const byOrder = (left: Pending, right: Pending): number =>
  left.at - right.at || left.tie - right.tie || left.place - right.place

/** Everything that was pushed and neither taken nor cancelled, as a plain list; the sequence is also code, subject and cause. */
class Model {
  readonly pending: Pending[] = []
  readonly tickets: Ticket[] = []
  private places = 0

  apply(given: Command, queue: EventQueue): void {
    if (given.do === 'push') {
      const sequence = this.tickets.length
      const target = targets[given.which] as Actor
      this.pending.push({ at: given.at, tie: given.tie, place: this.places++, sequence, target })
      this.tickets.push(
        queue.push(given.at, given.tie, target, sequence, `subject ${sequence}`, sequence + 7),
      )
    } else if (given.do === 'pop') {
      this.pop(queue)
    } else if (given.do === 'postpone') {
      this.postpone(queue, given.by)
    } else {
      // Any ticket ever given, those of events that are gone and whose place was taken since included.
      const sequence = given.which % Math.max(1, this.tickets.length)
      const ticket = this.tickets[sequence]
      if (ticket === undefined) return
      queue.cancel(ticket)
      const index = this.pending.findIndex((event) => event.sequence === sequence)
      if (index >= 0) this.pending.splice(index, 1)
    }
  }

  postpone(queue: EventQueue, by: number): void {
    const first = [...this.pending].sort(byOrder)[0]
    if (queue.nextMicros() === Number.POSITIVE_INFINITY || first === undefined) return
    const at = first.at + by
    queue.postponeFirst(at)
    const later = first.tie < 0 ? { ...first, at } : { ...first, at, tie: -1, place: this.places++ }
    this.pending.splice(this.pending.indexOf(first), 1, later)
  }

  pop(queue: EventQueue): void {
    const first = [...this.pending].sort(byOrder)[0]
    expect(queue.nextMicros()).toBe(first?.at ?? Number.POSITIVE_INFINITY)
    if (first === undefined) return
    queue.pop()
    const { atMicros, target, code, subject, cause } = queue
    expect({ atMicros, code, subject, cause }).toEqual({
      atMicros: first.at,
      code: first.sequence,
      subject: `subject ${first.sequence}`,
      cause: first.sequence + 7,
    })
    expect(target).toBe(first.target)
    this.pending.splice(this.pending.indexOf(first), 1)
  }
}

describe('event queue', () => {
  it('[K1] [K2] [K28] behaves like a list sorted by time, tie-break and sequence, cancelled events left out', () => {
    fc.assert(
      fc.property(fc.array(command, { maxLength: 600, size: 'max' }), (commands) => {
        const queue = new EventQueue()
        const model = new Model()
        for (const given of commands) model.apply(given, queue)
        while (model.pending.length > 0) model.pop(queue)
        expect(queue.nextMicros()).toBe(Number.POSITIVE_INFINITY)
      }),
    )
  })

  it('[K1] keeps the order when it has grown many times', () => {
    const queue = new EventQueue()
    const count = 10_000
    for (let index = 0; index < count; index++) {
      queue.push((index * 7_919) % 1_009, (index * 31) % 5, targets[0] as Actor, index, `${index}`, index)
    }
    const taken: number[] = []
    while (queue.nextMicros() < Number.POSITIVE_INFINITY) {
      queue.pop()
      const { code, subject, cause } = queue
      expect({ subject, cause }).toEqual({ subject: `${code}`, cause: code })
      taken.push(code)
    }
    const keys = Array.from({ length: count }, (_, index) => index).sort(
      (left, right) =>
        ((left * 7_919) % 1_009) - ((right * 7_919) % 1_009) ||
        ((left * 31) % 5) - ((right * 31) % 5) ||
        left - right,
    )
    expect(taken).toEqual(keys)
  })

  it('[K1] [K2] drops what was cancelled when it is most of what there is, and keeps the order of the rest', () => {
    const queue = new EventQueue()
    const tickets = Array.from({ length: 1_000 }, (_, index) =>
      queue.push((index * 7_919) % 1_009, 0, targets[0] as Actor, index, undefined, 0),
    )
    for (const [index, ticket] of tickets.entries()) if (index % 7 !== 0) queue.cancel(ticket)
    expect(queue.size).toBeLessThan(300)
    const taken: number[] = []
    while (queue.nextMicros() < Number.POSITIVE_INFINITY) {
      queue.pop()
      taken.push(queue.code)
    }
    const kept = Array.from({ length: 1_000 }, (_, index) => index).filter((index) => index % 7 === 0)
    expect(taken).toEqual(kept.sort((left, right) => ((left * 7_919) % 1_009) - ((right * 7_919) % 1_009)))
  })

  it('[K2] gives back the place of what was cancelled', () => {
    const queue = new EventQueue()
    for (let round = 0; round < 1_000; round++) {
      const tickets = Array.from({ length: 10 }, () =>
        queue.push(round, 0, targets[0] as Actor, 0, undefined, 0),
      )
      for (const ticket of tickets) queue.cancel(ticket)
      expect(queue.nextMicros()).toBe(Number.POSITIVE_INFINITY)
    }
    expect(queue.size).toBe(0)
  })
})
