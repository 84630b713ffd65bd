import { describe, expect, it } from 'vitest'
import { courier, recordsOf } from '../../fixtures/courier.ts'

describe('an operator who scales', () => {
  it('[F19] gives a service another number of instances', async () => {
    const result = await courier({}, { faults: [{ scale: 'receiver', instances: 2, at: '5s' }] })
    expect(result.verdict).toBe('pass')
    const members = recordsOf(result, 'rebalance').map(
      ({ data }) => (data as { members: string[] }).members.length,
    )
    expect(members.at(-1)).toBe(2)
    expect(result.faults[0]?.description).toBe('receiver was scaled to 2 instance(s)')
  })

  it.each([
    ['before it was to go', '1900ms', []],
    ['while it ends what it has begun', '2001ms', []],
    ['before it was to go, and is wanted again', '1900ms', [{ scale: 'receiver', instances: 2, at: '8s' }]],
  ])('[F19] brings no instance back that crashed %s', async (_when, at, more) => {
    const result = await courier(
      { receivers: 2, receive: () => (_letter, ctx) => ctx.sleep('1s') },
      {
        workload: { orders: 40, every: '100ms' },
        faults: [
          { crash: 'receiver-2', restart: '500ms', at },
          { scale: 'receiver', instances: 1, at: '2s' },
          ...more,
        ],
      },
    )
    expect(result.reason).toBeUndefined()
    const restarts = recordsOf(result, 'restart').map(({ lane, atMicros }) => [lane, atMicros])
    expect(restarts).toEqual(more.length === 0 ? [] : [['receiver-2', 8_000_000]])
  })

  it('[F19] cannot scale an instance', async () => {
    const result = await courier({}, { faults: [{ scale: 'receiver-1', instances: 2, at: '1s' }] })
    expect(result.reason).toBe("scale acts on services, not on 'receiver-1': expected sender, receiver")
  })
})
