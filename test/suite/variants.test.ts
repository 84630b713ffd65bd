import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { inbox, scenarioOf, skipping, statusRelay } from 'faultline'
import { describe, expect, it } from 'vitest'
import { runGenerated } from '../../sim/run/run.ts'
import { ROOT } from '../fixtures/cli.ts'
import { courier, courierParts, violated } from '../fixtures/courier.ts'
import { COLLECTED, NOT_SHOWN, type Place, SHOWN_ELSEWHERE } from '../fixtures/mistake-catalogue.ts'
import { MISTAKEN_POLICIES, POLICY_TOPICS } from '../fixtures/mistaken-policies.ts'
import { systemOf } from '../fixtures/parts.ts'
import { complaintOf, crashAt, passagesOf, serviceOf } from '../fixtures/passages.ts'
import { bitesOf, CHAOS, ordealOf, wrongIn } from '../fixtures/variant-chaos.ts'
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
  it.each(VARIANTS)('[PT1] leave the $pattern "$name" clean', async (variant) => {
    const { struck, bit, failures } = await ordealOf(variant, [1, SEEDS])
    expect(failures).toEqual([])
    const kinds = variant.consumers.length === 0 ? CHAOS.filter((kind) => kind !== 'redeliver') : CHAOS
    for (const kind of kinds) {
      expect(bit[kind]).toBeGreaterThan(0)
      expect(bit[kind]).toBeLessThanOrEqual(struck[kind])
    }
  })
})

describe('a fault of the chaos', () => {
  it.each([
    ['a redelivery of nothing', { redeliver: 'receiver', at: '1ms' }, {}],
    ['a redelivery', { redeliver: 'receiver', at: '1s' }, { redeliver: 1 }],
    ['a crash before the work', { crash: 'sender', at: '1ms', restart: '1ms' }, { crash: 1 }],
    ['a crash after the work', { crash: 'sender', at: '20s', restart: '1s' }, {}],
    ['a pause during the work', { pause: 'sender', at: '1ms', for: '1s' }, { pause: 1 }],
    ['a pause after the work', { pause: 'sender', at: '20s', for: '1s' }, {}],
  ] as const)('[PT1] counts when it has an effect: %s', async (_what, fault, expected) => {
    const result = await courier({}, { faults: [fault] })
    expect(result.faults.map(({ struckAtMicros }) => struckAtMicros !== undefined)).toEqual([true])
    expect(bitesOf(result)).toEqual({ crash: 0, pause: 0, redeliver: 0, ...expected })
  })
})

describe('the same chaos', () => {
  const [status] = VARIANTS as readonly [(typeof VARIANTS)[0], ...typeof VARIANTS]

  it.each([
    { what: 'marks before it sends', options: () => ({ relay: statusRelay({ mark: 'before-send' }) }) },
    { what: 'recognises nothing', options: () => ({ inbox: inbox('none') }) },
    { what: 'claims before the effect', options: () => ({ inbox: inbox('before') }) },
  ])('[PT1] finds a relay or inbox that $what', async ({ options }) => {
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
  ])('[PT1] finds $name', async (wrong) => {
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

const textOf = (file: string): string => readFileSync(join(ROOT, file), 'utf8')

/** The titles of tests: `'[PT6] …'`. */
const titlesIn = (file: string): string[] =>
  [...textOf(file).matchAll(/(['"`])\[[A-Z]+\d+\] (.+?)\1/g)].map(([, , title]) => title as string)

/** Whether a place shows that something is broken. */
function shows({ file, kind, words }: Place): boolean {
  if (kind === 'title') return titlesIn(file).some((title) => title.includes(words))
  if (kind === 'verdict') {
    const folder = file.split('/').slice(1, -1).join('/')
    const name = file.slice('scenarios/'.length, -'.yaml'.length)
    return expectations(scenarioTexts([folder]))[name]?.includes(words) === true
  }
  const lines = textOf('test/VARIANTS.md').split('\n')
  return lines.some((line) => line.startsWith(`| ${words} |`) && line.includes('**broken**'))
}

describe('a mistake that no table has a row for', () => {
  it.each(SHOWN_ELSEWHERE)(
    '[PT6] $mistake is shown where the page says so: $what',
    ({ mistake, shownBy }) => {
      expect(NOT_SHOWN.map(([other]) => other)).not.toContain(mistake)
      expect(shownBy.length).toBeGreaterThan(0)
      expect(shownBy.filter((place) => !shows(place))).toEqual([])
    },
  )

  it.each<Place>([
    { file: 'test/suite/mails.test.ts', kind: 'title', words: 'describe' },
    { file: 'scenarios/kafka/poison-right.yaml', kind: 'verdict', words: 'the readers agree' },
    { file: 'scenarios/kafka/poison.yaml', kind: 'verdict', words: 'violated' },
    { file: 'test/fixtures/variants.ts', kind: 'row', words: 'status' },
  ])('[PT6] is not shown by $file with the $kind "$words"', (place) => {
    expect(shows(place)).toBe(false)
  })

  it('[PT6] is every one of the collected that the tables leave out', () => {
    const page = new Set(textOf('test/VARIANTS.md').match(/\bZ\d\d\b/g))
    expect(COLLECTED.filter((mistake) => !page.has(mistake))).toEqual([])
  })
})

describe('one crash at every place', () => {
  const policies = VARIANTS.filter(({ pattern }) => pattern === 'retry')

  it.each(policies)('[PT5] leaves the failure policy "$name" clean', async (variant) => {
    const { make, input } = variant
    const base = scenarioOf({ system: 'variant', ...input })
    const calm = await runGenerated(make(), base, 1, { trace: true })
    expect(wrongIn(calm)).toEqual([])
    const places = passagesOf(calm)
    expect(new Set(places.map(serviceOf))).toEqual(new Set(['sender', 'receiver']))
    const harmful: string[] = []
    for (const place of places) {
      const faults = [crashAt(place), ...base.faults]
      const wrong = complaintOf(await runGenerated(make(), { ...base, faults }, 1))
      if (wrong !== undefined) harmful.push(`${JSON.stringify(place)}: ${wrong}`)
    }
    expect(harmful).toEqual([])
    expect(places.length).toBeGreaterThan(20)
    console.info(`a crash at each of ${places.length} points: ${variant.name}`)
  })
})
