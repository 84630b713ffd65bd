import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import system from '../../scenarios/order-choreography/system.ts'
import { prepare, run } from '../../sim/run/run.ts'
import type { Scenario } from '../../sim/run/scenario.ts'
import type { System } from '../../sim/service/system.ts'
import { type Counterexample, counterexampleText, findCounterexample } from '../../sim/vitest/scenario.ts'
import { folderOf, invoke, ROOT } from '../fixtures/cli.ts'

/** Each wrong param, what it breaks, and the most faults that are needed to show it. */
const MISTAKES: readonly {
  readonly params: Scenario['params']
  readonly breaks: readonly string[]
  readonly faults: number
}[] = [
  { params: { providerIdempotencyKey: false }, breaks: ['no double charge'], faults: 1 },
  { params: { inbox: 'none' }, breaks: ['no double reservation', 'everything agrees'], faults: 1 },
  { params: { inbox: 'before' }, breaks: ['no lost order', 'everything agrees'], faults: 1 },
  { params: { inbox: 'after' }, breaks: ['no double reservation', 'everything agrees'], faults: 1 },
  { params: { outbox: 'dual-write' }, breaks: ['no lost order', 'everything agrees'], faults: 1 },
  {
    params: { outbox: 'publish-before-commit' },
    breaks: ['no double reservation', 'no lost order', 'everything agrees'],
    faults: 1,
  },
  { params: { requestId: false }, breaks: ['no double order'], faults: 1 },
  {
    params: { providerIdempotencyKey: false, chargeWithin: 'transaction' },
    breaks: ['no double charge'],
    faults: 1,
  },
  { params: { paymentHears: 'order-events', stock: 0 }, breaks: ['everything agrees'], faults: 0 },
  { params: { declinesAnswered: false, declinesOneIn: 1 }, breaks: ['no lost order'], faults: 0 },
  { params: { confirmationMailOn: 'OrderCreated', stock: 0 }, breaks: ['no false confirmation'], faults: 0 },
  { params: { requestId: false, usersClickTwice: true }, breaks: ['no double order'], faults: 0 },
]

describe('canaries: each wrong param turns the suite red', () => {
  it.each(MISTAKES)('[P11] $params', { timeout: 120_000 }, async ({ params, breaks, faults }) => {
    const found = await findCounterexample(
      JSON.stringify(params),
      { system, params, orders: 4, runs: 2_000 },
      (result) => {
        const broken = result.properties.find(({ verdict }) => verdict === 'violated')
        if (broken !== undefined) throw new Error(broken.message)
      },
    )
    expect(found, 'no counterexample in 2,000 runs').toBeDefined()
    const { scenario, seed, property } = found as NonNullable<typeof found>
    expect(breaks).toContain(property)
    expect(scenario.faults.length).toBeLessThanOrEqual(faults)
    expect(scenario.workload.orders).toBeLessThanOrEqual(2)

    const again = await run(prepare(system as unknown as System, scenario.params), scenario, seed)
    expect(again.properties.find(({ name }) => name === property)?.verdict).toBe('violated')

    const file = join(
      folderOf({ 'counterexample.yaml': counterexampleText(found as Counterexample) }),
      'counterexample.yaml',
    )
    expect(await invoke(['run', file], ROOT)).toMatchObject({ code: 0 })
  })
})
