import { describe, expect, it } from 'vitest'
import { cdcRelay } from '../../../sim/patterns/relay-cdc.ts'
import { courier, recordsOf } from '../../fixtures/courier.ts'

describe('lost slots', () => {
  it('[F31] cut their reader off, who makes a new one and goes on', async () => {
    const result = await courier(
      { relay: cdcRelay() },
      { workload: { orders: 6, every: '50ms' }, faults: [{ dropSlots: 'sender-db', at: '120ms' }] },
    )
    expect(result.verdict).toBe('pass')
    const [gone] = recordsOf(result, 'slots-lost')
    expect(gone).toMatchObject({ lane: 'sender-db', atMicros: 120_000, data: { slots: ['outbox'] } })
    const [broken] = recordsOf(result, 'failed')
    expect(broken?.data).toMatchObject({
      error: 'DatabaseError',
      message: 'the connection to sender-db broke',
    })
    expect(result.steps).toContain('sender.relay slot.create')
  })

  it('[F31] that nobody reads are lost without a trace of it', async () => {
    const result = await courier({}, { faults: [{ dropSlots: 'sender-db', at: '120ms' }] })
    expect(result.verdict).toBe('pass')
    expect(recordsOf(result, 'failed')).toEqual([])
  })
})
