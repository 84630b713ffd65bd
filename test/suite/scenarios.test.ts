import { prepare, run } from 'faultline'
import { describe, expect, it } from 'vitest'
import { judge } from '../../sim/run/judgement.ts'
import { scenarioFiles, systemOf } from '../fixtures/scenarios.ts'

describe('the scenario files of the project', () => {
  it.each(scenarioFiles())('[P14] $path comes out as it says', async (file) => {
    const prepared = prepare(await systemOf(file), file.scenario.params)
    for (const seed of [1, 2, 3, 4, 5]) {
      const result = await run(prepared, file.scenario, seed)
      const { outcome, properties } = judge(result, file.scenario)
      expect({ seed, outcome, properties }).toMatchObject({ outcome: 'met' })
    }
  })
})
