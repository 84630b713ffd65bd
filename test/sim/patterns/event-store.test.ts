import { EventStore } from 'faultline'
import { describe, expect, it } from 'vitest'
import { account, type Bank, bank, type Holder } from '../../fixtures/bank.ts'
import { allStruck, violated } from '../../fixtures/courier.ts'
import { MISTAKEN_EVENT_STORES } from '../../fixtures/mistaken-event-stores.ts'
import { complaintOf, crashAt, passagesOf } from '../../fixtures/passages.ts'

/** What one customer was told; every promise holds. */
async function told(act: (holder: Holder) => Promise<unknown>, options: Bank = {}): Promise<unknown> {
  let answer: unknown
  const result = await bank({
    workload: { orders: 1 },
    ...options,
    act: async (_n, holder) => {
      answer = await act(holder)
    },
  })
  expect([result.verdict, violated(result)]).toEqual(['pass', []])
  return answer
}

describe('an event store', () => {
  it('[ES1] decides on what has happened, old schemas included, and refuses what it does not allow', async () => {
    const twice = async (holder: Holder) => [
      await holder.move(-70, { commandId: 'a' }),
      await holder.move(-70, { commandId: 'b' }),
      await holder.move(-30, { commandId: 'c' }),
    ]
    expect(await told(twice)).toEqual([200, 409, 200])
  })

  it('[ES1] knows every state that there was', async () => {
    const back = async (holder: Holder) => {
      for (const commandId of ['a', 'b', 'c']) await holder.move(-10, { commandId })
      return [
        await holder.balanceAt(0),
        await holder.balanceAt(1),
        await holder.balanceAt(3),
        await holder.balanceAt(9),
      ]
    }
    expect(await told(back)).toEqual([0, 100, 80, 70])
  })

  it('[ES1] decides the same command once', async () => {
    const again = async (holder: Holder) => [await holder.move(-70), await holder.move(-70)]
    expect(await told(again)).toEqual([200, 200])
  })

  it('[ES2] gives every version to one of those who append at the same time, who decide anew', async () => {
    const all: number[] = []
    const result = await bank({
      act: async (_n, holder) => {
        all.push(await holder.move(-40))
      },
    })
    expect([result.verdict, all.sort()]).toEqual(['pass', [200, 200, 409, 409]])
  })

  it('[ES1] decides the same command once when a repetition overtakes an attempt that stands still', async () => {
    for (const step of ['snapshots.get', 'events.select', 'events.insert', 'tx.commit'])
      for (const phase of ['before', 'after'])
        for (const nth of [1, 2, 3, 4]) {
          const faults = [{ pause: 'bank', at: `${phase} bank.POST /movements ${step}`, nth, for: '20s' }]
          const result = await bank({
            workload: { orders: 2, every: '10ms' },
            act: (_n, one) => one.move(-40),
            faults,
          })
          expect([step, phase, nth, violated(result)]).toEqual([step, phase, nth, []])
        }
  })

  it('[ES1] takes snapshots of a whole number of versions', () => {
    expect(() => new EventStore(account, { snapshotEvery: 1.5 })).toThrow('snapshotEvery')
  })

  it('[ES3] survives a crash before and after every step', async () => {
    const stage = (faults: Bank['faults'] = []) => bank({ workload: { orders: 3, every: '1ms' }, faults })
    const clean = await stage()
    expect(clean.verdict).toBe('pass')
    const places = passagesOf(clean).filter(({ step }) => step.startsWith('bank.POST /movements'))
    expect(places.length).toBeGreaterThan(30)
    expect(places.some(({ step }) => step.endsWith('snapshots.insert'))).toBe(true)
    const harmful: string[] = []
    for (const place of places) {
      const fault = crashAt(place)
      const wrong = complaintOf(await stage([fault]))
      if (wrong !== undefined) harmful.push(`${JSON.stringify(fault)}: ${wrong}`)
    }
    expect(harmful).toEqual([])
  })
})

describe('a mistaken event store', () => {
  it.each(MISTAKEN_EVENT_STORES)('[ES4] %s', async (_what, wrong, staging, breaks) => {
    const result = await bank({ ...staging, store: wrong })
    expect([violated(result), allStruck(result)]).toEqual([breaks, true])
    const clean = await bank(staging)
    expect([clean.verdict, violated(clean), allStruck(clean)]).toEqual(['pass', [], true])
  })
})
