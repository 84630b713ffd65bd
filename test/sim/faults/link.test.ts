import { describe, expect, it } from 'vitest'
import { appended, courier, recordsOf } from '../../fixtures/courier.ts'

const workload = { orders: 12, every: '250ms' }

/** When events were appended, when they were handed to the receiver, and when offsets were committed, in ms. */
async function timesOf(...faults: readonly { readonly at: string; readonly [member: string]: unknown }[]) {
  const result = await courier({ sameAddress: 12 }, { workload, faults })
  expect(result.verdict).toBe('pass')
  const times = (kind: string): number[] => recordsOf(result, kind).map(({ atMicros }) => atMicros / 1000)
  return {
    appended: appended(result).map(({ millis }) => millis),
    delivered: times('deliver'),
    committed: times('offset-commit'),
  }
}

const within = (times: readonly number[], from: number, to: number): number =>
  times.filter((time) => time >= from && time < to).length

describe('a partition', () => {
  it('[F9] lets nothing through between two sides, and everything once it has healed', async () => {
    const calm = await timesOf()
    expect(within(calm.delivered, 1000, 3000)).toBeGreaterThan(4)
    const cut = await timesOf({ partition: ['receiver', 'broker'], at: '1s', for: '2s' })
    expect(within(cut.appended, 1000, 3000)).toBeGreaterThan(4)
    // What had left before the cut still arrives.
    expect(within(cut.delivered, 1010, 3000)).toBe(0)
    expect(within(cut.committed, 1010, 3000)).toBe(0)
    expect(within(cut.delivered, 3000, 3200)).toBeGreaterThan(4)
    expect(cut.delivered).toHaveLength(12)
  })

  it('[F9] cuts one direction only, if it says so', async () => {
    const towards = await timesOf({ partition: ['broker', 'receiver'], oneWay: true, at: '1s', for: '2s' })
    expect(within(towards.delivered, 1010, 3000)).toBe(0)
    const back = await timesOf({ partition: ['receiver', 'broker'], oneWay: true, at: '1s', for: '2s' })
    // A fetch that waits at the broker is answered; the next one does not get there.
    expect(within(back.delivered, 1010, 3000)).toBe(1)
    expect(within(back.committed, 1010, 3000)).toBe(0)
  })

  it('[F9] that holds a fetch request lets it wait at the broker afterwards, if there is nothing to read', async () => {
    const result = await courier(
      {},
      {
        workload: { orders: 2, every: '4s' },
        faults: [{ partition: ['receiver', 'broker'], oneWay: true, at: '0ms', for: '2s' }],
      },
    )
    expect(result.verdict).toBe('pass')
    const delivered = recordsOf(result, 'deliver').map(({ atMicros }) => atMicros / 1000)
    expect([within(delivered, 0, 500), within(delivered, 4000, 4500)]).toEqual([1, 1])
  })

  it('[F9] leaves other links alone, and may name one process of a side', async () => {
    const other = await timesOf({ partition: ['sender-1', 'receiver'], at: '1s', for: '2s' })
    expect(other).toEqual({ ...(await timesOf()), ...other })
    expect(within(other.delivered, 1000, 3000)).toBeGreaterThan(4)
    const relay = await timesOf({ partition: ['sender-relay', 'broker'], at: '1s', for: '2s' })
    expect(within(relay.appended, 1010, 3000)).toBe(0)
    expect(relay.appended).toHaveLength(12)
  })

  it('[F9] that overlaps with another one holds what was sent under the first until the last has healed', async () => {
    const cut = await timesOf(
      { partition: ['receiver', 'broker'], at: '1s', for: '1s' },
      { partition: ['receiver', 'broker'], at: '1900ms', for: '2s' },
    )
    expect(within(cut.appended, 1000, 1900)).toBeGreaterThan(2)
    expect(within(cut.delivered, 1010, 3900)).toBe(0)
    expect(within(cut.committed, 1010, 3900)).toBe(0)
    expect(cut.delivered).toHaveLength(12)
  })

  it('[F9] that overlaps with another one holds what is sent under both until the last has healed', async () => {
    const cut = await timesOf(
      { partition: ['receiver', 'broker'], at: '1s', for: '1s' },
      { partition: ['broker', 'receiver-1'], at: '1500ms', for: '3s' },
    )
    expect(within(cut.delivered, 1010, 2000)).toBe(0)
    expect(within(cut.delivered, 2100, 4500)).toBe(0)
    expect(within(cut.delivered, 4500, 4700)).toBeGreaterThan(4)
    expect(cut.delivered).toHaveLength(12)
  })
})

describe('a slow link', () => {
  it('[F10] makes messages of one direction take longer for a while, and no longer after it', async () => {
    const slow = await timesOf({ slow: ['broker', 'receiver'], by: '1500ms', at: '1s', for: '500ms' })
    expect(within(slow.delivered, 1010, 2500)).toBe(0)
    expect(slow.delivered).toHaveLength(12)
    const lag = (times: typeof slow, index: number): number =>
      (times.delivered[index] ?? 0) - (times.appended[index] ?? 0)
    expect(lag(slow, 11)).toBeLessThan(100)
    expect(Math.max(...slow.delivered.map((_, index) => lag(slow, index)))).toBeGreaterThan(1_400)
  })

  it('[F10] lets the messages of other links overtake', async () => {
    const result = await courier(
      {},
      {
        workload: { orders: 9, every: '20ms' },
        faults: [{ slow: ['broker-1', 'receiver'], by: '3s', at: '0ms', for: '1m' }],
      },
    )
    expect(result.verdict).toBe('pass')
    const order = (kind: string): unknown[] => recordsOf(result, kind).map(({ entity }) => entity)
    expect(order('deliver')).not.toEqual(order('append'))
    expect([...order('deliver')].sort()).toEqual([...order('append')].sort())
  })
})
