import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { Entity } from '../../../sim/kernel/choice.ts'
import { Trace } from '../../../sim/kernel/trace.ts'

const entities = [undefined, new Entity('order-1', []), new Entity('order-2', [])]

interface Given {
  readonly at: number
  readonly kind: string
  readonly lane: string
  readonly about: number
  readonly parents: readonly number[]
  readonly digest: number
  readonly told: string
}

const given: fc.Arbitrary<Given> = fc.record({
  at: fc.nat(),
  kind: fc.constantFrom('deliver', 'before', 'after', 'commit'),
  lane: fc.constantFrom('payment-1', 'broker-1', 'orders-db'),
  about: fc.nat(2),
  parents: fc.array(fc.nat(20), { maxLength: 5 }),
  digest: fc.integer(),
  told: fc.string(),
})

function traceOf(records: readonly Given[]): Trace {
  const trace = new Trace()
  for (const { at, kind, lane, about, parents, digest, told } of records) {
    const known = parents.filter((parent) => parent <= trace.length)
    trace.append(at, kind, lane, entities[about], known[0] ?? 0, digest, { told })
    for (const parent of known.slice(1)) trace.addParent(parent)
  }
  return trace
}

/** Every record reachable by parents, the plain way. */
function closure(trace: Trace, id: number): Set<number> {
  const found = new Set([id])
  for (const member of found) for (const parent of trace.at(member).parents) found.add(parent)
  return found
}

describe('trace', () => {
  it('[K10] gives back the records as they were appended, with ids from 1 and parents without 0 and repetitions', () => {
    fc.assert(
      fc.property(fc.array(given, { maxLength: 20 }), (records) => {
        const trace = traceOf(records)
        expect(trace.length).toBe(records.length)
        const expected = records.map(({ at, kind, lane, about, parents, told }, index) => ({
          id: index + 1,
          atMicros: at,
          kind,
          lane,
          entity: entities[about]?.name,
          parents: [...new Set(parents.filter((parent) => parent > 0 && parent <= index))],
          data: { told },
        }))
        expect([...trace.records()]).toEqual(expected)
      }),
    )
  })

  it('[K10] the causes of a record are all that parents lead to, in ascending order', () => {
    fc.assert(
      fc.property(fc.array(given, { minLength: 1, maxLength: 20 }), (records) => {
        const trace = traceOf(records)
        for (let id = 1; id <= trace.length; id++) {
          expect(trace.causesOf(id)).toEqual([...closure(trace, id)].sort((left, right) => left - right))
        }
      }),
    )
  })

  it('[K10] has no record 0 and none after the last', () => {
    const trace = traceOf([
      { at: 0, kind: 'crash', lane: 'payment-1', about: 0, parents: [], digest: 0, told: '' },
    ])
    expect(() => trace.at(0)).toThrow('records 1 to 1, not 0')
    expect(() => trace.at(2)).toThrow(RangeError)
  })

  it('[D9] the first difference of two traces is the first record that differs in any column', () => {
    const change: fc.Arbitrary<(record: Given) => Given> = fc.constantFrom<((record: Given) => Given)[]>(
      (record) => ({ ...record, at: record.at + 1 }),
      (record) => ({ ...record, kind: `${record.kind}!` }),
      (record) => ({ ...record, lane: `${record.lane}!` }),
      (record) => ({ ...record, about: (record.about + 1) % 3 }),
      (record) => ({ ...record, digest: record.digest ^ 1 }),
      (record) => ({ ...record, told: `${record.told}!` }),
    )
    fc.assert(
      fc.property(
        fc.array(given, { minLength: 1, maxLength: 20 }),
        fc.nat(),
        change,
        (records, where, edit) => {
          const at = where % records.length
          const other = records.with(at, edit(records[at] as Given))
          const trace = traceOf(records)
          expect(trace.firstDifference(traceOf(records))).toBe(0)
          expect(trace.firstDifference(traceOf(other))).toBe(at + 1)
          expect(trace.firstDifference(traceOf(records.slice(0, at)))).toBe(at + 1)
          expect(traceOf(records.slice(0, at)).firstDifference(trace)).toBe(at + 1)
        },
      ),
    )
  })
})
