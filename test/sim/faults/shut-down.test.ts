import { describe, expect, it } from 'vitest'
import { courier, recordsOf } from '../../fixtures/courier.ts'

describe('a shutdown', () => {
  it('[F14] takes nothing, and ends after a while', async () => {
    const result = await courier(
      { sameAddress: 6 },
      {
        cluster: { brokers: 1 },
        workload: { orders: 6, every: '2s' },
        faults: [{ shutDown: 'broker-1', at: '5s', restart: '100ms' }],
      },
    )
    const offsets = recordsOf(result, 'append').map(({ data }) => (data as { offset: number }).offset)
    expect(offsets).toEqual([0, 1, 2, 3, 4, 5])
    expect(recordsOf(result, 'crash')).toEqual([])
    const [stop] = recordsOf(result, 'stop')
    const [restart] = recordsOf(result, 'restart')
    expect([stop?.lane, restart?.lane]).toEqual(['broker-1', 'broker-1'])
    expect((restart?.atMicros ?? 0) - (stop?.atMicros ?? 0)).toBe(100_000)
    expect(result.verdict).toBe('pass')
  })
})
