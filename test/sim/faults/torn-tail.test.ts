import { describe, expect, it } from 'vitest'
import { courier, recordsOf } from '../../fixtures/courier.ts'

/** Offsets of letters to one address as a cluster's leaders take them; three before the fault, and three after it. */
async function offsets(brokers: number, kafka: Readonly<Record<string, number>>): Promise<number[]> {
  const result = await courier(
    { sameAddress: 6 },
    {
      cluster: { brokers, kafka },
      workload: { orders: 6, every: '2s' },
      faults: [{ tornTail: 'broker-1', at: '5s', restart: '100ms' }],
    },
  )
  return recordsOf(result, 'append')
    .filter(({ lane }) => lane.startsWith('letters/'))
    .map(({ data }) => (data as { readonly offset: number }).offset)
}

describe('a write that is torn', () => {
  it('[F36] leaves what is before it', async () => {
    expect(await offsets(1, {})).toEqual([0, 1, 2, 1, 2, 3])
  })

  it('[F36] costs a cluster of three nothing', async () => {
    expect(await offsets(3, {})).toEqual([0, 1, 2, 3, 4, 5])
  })
})
