import { describe, expect, it } from 'vitest'
import { StateDigest, type Strike } from '../../../sim/explore/state-digest.ts'
import type { TraceRecord } from '../../../sim/kernel/trace.ts'

type Told = [atMicros: number, kind: string, lane: string, data?: unknown]

const stateOf = (told: readonly Told[], faults: readonly Strike[] = [], atMicros = 1_000_000): number => {
  const digest = new StateDigest(faults)
  for (const [index, [at, kind, lane, data]] of told.entries()) {
    const record: TraceRecord = {
      id: index + 1,
      atMicros: at,
      kind,
      lane,
      entity: 'car-1',
      parents: [],
      data,
    }
    digest.add(record)
  }
  return digest.at(atMicros)
}

const commit = (at: number, toll: object): Told => [
  at,
  'commit',
  'booth-db',
  [{ table: 'tolls', after: toll }],
]
const deliver = (at: number): Told => [at, 'deliver', 'booth-1', { offset: 0 }]
const step = (at: number, kind: 'before' | 'after', name: string, data?: unknown): Told => [
  at,
  kind,
  'booth-1',
  { step: `booth.CarPassed ${name}`, effects: at, data },
]
const crash = (at: number): Told => [at, 'crash', 'booth-1', { life: 1 }]
const fault = (at: number): Told => [
  at,
  'fault',
  'booth-1',
  { fault: 'booth crashed (after tx.commit of car 1)' },
]
const CRASHED: Strike = { description: 'booth crashed', healedAtMicros: 500_000 }

describe('the state of a run as a number', () => {
  const base: Told[] = [deliver(10), step(20, 'before', 'tolls.get'), step(30, 'after', 'tolls.get', 1)]

  it('[X20] is a whole number below 2^53', () => {
    expect(Number.isSafeInteger(stateOf(base))).toBe(true)
    expect(stateOf(base)).toBeGreaterThan(0)
  })

  it.each<[string, Told[], Told[]]>([
    ['everything comes later', base, base.map(([at, ...rest]): Told => [at + 7_000, ...rest])],
    [
      'data holds other moments',
      [commit(1, { at: 1_767_225_600_027 })],
      [commit(1, { at: 1_767_225_600_444 })],
    ],
    ['two processes take turns otherwise', [deliver(1), commit(2, {})], [commit(1, {}), deliver(2)]],
    [
      'a statement was undone by a crash',
      [[1, 'insert', 'booth-db', { table: 'tolls' }], crash(2)],
      [crash(2)],
    ],
    ['the dead knew something else', [deliver(1), crash(2)], [deliver(1), deliver(2), crash(3)]],
    ['members stand in another order', [commit(1, { a: 1, b: 2 })], [commit(1, { b: 2, a: 1 })]],
  ])('[X20] is the same where %s', (_what, left, right) => {
    expect(stateOf(left)).toBe(stateOf(right))
  })

  it.each<[string, Told[], Told[]]>([
    ['something else is committed', [commit(1, { toll: 5 })], [commit(1, { toll: 6 })]],
    [
      'something is committed twice',
      [commit(1, { toll: 5 })],
      [commit(1, { toll: 5 }), commit(2, { toll: 5 })],
    ],
    ['a ledger has an entry', base, [...base, [40, 'ledger', 'provider.charges', { id: 'ch-1' }]]],
    ['a log has a record', base, [...base, [40, 'append', 'roads/0', { offset: 0 }]]],
    ['a group has committed an offset', base, [...base, [40, 'offset-commit', 'group booth', { offset: 1 }]]],
    ['a living process got another answer', base, [...base.slice(0, 2), step(30, 'after', 'tolls.get', 2)]],
    [
      'the dead left something under way',
      [deliver(1), step(2, 'before', 'charge'), crash(3)],
      [deliver(1), crash(3)],
    ],
    ['one process did things in another order', base, [...base].reverse()],
    [
      'an order differs',
      [[1, 'append', 'roads/0', { key: 'car-1' }]],
      [[1, 'append', 'roads/0', { key: 'car-2' }]],
    ],
  ])('[X20] differs where %s', (_what, left, right) => {
    expect(stateOf(left)).not.toBe(stateOf(right))
  })

  it('[X20] has what was durable when a fault struck, and whether that has healed', () => {
    const before = stateOf([deliver(1), fault(2), crash(2), commit(3, {})], [CRASHED])
    const after = stateOf([deliver(1), commit(2, {}), fault(3), crash(3)], [CRASHED])
    expect(before).not.toBe(after)
    const once = [deliver(1), fault(2), crash(2)]
    expect(stateOf(once, [CRASHED], 499_999)).not.toBe(stateOf(once, [CRASHED], 500_000))
    expect(stateOf(once, [CRASHED], 500_000)).toBe(stateOf(once, [CRASHED], 900_000))
    // Where in its memory the process was, it has forgotten.
    expect(stateOf([deliver(1), ...once], [CRASHED])).toBe(stateOf(once, [CRASHED]))
  })
})
