import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { inbox, scenarioOf, skipping, statusRelay } from 'faultline'
import { describe, expect, it } from 'vitest'
import { runGenerated } from '../../sim/run/run.ts'
import { ROOT } from '../fixtures/cli.ts'
import { courier, courierParts, violated } from '../fixtures/courier.ts'
import { MISTAKEN_POLICIES, POLICY_TOPICS } from '../fixtures/mistaken-policies.ts'
import { systemOf } from '../fixtures/parts.ts'
import { complaintOf, crashAt, passagesOf, serviceOf } from '../fixtures/passages.ts'
import { CHAOS, ordealOf, wrongIn } from '../fixtures/variant-chaos.ts'
import { expectations, FOLDERS_OF_MISTAKES, variantTable } from '../fixtures/variant-table.ts'
import {
  awayVariant,
  cacheVariant,
  keyVariant,
  lockVariant,
  paymentVariant,
  VARIANTS,
} from '../fixtures/variants.ts'
import { scenarioTexts } from '../tools/spec.mjs'

/** A few seeds here; `npm run check:variants` makes a thousand. */
const SEEDS = 8

describe('random crashes, pauses and redeliveries', () => {
  it.each(VARIANTS)('[PT1] leave the $pattern "$name" clean', { timeout: 120_000 }, async (variant) => {
    const { struck, failures } = await ordealOf(variant, [1, SEEDS])
    expect(failures).toEqual([])
    const kinds = variant.consumers.length === 0 ? CHAOS.filter((kind) => kind !== 'redeliver') : CHAOS
    for (const kind of kinds) expect(struck[kind]).toBeGreaterThan(0)
  })
})

describe('the same chaos', () => {
  const [status] = VARIANTS as readonly [(typeof VARIANTS)[0], ...typeof VARIANTS]

  it.each([
    { what: 'marks before it sends', options: () => ({ relay: statusRelay({ mark: 'before-send' }) }) },
    { what: 'recognises nothing', options: () => ({ inbox: inbox('none') }) },
    { what: 'claims before the effect', options: () => ({ inbox: inbox('before') }) },
  ])('[PT1] finds a relay or inbox that $what', { timeout: 120_000 }, async ({ options }) => {
    const wrong = { ...status, make: () => systemOf(courierParts({ receivers: 2, ...options() })) }
    expect((await ordealOf(wrong, [1, 60])).failures.length).toBeGreaterThan(0)
  })

  it.each([
    lockVariant('a lock without a token', { fenced: false }),
    cacheVariant('a cache that nobody empties', { change: 'keep', expires: false }),
    paymentVariant('an unknown outcome taken for a failure', { unknown: 'failed' }),
    paymentVariant('a key of each request', { key: 'of-the-request' }),
    keyVariant('a look-up before an insert', { claim: 'check-then-insert' }),
    awayVariant('a letter that is skipped', () => skipping({ retry: { attempts: 1 } })),
  ])('[PT1] finds $name', { timeout: 120_000 }, async (wrong) => {
    expect((await ordealOf(wrong, [1, 30])).failures.length).toBeGreaterThan(0)
  })
})

describe('a mistaken failure policy', () => {
  it.each(MISTAKEN_POLICIES)('[PT2] $what', async ({ wrong, right, receive, input, breaks }) => {
    const play = (failures: ReturnType<typeof right>) =>
      courier({ failures, receive, topics: POLICY_TOPICS, ordered: true, sameAddress: 30 }, input)
    expect(violated(await play(wrong()))).toEqual(breaks)
    const clean = await play(right())
    expect([clean.verdict, violated(clean)]).toEqual(['pass', []])
  })
})

describe('the table of variants and properties', () => {
  it('[PT3] is what the tables of the tests make', () => {
    const page = readFileSync(join(ROOT, 'test/VARIANTS.md'), 'utf8')
    expect(variantTable(expectations(scenarioTexts(FOLDERS_OF_MISTAKES))), 'npm run spec makes it anew').toBe(
      page,
    )
  })
})

describe('one crash at every place', () => {
  const policies = VARIANTS.filter(({ pattern }) => pattern === 'retry')

  it.each(policies)(
    '[PT5] leaves the failure policy "$name" clean',
    { timeout: 240_000 },
    async (variant) => {
      const { make, input } = variant
      const base = scenarioOf({ system: 'variant', ...input })
      const calm = await runGenerated(make(), base, 1, { trace: true })
      expect(wrongIn(calm)).toEqual([])
      const places = passagesOf(calm).filter((place) => serviceOf(place) === 'receiver')
      const harmful: string[] = []
      for (const place of places) {
        const faults = [crashAt(place), ...base.faults]
        const wrong = complaintOf(await runGenerated(make(), { ...base, faults }, 1))
        if (wrong !== undefined) harmful.push(`${JSON.stringify(place)}: ${wrong}`)
      }
      expect(harmful).toEqual([])
      expect(places.length).toBeGreaterThan(20)
      console.info(`a crash at each of ${places.length} points: ${variant.name}`)
    },
  )
})
