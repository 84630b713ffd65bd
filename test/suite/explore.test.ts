import { cpSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import * as faultline from 'faultline'
import { beforeAll, describe, expect, it } from 'vitest'
import system from '../../scenarios/order-choreography/system.ts'
import { bundleSystem } from '../../sim/cli/bundle.ts'
import type { Case } from '../../sim/explore/case.ts'
import { outcomeOf } from '../../sim/explore/outcome.ts'
import { type Shrunk, shrink } from '../../sim/explore/shrink.ts'
import { type StrategyName, strategyOf } from '../../sim/explore/strategy.ts'
import { storyOf } from '../../sim/report/story.ts'
import { summaryOf } from '../../sim/report/summary.ts'
import { loadBundle } from '../../sim/run/load-bundle.ts'
import { type PreparedSystem, prepare, runGenerated } from '../../sim/run/run.ts'
import { type Scenario, scenarioOf } from '../../sim/run/scenario.ts'
import type { System } from '../../sim/service/system.ts'
import { ROOT } from '../fixtures/cli.ts'

/** Each wrong param of the order saga, a promise that it breaks, and the orders that must meet to show it. */
const MISTAKES: readonly (readonly [Scenario['params'], property: string, orders: number])[] = [
  [{ providerIdempotencyKey: false }, 'no double charge', 1],
  [{ inbox: 'none' }, 'everything agrees', 1],
  [{ inbox: 'before' }, 'no lost order', 1],
  [{ inbox: 'after' }, 'everything agrees', 1],
  [{ outbox: 'dual-write' }, 'no lost order', 1],
  [{ outbox: 'publish-before-commit' }, 'no double reservation', 1],
  [{ requestId: false }, 'no double order', 1],
  [{ providerIdempotencyKey: false, chargeWithin: 'transaction' }, 'no double charge', 1],
  [{ stockTaken: 'read-then-write' }, 'stock is conserved', 4],
  [{ paymentHears: 'order-events', stock: 0 }, 'everything agrees', 1],
  [{ declinesAnswered: false, declinesOneIn: 1 }, 'no lost order', 1],
  [{ confirmationMailOn: 'OrderCreated', stock: 0 }, 'no false confirmation', 1],
  [{ requestId: false, usersClickTwice: true }, 'no double order', 1],
]
const MOST_RUNS = 500
const MOST_CASES = 3_000

const prepared = (params: Scenario['params']): PreparedSystem => prepare(system as unknown as System, params)

/** The first case of a strategy that breaks a promise, and its number from 1. */
async function firstBreach(
  name: StrategyName,
  params: Scenario['params'],
  property: string,
  orders: number,
  most: number,
): Promise<{ readonly found: Case; readonly run: number } | undefined> {
  const saga = prepared(params)
  const scenario = scenarioOf({ system: system.name, params, workload: { orders } })
  const strategy = await strategyOf(name, saga, scenario, 1)
  for (let index = 0; index < Math.min(most, strategy.usual); index++) {
    const found = strategy.caseAt(index)
    const { violated } = await outcomeOf(saga, found, index)
    if (violated.some((violation) => violation.property === property)) return { found, run: index + 1 }
  }
  return undefined
}

interface Counterexample extends Shrunk {
  readonly params: Scenario['params']
  readonly seed: number
}

describe('exploring the order saga with a mistake in it', () => {
  const counterexamples: Counterexample[] = []

  it.each(MISTAKES)(
    '[X16] %j breaks %s within 500 runs, shrunk to what a person can read',
    { timeout: 240_000 },
    async (params, property, orders) => {
      const breach = await firstBreach('random', params, property, 4, MOST_RUNS)
      expect(breach, `nothing in ${MOST_RUNS} runs`).toBeDefined()
      const { scenario, seed } = (breach as { found: Case }).found
      const shrunk = (await shrink(prepared(params), scenario, seed, { property })) as Shrunk
      // Two is the aim; of a dual write one plan ends in a local minimum of three, each of them needed.
      expect(shrunk.scenario.faults.length).toBeLessThanOrEqual(3)
      expect(shrunk.scenario.workload.orders).toBeLessThanOrEqual(Math.max(2, orders))
      expect(shrunk.faults.every(({ needed }) => needed)).toBe(true)
      expect(shrunk.bySeedAlone).toBe(true)

      const again = await runGenerated(prepared(shrunk.scenario.params), shrunk.scenario, seed, {
        trace: true,
      })
      expect(again.properties.find(({ name }) => name === property)?.verdict).toBe('violated')
      const expectOthers = Object.fromEntries(
        again.properties
          .filter(({ name }) => name !== property)
          .map(({ name }) => [name, 'violated' as const]),
      )
      const story = storyOf(summaryOf(again), again.trace as NonNullable<typeof again.trace>, expectOthers)
      expect(story?.lines.length).toBeLessThanOrEqual(14)
      expect(story?.lines.at(-1)).toMatchObject({ mark: 'breach', text: expect.stringContaining(property) })
      counterexamples.push({ ...shrunk, params, seed })
    },
  )

  it.each(MISTAKES)(
    '[X17] %j breaks %s in an enumeration of single faults',
    { timeout: 240_000 },
    async (params, property, orders) => {
      const breach = await firstBreach('enumerate', params, property, orders, MOST_CASES)
      expect(breach, 'no single fault does').toBeDefined()
    },
  )

  /** The files of the saga with an edit that has nothing to do with what is wrong with it. */
  const EDITS: Readonly<Record<string, (file: string, text: string) => string>> = {
    'a log line': (_file, text) =>
      text.replace(/on\((\w+), async \((\w+), ctx\) => \{/g, "$&\n        ctx.log('edited', {})"),
    'an awaited step': (_file, text) =>
      text.replace(/on\((\w+), async \((\w+), ctx\) => \{/g, "$&\n        await ctx.sleep('1ms')"),
    'a table': (_file, text) =>
      text.replace('tables: {', "tables: { edited: table({ id: text }, { key: 'id' }),"),
    'a topic': (file, text) =>
      file === 'events.ts'
        ? `${text}\nexport const edits = topic('edits', { key: 'orderId', partitions: 3 })\n`
        : file === 'system.ts'
          ? text
              .replace('shippingEvents],', 'shippingEvents, edits],')
              .replace('shippingEvents }', 'shippingEvents, edits }')
          : text,
    'a consumer': (file, text) =>
      file !== 'system.ts'
        ? text
        : `import { service } from 'faultline'\nimport { OrderCreated } from './events.ts'\nimport { messaging } from './params.ts'\n${text.replace(
            'analyticsService(values),',
            "analyticsService(values),\n        service('auditor', { ...messaging(values) }, ({ on }) => { on(OrderCreated, async (_order, ctx) => ctx.log('heard', {})) }),",
          )}`,
    'a retry': (file, text) =>
      file === 'payment.ts'
        ? text.replace(
            'const charge = () => ctx.provider.charge({ orderId, customerId, amount }, { idempotencyKey })',
            'const once = () => ctx.provider.charge({ orderId, customerId, amount }, { idempotencyKey })\n        const charge = () => once().catch(once)',
          )
        : text,
  }
  const sagas = new Map<string, System>()

  beforeAll(async () => {
    const source = join(ROOT, 'scenarios/order-choreography')
    for (const [edit, change] of Object.entries(EDITS)) {
      const folder = mkdtempSync(join(tmpdir(), 'faultline-edit-'))
      cpSync(source, folder, { recursive: true })
      let changed = 0
      for (const file of ['events', 'system', 'order', 'payment', 'inventory', 'shipping', 'notification']) {
        const before = readFileSync(join(source, `${file}.ts`), 'utf8')
        const after = change(`${file}.ts`, before)
        if (after !== before) changed++
        writeFileSync(join(folder, `${file}.ts`), after)
      }
      expect(changed, edit).toBeGreaterThan(0)
      sagas.set(edit, loadBundle(await bundleSystem(join(folder, 'system.ts'), folder), faultline))
    }
  }, 60_000)

  it('[X18] nine of ten counterexamples survive an edit of the code that has nothing to do with them', {
    timeout: 120_000,
  }, async () => {
    expect(counterexamples).toHaveLength(MISTAKES.length)
    const lost: string[] = []
    for (const [edit, saga] of sagas) {
      for (const { scenario, seed, property, params } of counterexamples) {
        const { properties } = await runGenerated(prepare(saga, scenario.params), scenario, seed)
        if (properties.find(({ name }) => name === property)?.verdict !== 'violated')
          lost.push(`${edit}: ${JSON.stringify(params)}`)
      }
    }
    expect(lost.length, lost.join('; ')).toBeLessThanOrEqual((sagas.size * counterexamples.length) / 10)
  })
})
