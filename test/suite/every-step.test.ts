import type { FaultSpec } from 'faultline'
import { describe, expect, it } from 'vitest'
import system from '../../scenarios/order-choreography/system.ts'
import { type PreparedSystem, prepare, run } from '../../sim/run/run.ts'
import { type Scenario, scenarioOf } from '../../sim/run/scenario.ts'
import type { System } from '../../sim/service/system.ts'
import {
  complaintOf,
  crashAt,
  type Passage,
  passagesOf,
  runnerOf,
  serviceOf,
  triggerOf,
} from '../fixtures/passages.ts'
import { seedsOf } from '../fixtures/seeds.ts'

/** What the saga does with two orders: everything goes well, nothing is in stock, nothing can be delivered. */
const VARIANTS: readonly { readonly what: string; readonly params: Scenario['params'] }[] = [
  { what: 'shipped', params: {} },
  { what: 'out of stock', params: { stock: 0 } },
  { what: 'undeliverable', params: { undeliverableOneIn: 1 } },
]

const SEEDS = seedsOf(1)

const prepared = (params: Scenario['params']): PreparedSystem => prepare(system as unknown as System, params)

const scenarioWith = (params: Scenario['params'], faults: readonly FaultSpec[]): Scenario =>
  scenarioOf({ system: system.name, params, workload: { orders: 2 }, faults })

/** The passages of a run without faults. */
async function passages(params: Scenario['params'], seed: number): Promise<Passage[]> {
  const result = await run(prepared(params), scenarioWith(params, []), seed, { trace: true })
  expect(result.verdict).toBe('pass')
  return passagesOf(result)
}

/** Runs a fault at each place and returns those that did harm. */
async function harm(
  params: Scenario['params'],
  seed: number,
  places: readonly Passage[],
  faultAt: (passage: Passage) => FaultSpec,
): Promise<string[]> {
  const system = prepared(params)
  const harmful: string[] = []
  for (const passage of places) {
    const fault = faultAt(passage)
    const wrong = complaintOf(await run(system, scenarioWith(params, [fault]), seed))
    if (wrong !== undefined) harmful.push(`seed ${seed}, ${JSON.stringify(fault)}: ${wrong}`)
  }
  return harmful
}

describe('one fault at every place', () => {
  it.each(VARIANTS)(
    '[F12] a crash at every point of every step leaves orders clean that are $what',
    async ({ what, params }) => {
      let cases = 0
      const steps = new Set<string>()
      for (const seed of SEEDS) {
        const places = await passages(params, seed)
        expect(places.length).toBeGreaterThan(200)
        expect(new Set(places.map(runnerOf)).size).toBeGreaterThan(7)
        expect(await harm(params, seed, places, crashAt)).toEqual([])
        for (const { step } of places) steps.add(step)
        cases += places.length
      }
      expect([...steps].filter((step) => step.endsWith('offsets.commit')).length).toBeGreaterThan(5)
      console.info(
        `a crash at each of ${cases} points of ${steps.size} steps in ${SEEDS.length} seeds: ${what}`,
      )
    },
  )

  it.each(VARIANTS)(
    '[F13] a redelivery after every commit of offsets leaves orders clean that are $what',
    async ({ what, params }) => {
      let cases = 0
      for (const seed of SEEDS) {
        const commits = (await passages(params, seed)).filter(
          ({ step, phase }) => phase === 'after' && step.endsWith('offsets.commit'),
        )
        expect(commits.length).toBeGreaterThan(10)
        for (const records of [1, 3]) {
          const redeliverAt = (passage: Passage) => ({
            redeliver: serviceOf(passage),
            records,
            ...triggerOf(passage),
          })
          expect(await harm(params, seed, commits, redeliverAt)).toEqual([])
          cases += commits.length
        }
      }
      console.info(`${cases} redeliveries after commits of offsets in ${SEEDS.length} seeds: ${what}`)
    },
  )

  it('[F12] is not clean with a mistake: the same enumeration finds the double charge', async () => {
    const params = { providerIdempotencyKey: false }
    const places = (await passages(params, 1)).filter(({ step }) => step.startsWith('payment.OrderCreated '))
    const harmful = await harm(params, 1, places, crashAt)
    expect(harmful.length).toBeGreaterThan(0)
    for (const message of harmful) expect(message).toContain('was charged twice')
  })
})
