import { FAULT_KINDS, type PreparedSystem, prepare, run } from 'faultline'
import { describe, expect, it } from 'vitest'
import system from '../../scenarios/faults/system.ts'
import { scenarioOfKind } from '../../sim/cli/faults.ts'
import { faultKindOf } from '../../sim/faults/registry.ts'
import type { System } from '../../sim/service/system.ts'
import { scenarioFiles } from '../fixtures/scenarios.ts'

const files = new Map(scenarioFiles().map((file) => [`scenarios/${file.path}`, file.scenario]))

describe('every kind of fault has a scenario', () => {
  it.each(FAULT_KINDS.map(({ kind }) => kind))(
    '[F17] that shows what %s does, and would not without it',
    async (kind) => {
      const scenario = files.get(scenarioOfKind(kind))
      if (scenario === undefined) expect.unreachable(`no file ${scenarioOfKind(kind)}`)
      expect(scenario.faults.map((fault) => faultKindOf(fault)?.kind)).toEqual([kind])
      const [effect] = Object.entries(scenario.expect).flatMap(([name, how]) =>
        how === 'reached' ? [name] : [],
      )
      if (effect === undefined) expect.unreachable(`${kind} has no proof that it bit`)

      const prepared: PreparedSystem = prepare(system as unknown as System, scenario.params)
      for (const seed of [1, 2, 3, 4, 5]) {
        const struck = await run(prepared, scenario, seed, { trace: true })
        const spared = await run(prepared, { ...scenario, faults: [] }, seed)
        const keys = [struck, spared].map(
          ({ properties }) => properties.find(({ name }) => name === effect)?.checkedKeys,
        )
        expect({ seed, struck: keys[0], spared: keys[1] }).toEqual({
          seed,
          struck: expect.any(Number),
          spared: 0,
        })
        expect(keys[0]).toBeGreaterThan(0)
        const marks = [...(struck.trace?.records() ?? [])].filter((record) => record.kind === 'fault')
        expect(marks).toHaveLength(1)
      }
    },
  )
})
