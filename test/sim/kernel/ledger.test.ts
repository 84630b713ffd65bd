import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { Ledger } from '../../../sim/kernel/ledger.ts'
import { kernelOf } from '../../fixtures/kernel.ts'

const entry = fc.record({ orderId: fc.constantFrom('order-1', 'order-2', 'order-3'), amount: fc.nat(3) })

describe('ledger', () => {
  it('[K21] holds its entries in order, and finds those with a value in a column whenever it is first asked', () => {
    fc.assert(
      fc.property(fc.array(entry), fc.nat(), (entries, when) => {
        const kernel = kernelOf()
        const ledger = new Ledger(kernel, 'provider.charges')
        entries.forEach((one, index) => {
          if (index === when % (entries.length + 1)) ledger.entriesWhere('orderId', 'order-1')
          ledger.append(one, kernel.choices.entity(one.orderId), 0)
        })
        expect(ledger.entries).toEqual(entries)
        for (const column of ['orderId', 'amount'] as const) {
          for (const value of ['order-1', 'order-4', 0, 2]) {
            expect(ledger.entriesWhere(column, value)).toEqual(entries.filter((one) => one[column] === value))
          }
        }
      }),
    )
  })

  it('[K21] tells its observers of every entry, when it is there, with the record of the trace', () => {
    const kernel = kernelOf({ recordTrace: true })
    const ledger = new Ledger(kernel, 'provider.charges')
    const heard: unknown[] = []
    ledger.observers.push((one, cause) =>
      heard.push([one, ledger.entries.length, kernel.trace?.at(cause).kind]),
    )
    for (const amount of [1, 2]) ledger.append({ amount }, kernel.choices.entity('order-1'), 0)
    expect(heard).toEqual([
      [{ amount: 1 }, 1, 'ledger'],
      [{ amount: 2 }, 2, 'ledger'],
    ])
  })

  it('[K9] [K8] its entries are sealed and part of the digest, as is its name', () => {
    const digest = (name: string, amount: number): string => {
      const kernel = kernelOf()
      const row = { amount }
      new Ledger(kernel, name).append(row, kernel.choices.entity('order-1'), 0)
      expect(Object.isFrozen(row)).toBe(true)
      return kernel.digest.hex()
    }
    expect(new Set([digest('charges', 1), digest('charges', 2), digest('refunds', 1)]).size).toBe(3)
  })
})
