import { describe, expect, it } from 'vitest'
import { courier, recordsOf, violated } from '../../fixtures/courier.ts'

describe('an operator who replays', () => {
  const load = { workload: { orders: 9, every: '10ms' } }

  it.each([
    [0, 18],
    [1, 17],
    [8, 10],
    [100, 9],
  ])('[F21] from offset %d has %d letters delivered in all', async (from, deliveries) => {
    const result = await courier(
      { sameAddress: 100, inbox: 'same-transaction' },
      { ...load, faults: [{ replay: 'receiver', from, at: '10s' }] },
    )
    expect(violated(result)).toEqual([])
    expect(recordsOf(result, 'deliver')).toHaveLength(deliveries)
  })

  it('[F21] repeats every effect where there is no inbox', async () => {
    const result = await courier({ inbox: 'none' }, { ...load, faults: [{ replay: 'receiver', at: '10s' }] })
    expect(violated(result)).toEqual(['no double delivery'])
  })

  it.each([
    ['the instance is down', [{ crash: 'receiver', at: '9s', restart: '3s' }]],
    ['the instance stands still', [{ pause: 'receiver', at: '9s', for: '3s' }]],
    ['the group rebalances', [{ crash: 'receiver', at: '9900ms', restart: '50ms' }]],
  ])('[F21] that comes while %s is made up for, and the trace says so', async (_, faults) => {
    const result = await courier(
      { sameAddress: 100, inbox: 'same-transaction' },
      { workload: { orders: 20, every: '1s' }, faults: [...faults, { replay: 'receiver', at: '10s' }] },
    )
    const [again] = recordsOf(result, 'again').map(({ data }) => data as { operation: string; why: string })
    expect(again?.operation).toBe('replay receiver')
    expect(again?.why).toMatch(
      /^no consumer of receiver is up$|^nobody reads letters\/\d(, letters\/\d)* at the moment$/,
    )
    const first = recordsOf(result, 'deliver').filter(({ data }) => (data as { offset: number }).offset === 0)
    expect(first.length).toBeGreaterThan(1)
    expect(first.at(-1)?.atMicros).toBeGreaterThan(10_000_000)
    expect(violated(result)).toEqual([])
  })

  it('[F21] that comes late disturbs the system when it comes', async () => {
    const result = await courier(
      { inbox: 'same-transaction' },
      {
        workload: { orders: 20, every: '1s' },
        faults: [
          { crash: 'receiver', at: '9s', restart: '3s' },
          { replay: 'receiver', at: '10s' },
        ],
      },
    )
    const [, replay] = result.faults
    expect(replay?.struckAtMicros).toBe(10_000_000)
    expect(replay?.healedAtMicros).toBeGreaterThan(12_000_000)
  })

  it('[F21] keeps no run alive where nobody is up', async () => {
    const faults = [
      { crash: 'receiver', at: '9s', restart: 'never' },
      { replay: 'receiver', at: '10s' },
    ]
    const [alone, both] = await Promise.all(
      [faults.slice(0, 1), faults].map((some) => courier({}, { ...load, faults: some })),
    )
    expect(both?.endMicros).toBe(alone?.endMicros)
  })

  it('[F21] is given up after five minutes in which nobody has read', async () => {
    const faults = [
      { pause: 'receiver', at: '9s', for: '10m' },
      { replay: 'receiver', at: '10s' },
    ]
    const result = await courier({}, { ...load, faults })
    expect(recordsOf(result, 'again')).toHaveLength(300)
    expect(recordsOf(result, 'gave-up').map(({ data }) => data)).toEqual([
      {
        operation: 'replay receiver',
        why: 'nobody reads letters/0, letters/1, letters/2 at the moment',
      },
    ])
  })
})
