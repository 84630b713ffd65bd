import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { Deadline, Deadlines } from '../../../../sim/kafka/coordinator/deadlines.ts'

class Noted extends Deadline {
  readonly name: number
  private readonly notes: (readonly [number, number])[]
  private readonly after: (nowMillis: number) => void

  constructor(
    name: number,
    notes: (readonly [number, number])[],
    after: (nowMillis: number) => void = () => {},
  ) {
    super()
    this.name = name
    this.notes = notes
    this.after = after
  }

  expire(nowMillis: number): void {
    this.notes.push([this.name, nowMillis])
    this.after(nowMillis)
  }
}

describe('deadlines', () => {
  it('[KG9] expire at their time and in their order, however late that is noticed', () => {
    const notes: (readonly [number, number])[] = []
    const deadlines = new Deadlines()
    for (const [name, atMillis] of [30, 10, 20, 10].entries()) deadlines.set(new Noted(name, notes), atMillis)
    deadlines.advance(9)
    expect(notes).toEqual([])
    deadlines.advance(25)
    expect(notes).toEqual([
      [1, 10],
      [3, 10],
      [2, 20],
    ])
    expect(deadlines.nextMillis()).toBe(30)
  })

  it('[KG9] that become due by another one are not left for later', () => {
    const notes: (readonly [number, number])[] = []
    const deadlines = new Deadlines()
    const second = new Noted(2, notes)
    deadlines.set(new Noted(1, notes, (nowMillis) => deadlines.set(second, nowMillis + 5)), 10)
    deadlines.advance(15)
    expect(notes).toEqual([
      [1, 10],
      [2, 15],
    ])
    expect(deadlines.nextMillis()).toBe(Number.POSITIVE_INFINITY)
  })

  it('[KG9] are kept as a list sorted by time and by when they were set would keep them', () => {
    const step = fc.record({
      name: fc.nat(7),
      atMillis: fc.option(fc.nat(50), { nil: undefined }),
      passes: fc.nat(4),
    })
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const notes: (readonly [number, number])[] = []
        const expected: (readonly [number, number])[] = []
        const deadlines = new Deadlines()
        const all = Array.from({ length: 8 }, (_, name) => new Noted(name, notes))
        let model: { name: number; atMillis: number }[] = []
        let nowMillis = 0
        for (const { name, atMillis, passes } of steps) {
          model = model.filter((entry) => entry.name !== name)
          if (atMillis === undefined) deadlines.cancel(all[name] as Noted)
          else {
            deadlines.set(all[name] as Noted, nowMillis + atMillis)
            model.push({ name, atMillis: nowMillis + atMillis })
          }
          const earliest = Math.min(...model.map((entry) => entry.atMillis))
          expect(deadlines.nextMillis()).toBe(earliest)
          nowMillis += passes
          const due = model.filter((entry) => entry.atMillis <= nowMillis)
          due.sort((left, right) => left.atMillis - right.atMillis)
          for (const entry of due) expected.push([entry.name, entry.atMillis])
          model = model.filter((entry) => entry.atMillis > nowMillis)
          deadlines.advance(nowMillis)
        }
        expect(notes).toEqual(expected)
      }),
    )
  })

  it('[KG15] can all be called off', () => {
    const notes: (readonly [number, number])[] = []
    const deadlines = new Deadlines()
    for (let name = 0; name < 5; name++) deadlines.set(new Noted(name, notes), name)
    deadlines.clear()
    deadlines.advance(10)
    expect(notes).toEqual([])
  })
})
