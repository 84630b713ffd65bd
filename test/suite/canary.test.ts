import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import system from '../../scenarios/order-choreography/system.ts'
import { prepare, type RunResult, run } from '../../sim/run/run.ts'
import type { Scenario } from '../../sim/run/scenario.ts'
import type { System } from '../../sim/service/system.ts'
import { type Counterexample, counterexampleText, findCounterexample } from '../../sim/vitest/scenario.ts'
import { folderOf, invoke, ROOT } from '../fixtures/cli.ts'
import { MISTAKEN_CHOREOGRAPHIES } from '../fixtures/mistaken-sagas.ts'

const violated = ({ properties }: RunResult): string[] =>
  properties.filter(({ verdict }) => verdict === 'violated').map(({ name }) => name)

/** The smallest scenario found in which some mistake breaks one of some properties. */
const breachOf = (
  params: Scenario['params'],
  runs: number,
  counts: (name: string) => boolean,
): Promise<Counterexample | undefined> =>
  findCounterexample(JSON.stringify(params), { system, params, orders: 4, runs }, (result) => {
    const found = violated(result).find(counts)
    if (found !== undefined) throw new Error(found)
  })

/** Finds something that breaks a property and shrinks it, replays it, and runs the file that is saved of it. */
async function canary(params: Scenario['params'], property: string): Promise<[Scenario, RunResult]> {
  const found = await breachOf(params, 2_000, (name) => name === property)
  expect(found, `${property}: no counterexample in 2,000 runs`).toBeDefined()
  const { scenario, seed } = found as Counterexample
  const again = await run(prepare(system as unknown as System, scenario.params), scenario, seed)
  const text = counterexampleText(
    found as Counterexample,
    join(ROOT, 'scenarios/order-choreography/system.ts'),
  )
  const folder = folderOf({ 'counterexample.yaml': text })
  expect(await invoke(['run', 'counterexample.yaml'], folder)).toMatchObject({ code: 0 })
  return [scenario, again]
}

describe('canaries: each wrong param turns the suite red', () => {
  it.each(MISTAKEN_CHOREOGRAPHIES)(
    '[P11] $params breaks $breaks',
    async ({ params, breaks, faults, orders = 2 }) => {
      let missing = breaks
      while (missing.length > 0) {
        const [scenario, again] = await canary(params, missing[0] as string)
        expect(scenario.faults.length).toBeLessThanOrEqual(faults)
        expect(scenario.workload.orders).toBeLessThanOrEqual(orders)
        const shown = violated(again)
        expect(shown).toContain(missing[0])
        // What is as small for another property need not be looked for again.
        missing = missing.filter((property) => !shown.includes(property))
      }
    },
  )

  it.each(MISTAKEN_CHOREOGRAPHIES)('[P11] $params breaks nothing but $breaks', async ({ params, breaks }) => {
    expect(await breachOf(params, 60, (name) => !breaks.includes(name))).toBeUndefined()
  })

  it('[P11] no property is without one', () => {
    const { properties } = prepare(system as unknown as System, {}).parts
    const broken = new Set(MISTAKEN_CHOREOGRAPHIES.flatMap(({ breaks }) => breaks))
    expect([...broken].sort()).toEqual(properties.map(({ name }) => name).sort())
  })
})
