import { describe, expect, it } from 'vitest'
import { courier, recordsOf } from '../../fixtures/courier.ts'

/** When the relay's job ran, in milliseconds. */
const ticks = (result: Awaited<ReturnType<typeof courier>>): number[] =>
  recordsOf(result, 'tick').map(({ atMicros }) => atMicros / 1000)

describe('a periodic job', () => {
  it('[S13] runs on its grid, whenever its input arrived', async () => {
    const result = await courier({ every: '70ms' }, { workload: { orders: 6, every: '333ms' } })
    expect(ticks(result).length).toBeGreaterThan(4)
    for (const tick of ticks(result)) expect(tick % 70).toBe(0)
    const [written] = recordsOf(result, 'commit')
    const wait = (ticks(result)[0] as number) - (written?.atMicros ?? 0) / 1000
    expect(wait).toBeGreaterThan(0)
    expect(wait).toBeLessThanOrEqual(70)
  })

  it('[S13] skips the ticks at which it has nothing to do', async () => {
    const result = await courier({ every: '1ms' }, { workload: { orders: 2, every: '30m' } })
    expect(result.endMicros).toBeGreaterThan(30 * 60_000_000)
    expect(ticks(result)).toHaveLength(2)
  })

  it('[S13] has its grid begin when its process does', async () => {
    const result = await courier(
      { every: '1s' },
      { workload: { orders: 1 }, faults: [{ crash: 'sender-relay', at: '100ms', restart: '250ms' }] },
    )
    expect(ticks(result)).toEqual([1350])
  })

  it('[S13] does what was left undone by a life before, though nothing changes any more', async () => {
    const result = await courier(
      { every: '1s' },
      {
        workload: { orders: 1 },
        faults: [{ crash: 'sender-relay', at: 'before sender.relay outbox.send', restart: '5s' }],
      },
    )
    expect(result.verdict).toBe('pass')
    expect(ticks(result).map(Math.floor)).toEqual([1000, 7000])
  })

  it('[S13] runs once at a time, and again for what came in meanwhile', async () => {
    const result = await courier(
      { every: '10ms' },
      {
        workload: { orders: 2, every: '400ms' },
        faults: [{ slow: ['sender-relay', 'sender-db'], by: '700ms', at: '0ms', for: '10s' }],
      },
    )
    expect(result.verdict).toBe('pass')
    const [first, second, ...others] = ticks(result) as [number, number, ...number[]]
    expect(second - first).toBeGreaterThan(1_400)
    expect(others).toEqual([])
  })
})
