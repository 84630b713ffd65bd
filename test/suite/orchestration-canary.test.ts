import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import system from '../../scenarios/order-orchestration/system.ts'
import { prepare, type RunResult, run } from '../../sim/run/run.ts'
import { type Scenario, type ScenarioInput, scenarioOf } from '../../sim/run/scenario.ts'
import type { System } from '../../sim/service/system.ts'
import { findCounterexample } from '../../sim/vitest/scenario.ts'
import { ROOT } from '../fixtures/cli.ts'
import { MISTAKEN_ORCHESTRATORS, MISTAKEN_PARTICIPANTS } from '../fixtures/mistaken-sagas.ts'

type Params = Scenario['params']

const violated = ({ properties }: RunResult): string[] =>
  properties.filter(({ verdict }) => verdict === 'violated').map(({ name }) => name)

/** What a scenario breaks; every fault of it must strike. */
async function breaks(scenario: Scenario, seed: number): Promise<string[]> {
  const result = await run(prepare(system as unknown as System, scenario.params), scenario, seed)
  return violated(result)
}

type File = ScenarioInput & { readonly seed?: number; readonly expect?: Readonly<Record<string, string>> }

const read = (file: string): File =>
  parse(readFileSync(join(ROOT, 'scenarios/order-orchestration', `${file}.yaml`), 'utf8')) as File

describe('canaries: each wrong param of the orchestration', () => {
  it.each(MISTAKEN_ORCHESTRATORS)(
    '[SG6] %s is broken by %j, and by nothing else of it',
    async (file, wrong) => {
      const { seed = 1, ...input } = read(file)
      const expected = Object.keys(input.expect ?? {})
      expect(expected.length).toBeGreaterThan(0)
      expect((await breaks(scenarioOf(input), seed)).sort()).toEqual(expected.sort())
      const right = Object.fromEntries(
        Object.entries(input.params ?? {}).filter(([name]) => !wrong.includes(name)),
      )
      const healed = await breaks(scenarioOf({ ...input, params: right }), seed)
      for (const property of expected) expect(healed).not.toContain(property)
    },
  )

  it.each(MISTAKEN_PARTICIPANTS)(
    '[SG6] $wrong breaks $breaks',
    async ({ wrong, with: others, breaks: property, crash, at }) => {
      const scenario = (params: Params) =>
        scenarioOf({
          system: system.name,
          params,
          workload: { orders: 3 },
          cluster: { kafka: { 'session.timeout.ms': 6_000 } },
          faults: [{ crash, at, of: 'order 2' }],
        })
      expect(await breaks(scenario({ ...others, ...wrong }), 1)).toContain(property)
      expect(await breaks(scenario(others ?? {}), 1)).toEqual([])
    },
  )

  it('[SG6] is none by default: the right orchestrator breaks nothing', async () => {
    const found = await findCounterexample('right', { system, orders: 3, runs: 100 }, (result) => {
      const [property] = violated(result)
      if (property !== undefined) throw new Error(property)
    })
    expect(found).toBeUndefined()
  })
})
