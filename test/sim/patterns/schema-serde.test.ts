import type { FaultSpec } from 'faultline'
import { describe, expect, it } from 'vitest'
import { allStruck, violated } from '../../fixtures/courier.ts'
import { type Deployment, deployment, type SHAPES } from '../../fixtures/deployment.ts'
import { complaintOf, crashAt, passagesOf } from '../../fixtures/passages.ts'

const deploy = (service: 'shop' | 'audit', at: string): FaultSpec => ({ deploy: service, version: 'v2', at })
const CONSUMERS_FIRST = [deploy('audit', '1s'), deploy('shop', '10s')]
const PRODUCERS_FIRST = [deploy('shop', '1s'), deploy('audit', '10s')]
/** The second upgrade is due when orders have come for a while. */
const workload = { orders: 20, every: '1s' }
const BROKEN = ['what was ordered is noted']

/** What a deployment breaks before the second of its upgrades. */
const broken = async (options: Deployment): Promise<readonly string[]> => {
  const result = await deployment({ workload, ...options })
  expect(allStruck(result)).toBe(true)
  return violated(result)
}

describe('a rolling deployment', () => {
  it('[SR5] of a producer that has renamed a field breaks its consumer, unless the registry refuses it', async () => {
    const options: Deployment = { second: 'renamed', faults: [deploy('shop', '1s')] }
    expect(await broken({ ...options, compatibility: 'NONE' })).toEqual(BROKEN)
    for (const compatibility of ['BACKWARD', 'FORWARD', 'FULL', 'FULL_TRANSITIVE'] as const)
      expect([compatibility, await broken({ ...options, compatibility })]).toEqual([compatibility, []])
  })

  /** Confluent, Schema Evolution and Compatibility: "Upgrade first". */
  it.each<[Deployment['compatibility'], keyof typeof SHAPES, readonly FaultSpec[], readonly string[]]>([
    ['BACKWARD', 'silent', CONSUMERS_FIRST, []],
    ['BACKWARD', 'silent', [deploy('shop', '1s')], BROKEN],
    ['FORWARD', 'demanding', PRODUCERS_FIRST, []],
    ['FORWARD', 'demanding', [deploy('audit', '1s')], BROKEN],
    ['FULL', 'extended', CONSUMERS_FIRST, []],
    ['FULL', 'extended', PRODUCERS_FIRST, []],
  ])(
    '[SR6] under %s, to a schema that is %s: %j breaks %j',
    async (compatibility, second, faults, breaks) => {
      expect(await broken({ ...(compatibility && { compatibility }), second, faults })).toEqual(breaks)
    },
  )

  it('[SR7] with the newest id on the data of older code makes them unreadable', async () => {
    const options: Deployment = {
      second: 'extended',
      compatibility: 'FULL',
      workload: { orders: 100, every: '40ms' },
      faults: [deploy('shop', '300ms')],
    }
    expect(await broken({ ...options, stamp: 'latest' })).toEqual(BROKEN)
    expect(await broken(options)).toEqual([])
  })

  it('[SR8] survives a crash before and after every step', async () => {
    const stage = (faults: readonly FaultSpec[] = []) =>
      deployment({
        second: 'extended',
        compatibility: 'FULL',
        workload: { orders: 2, every: '10ms' },
        faults,
      })
    const clean = await stage()
    expect(clean.verdict).toBe('pass')
    const places = passagesOf(clean).filter(({ step }) => /^(shop|audit|schema-registry)\./.test(step))
    expect(places.length).toBeGreaterThan(30)
    const harmful: string[] = []
    for (const place of places) {
      const fault = crashAt(place)
      const wrong = complaintOf(await stage([fault]))
      if (wrong !== undefined) harmful.push(`${JSON.stringify(fault)}: ${wrong}`)
    }
    expect(harmful).toEqual([])
  })
})
