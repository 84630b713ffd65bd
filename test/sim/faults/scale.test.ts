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

  it('[F19] cannot scale an instance', async () => {
    const result = await courier({}, { faults: [{ scale: 'receiver-1', instances: 2, at: '1s' }] })
    expect(result.reason).toBe("scale acts on services, not on 'receiver-1': expected sender, receiver")
  })
})
