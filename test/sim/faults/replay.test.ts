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
})
