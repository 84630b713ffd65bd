import { describe, expect, it } from 'vitest'
import { courier, recordsOf } from '../../fixtures/courier.ts'

type Result = Awaited<ReturnType<typeof courier>>

/** Who died and who came back, with the milliseconds. */
const lives = (result: Result): string[] =>
  [...(result.trace?.records() ?? [])]
    .filter(({ kind }) => kind === 'crash' || kind === 'restart')
    .map(({ kind, lane, atMicros }) => `${Math.floor(atMicros / 1000)} ${kind} ${lane}`)

describe('a crash', () => {
  it('[F8] at a moment hits all instances of a service, or the one that it names, and ends after a while', async () => {
    const all = await courier(
      { receivers: 3 },
      { faults: [{ crash: 'receiver', at: '500ms', restart: '2s' }] },
    )
    // Those of one moment come in any order.
    expect(lives(all).sort()).toEqual(
      [
        ...[1, 2, 3].map((instance) => `500 crash receiver-${instance}`),
        ...[1, 2, 3].map((instance) => `2500 restart receiver-${instance}`),
      ].sort(),
    )
    const one = await courier({ receivers: 3 }, { faults: [{ crash: 'receiver-2', at: '500ms' }] })
    expect(lives(one)).toEqual(['500 crash receiver-2', '800 restart receiver-2'])
  })

  it('[F8] at a step hits the instance that runs the step', async () => {
    const seen = new Set<string>()
    for (let letter = 1; letter <= 6; letter++) {
      const at = 'before receiver deliveries.insert'
      const result = await courier(
        { receivers: 2 },
        { workload: { orders: 6 }, faults: [{ crash: 'receiver', at, of: `letter ${letter}` }] },
      )
      const [deliver] = recordsOf(result, 'deliver').filter(({ entity }) => entity === `letter-${letter}`)
      const [died, ...others] = recordsOf(result, 'crash').map(({ lane }) => lane)
      expect(died).toBe(deliver?.lane)
      expect(others).toEqual([])
      seen.add(died ?? '')
    }
    expect([...seen].sort()).toEqual(['receiver-1', 'receiver-2'])
  })

  it('[F8] at a step of somebody else hits all that it names', async () => {
    const result = await courier(
      { receivers: 2 },
      { faults: [{ crash: 'receiver', at: 'after sender.post tx.commit', of: 'letter 1' }] },
    )
    expect(recordsOf(result, 'crash').map(({ lane }) => lane)).toEqual(['receiver-1', 'receiver-2'])
  })

  it('[F8] before a step leaves it undone, after a step leaves it done', async () => {
    const commits = async (phase: string): Promise<number> => {
      const result = await courier(
        {},
        {
          workload: { orders: 1 },
          faults: [{ crash: 'sender', at: `${phase} sender.post tx.commit`, restart: '1s' }],
        },
      )
      return recordsOf(result, 'commit').filter(({ entity }) => entity === 'letter-1').length
    }
    expect(await commits('before')).toBe(0)
    expect(await commits('after')).toBeGreaterThan(0)
  })

  it.each(['broker-2', 'receiver-1'])(
    '[F8] of %s for good leaves the rest to keep what was promised',
    async (crash) => {
      const faults = [{ crash, at: '250ms', restart: 'never' }]
      const result = await courier({ receivers: 2 }, { workload: { orders: 6 }, faults })
      expect(lives(result)).toEqual([`250 crash ${crash}`])
      expect(result.faults[0]?.description).toBe(`${crash} crashed for good`)
      expect(result.verdict).toBe('pass')
    },
  )

  it('[F8] of the only instance for good leaves promises unkept', async () => {
    const faults = [{ crash: 'receiver', at: '250ms', restart: 'never' }]
    expect(await courier({ receivers: 1 }, { workload: { orders: 6 }, faults })).toMatchObject({
      verdict: 'violated',
    })
  })

  it('[F8] of a process that is down already does nothing more', async () => {
    const result = await courier(
      {},
      {
        faults: [
          { crash: 'receiver', at: '500ms', restart: '2s' },
          { crash: 'receiver', at: '1s', restart: '1ms' },
        ],
      },
    )
    expect(lives(result)).toEqual(['500 crash receiver-1', '2500 restart receiver-1'])
    expect(result.faults.map(({ struckAtMicros }) => struckAtMicros)).toEqual([500_000, 1_000_000])
  })

  it('[F8] of the controller leaves the cluster without one for a while, which serves all the same', async () => {
    const result = await courier(
      { receivers: 2 },
      {
        workload: { orders: 10, every: '1s' },
        faults: [{ crash: 'controller', at: '2s', restart: '5s' }],
      },
    )
    expect(lives(result)).toEqual(['2000 crash controller', '7000 restart controller'])
    expect(result.verdict).toBe('pass')
    expect(recordsOf(result, 'rebalance')).toEqual([])
    expect(result.faults[0]?.description).toBe('controller crashed and restarted after 5s')
  })
})
