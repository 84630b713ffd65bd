import { describe, expect, it } from 'vitest'
import { bank } from '../../fixtures/bank.ts'
import { allStruck, violated } from '../../fixtures/courier.ts'
import { alone, MISTAKEN_PROJECTIONS, rebuilt } from '../../fixtures/mistaken-projections.ts'
import { complaintOf, crashAt, passagesOf } from '../../fixtures/passages.ts'

describe('a projection', () => {
  it('[PJ1] shows what commits late, though later events were there before', async () => {
    const faults = [{ pause: 'bank', at: 'after bank.POST /movements events.insert', for: '1s' }]
    const result = await bank({ ...alone, faults })
    expect([result.verdict, violated(result), allStruck(result)]).toEqual(['pass', [], true])
  })

  it('[PJ3] shows what it showed while it is rebuilt, and nothing of before afterwards', async () => {
    const seen: number[] = []
    const result = await bank({
      workload: { orders: 1 },
      projection: { batch: 1 },
      act: async (_n, holder) => {
        for (let time = 0; time < 5; time++) await holder.move(10, { commandId: `command-${time}` })
        await holder.sleep('2s')
        await holder.rebuild()
        await holder.rebuild()
        for (let time = 0; time < 100; time++) {
          seen.push(await holder.balance())
          await holder.sleep('10ms')
        }
      },
    })
    expect(result.verdict).toBe('pass')
    expect(new Set(seen)).toEqual(new Set([150]))
  })

  it('[PJ5] shows what a customer has written to who waits for it, and not yet to others', async () => {
    const seen: number[][] = []
    await bank({
      workload: { orders: 1 },
      followsEvery: '1s',
      act: async (_n, holder) => {
        for (const commandId of ['a', 'b', 'c']) {
          await holder.move(-10, { commandId })
          seen.push([await holder.balance(), await holder.balance({ own: true })])
        }
      },
    })
    expect(seen.map(([, own]) => own)).toEqual([90, 80, 70])
    expect(seen.map(([any]) => any)).not.toEqual([90, 80, 70])
  })

  it('[PJ2] survives a crash before and after every step', async () => {
    const clean = await bank(rebuilt)
    expect(clean.verdict).toBe('pass')
    const places = passagesOf(clean).filter(
      ({ step }) => step.startsWith('bank.project ') || step.startsWith('bank.rebuild '),
    )
    for (const handler of ['project', 'rebuild'])
      expect(places.some(({ step }) => step === `bank.${handler} tx.commit`)).toBe(true)
    const harmful: string[] = []
    for (const place of places) {
      const fault = crashAt(place)
      const wrong = complaintOf(await bank({ ...rebuilt, faults: [fault] }))
      if (wrong !== undefined) harmful.push(`${JSON.stringify(fault)}: ${wrong}`)
    }
    expect(harmful).toEqual([])
    console.info(`a crash at each of ${places.length} points`)
  })
})

describe('a mistaken projection', () => {
  it.each(MISTAKEN_PROJECTIONS)('[PJ4] %s', async (_what, wrong, staging, breaks) => {
    const result = await bank({ ...staging, projection: { ...staging.projection, ...wrong } })
    expect([violated(result), allStruck(result)]).toEqual([breaks, true])
    const clean = await bank(staging)
    expect([clean.verdict, violated(clean), allStruck(clean)]).toEqual(['pass', [], true])
  })
})
