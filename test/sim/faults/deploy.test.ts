import { describe, expect, it } from 'vitest'
import { courier, deliver, recordsOf } from '../../fixtures/courier.ts'

describe('an operator who deploys', () => {
  it('[F19] deploys only versions that there are, of services', async () => {
    const of = async (deploy: string, version: string) =>
      (await courier({}, { faults: [{ deploy, version, at: '1s' }] })).reason
    expect(await of('receiver', 'v1')).toBeUndefined()
    expect(await of('receiver', 'v2')).toBe("service receiver has no version 'v2': expected v1")
    expect(await of('receiver-1', 'v1')).toContain("deploy acts on services, not on 'receiver-1'")
  })

  it('[F19] goes on with the next instance when one crashes that was to end in order', async () => {
    const slowly = (): typeof deliver => async (letter, ctx) => {
      await ctx.sleep('3s')
      await deliver(letter, ctx)
    }
    const result = await courier(
      { receivers: 2, receive: slowly },
      {
        workload: { orders: 6, every: '20ms' },
        faults: [
          { deploy: 'receiver', version: 'v1', at: '1s' },
          { crash: 'receiver-1', at: '1500ms', restart: '300ms' },
        ],
      },
    )
    expect(recordsOf(result, 'drain').map(({ lane }) => lane)).toEqual(['receiver-1', 'receiver-2'])
    expect(result.verdict).toBe('pass')
  })
})
