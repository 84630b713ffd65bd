import { UnknownSchemaError } from 'faultline'
import { describe, expect, it } from 'vitest'
import { presentVersion, type Upcasting, upcast } from '../../../sim/patterns/upcasting.ts'

const chains = {
  Moved: [
    ({ euros }: { readonly euros: number }) => ({ amount: euros * 100 }),
    ({ amount }: { readonly amount: number }) => ({ cents: amount }),
  ],
}

describe('upcasting', () => {
  it.each<[Upcasting, number, object, object]>([
    ['whole-chain', 1, { euros: 3 }, { cents: 300 }],
    ['whole-chain', 2, { amount: 300 }, { cents: 300 }],
    ['whole-chain', 3, { cents: 300 }, { cents: 300 }],
    ['first-step', 1, { euros: 3 }, { amount: 300 }],
    ['first-step', 2, { amount: 300 }, { cents: 300 }],
    ['none', 1, { euros: 3 }, { euros: 3 }],
  ])('[ES5] %s lifts version %i of an event', (upcasting, schemaVersion, data, expected) => {
    expect(upcast(chains, 'Moved', { data: data as never, schemaVersion }, upcasting)).toEqual(expected)
  })

  it('[ES5] leaves alone what was never changed, and knows which version is written now', () => {
    expect(upcast(chains, 'Closed', { data: { why: 'x' }, schemaVersion: 1 })).toEqual({ why: 'x' })
    expect([presentVersion(chains, 'Moved'), presentVersion(chains, 'Closed')]).toEqual([3, 1])
  })

  it('[ES5] refuses what newer code has written', () => {
    expect(() => upcast(chains, 'Moved', { data: {}, schemaVersion: 4 })).toThrow(UnknownSchemaError)
  })
})
