import { Reservations } from 'faultline'
import { describe, expect, it } from 'vitest'
import { allStruck, violated } from '../../fixtures/courier.ts'
import { MISTAKEN_RESERVATIONS } from '../../fixtures/mistaken-reservations.ts'
import { complaintOf, crashAt, passagesOf } from '../../fixtures/passages.ts'
import { type Customer, type Warehouse, warehouse } from '../../fixtures/warehouse.ts'

/** What one customer was told, step by step; every promise holds. */
async function told(
  act: (customer: Customer) => Promise<readonly unknown[]>,
  options: Warehouse = {},
): Promise<readonly unknown[]> {
  let answers: readonly unknown[] = []
  const result = await warehouse({
    workload: { orders: 1 },
    ...options,
    act: async (_n, customer) => {
      answers = await act(customer)
    },
  })
  expect([result.verdict, violated(result)]).toEqual(['pass', []])
  return answers
}

describe('a reservation', () => {
  it.each<[string, (customer: Customer) => Promise<readonly unknown[]>, readonly unknown[]]>([
    [
      'is confirmed once, and the same answer comes again',
      async (one) => [await one.reserve(), await one.confirm(), await one.confirm()],
      ['RESERVED', 'CONFIRMED', 'CONFIRMED'],
    ],
    [
      'is released once, and cannot be confirmed then',
      async (one) => [await one.reserve(), await one.release(), await one.release(), await one.confirm()],
      ['RESERVED', 'RELEASED', 'RELEASED', 'RELEASED'],
    ],
    [
      'that is confirmed cannot be released',
      async (one) => [await one.reserve(), await one.confirm(), await one.release()],
      ['RESERVED', 'CONFIRMED', 'CONFIRMED'],
    ],
    [
      'that is asked for again is the same',
      async (one) => [await one.reserve(2), await one.reserve(2), await one.confirm(), await one.reserve(2)],
      ['RESERVED', 'RESERVED', 'CONFIRMED', 'CONFIRMED'],
    ],
    [
      'for more than there is holds nothing, and may be asked for again',
      async (one) => [await one.reserve(4), await one.confirm(), await one.reserve(3)],
      ['OUT_OF_STOCK', 'UNKNOWN', 'RESERVED'],
    ],
    [
      'comes too late after its release',
      async (one) => [await one.release(), await one.reserve(), await one.confirm()],
      ['RELEASED', 'RELEASED', 'RELEASED'],
    ],
    [
      'expires, and cannot be confirmed then',
      async (one) => [await one.reserve(), await one.sleep('40s'), await one.confirm(), await one.extend()],
      ['RESERVED', undefined, 'EXPIRED', false],
    ],
    [
      'that is extended expires so much later',
      async (one) => {
        const reserved = await one.reserve()
        await one.sleep('20s')
        const held = await one.extend()
        await one.sleep('20s')
        return [reserved, held, await one.confirm()]
      },
      ['RESERVED', true, 'CONFIRMED'],
    ],
  ])('[RV1] %s', async (_what, act, answers) => {
    expect(await told(act)).toEqual(answers)
  })

  it('[RV1] holds stock for more than no time', () => {
    expect(() => new Reservations({ hold: '0ms' })).toThrow('the hold of reservations')
  })
})

describe('reservations', () => {
  it('[RV2] survive a crash before and after every step', async () => {
    const clean = await warehouse()
    expect(clean.verdict).toBe('pass')
    const places = passagesOf(clean).filter(({ step }) => step.startsWith('warehouse.'))
    expect(places.length).toBeGreaterThan(30)
    expect(places.some(({ step }) => step === 'warehouse.expire tx.commit')).toBe(true)
    const harmful: string[] = []
    for (const place of places) {
      const fault = crashAt(place)
      const wrong = complaintOf(await warehouse({ faults: [fault] }))
      if (wrong !== undefined) harmful.push(`${JSON.stringify(fault)}: ${wrong}`)
    }
    expect(harmful).toEqual([])
  })

  it.each(MISTAKEN_RESERVATIONS)('[RV3] %s', async (_what, wrong, staging, breaks) => {
    const result = await warehouse({ ...staging, options: wrong })
    expect([violated(result), allStruck(result)]).toEqual([breaks, true])
    const clean = await warehouse(staging)
    expect([clean.verdict, violated(clean), allStruck(clean)]).toEqual(['pass', [], true])
  })
})
