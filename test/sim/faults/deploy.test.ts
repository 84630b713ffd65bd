import { describe, expect, it } from 'vitest'
import { courier } from '../../fixtures/courier.ts'

describe('an operator who deploys', () => {
  it('[F19] deploys only versions that there are, of services', async () => {
    const of = async (deploy: string, version: string) =>
      (await courier({}, { faults: [{ deploy, version, at: '1s' }] })).reason
    expect(await of('receiver', 'v1')).toBeUndefined()
    expect(await of('receiver', 'v2')).toBe("service receiver has no version 'v2': expected v1")
    expect(await of('receiver-1', 'v1')).toContain("deploy acts on services, not on 'receiver-1'")
  })
})
