import { describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { scenarioFileText } from '../../../sim/report/scenario-file.ts'
import { scenarioOf } from '../../../sim/run/scenario.ts'
import { scenarioSchema } from '../../../sim/run/scenario-schema.ts'
import { doubleToll } from '../../fixtures/toll.ts'

describe('a scenario file that was written', () => {
  it('[R19] says the scenario again when it is read', () => {
    const text = scenarioFileText(doubleToll, { seed: 3, head: ['made small'], faults: ['', 'needed', ''] })
    const { seed, ...input } = scenarioSchema.parse(parse(text)) as { seed: number } & typeof doubleToll
    expect(seed).toBe(3)
    expect({ ...scenarioOf(input), faults: parse(text).faults }).toEqual(doubleToll)
    expect(text).toMatch(/^# made small\n/)
    expect(text).toContain('  # needed\n  - crash: booth\n')
  })

  it('[R19] leaves out what is as usual', () => {
    expect(
      scenarioFileText(scenarioOf({ system: 'toll', name: 'a' }), { seed: 1, head: [], faults: [] }),
    ).toBe('name: a\nsystem: toll\nworkload: { orders: 3 }\nseed: 1\n')
  })
})
