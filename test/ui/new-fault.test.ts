import { join } from 'node:path'
import { FAULT_KINDS, type FaultSpec } from 'faultline'
import { beforeAll, describe, expect, it } from 'vitest'
import { bundleSystem } from '../../sim/cli/bundle.ts'
import { newFault } from '../../ui/panes/new-fault.ts'
import { perform } from '../../ui/worker/bench.ts'
import type { RunAnswer, RunAsk, SystemFacts } from '../../ui/worker/protocol.ts'
import { ROOT } from '../fixtures/cli.ts'
import { scenarioFiles } from '../fixtures/scenarios.ts'

const nothing = (): void => {}
const KINDS = FAULT_KINDS.map(({ kind }) => kind)

describe.each(['order-choreography', 'kafka'])('a fault that is dropped on the timeline of %s', (system) => {
  let ask: RunAsk
  let facts: SystemFacts

  beforeAll(async () => {
    const file = scenarioFiles().find(({ path }) => path === `${system}/happy-path.yaml`)
    if (file === undefined) throw new Error(`${system} has no happy path`)
    const bundle = await bundleSystem(join(ROOT, 'scenarios', system, 'system.ts'), ROOT)
    const scenario = { ...file.scenario, faults: [], workload: { ...file.scenario.workload, orders: 2 } }
    ask = { bundle, scenario, seed: 1 }
    facts = await perform('outline', { bundle, params: scenario.params }, nothing)
  })

  const dropped = async (fault: FaultSpec): Promise<RunAnswer> =>
    perform('run', { ...ask, scenario: { ...ask.scenario, faults: [fault] } }, nothing)

  it.each(KINDS)('[V30] can be run at once where it can act on anything: %s', async (kind) => {
    const form = facts.faults.find((each) => each.kind === kind)
    if (form === undefined) throw new Error(`there is no form for ${kind}`)
    if (form.aims.length === 0) {
      // The page offers it only where it can be aimed at something; these can be in every system.
      expect([
        'crash',
        'pause',
        'partition',
        'slow',
        'scale',
        'deploy',
        'addPartitions',
        'replay',
      ]).not.toContain(kind)
      return
    }
    const fault = newFault(form, undefined, '150ms', facts.outline)
    expect(fault.at).toBe('150ms')
    const { summary } = await dropped(fault)
    // Services that put nothing away say so.
    if (kind === 'redrive') expect(summary?.reason ?? '').toMatch(/^$|keeps nothing that could be/)
    else expect(summary?.verdict, summary?.reason).not.toBe('error')
    expect(summary?.faults).toHaveLength(1)
  })

  it.each(['crash', 'pause', 'shutDown', 'partition', 'slow', 'scale', 'deploy', 'redeliver', 'replay'])(
    '[V30] acts on the process or the service on whose lane it is dropped: %s',
    async (kind) => {
      const form = facts.faults.find((each) => each.kind === kind)
      const lane = facts.outline.mortals.services.find((name) => /-1$/.test(name)) as string
      if (form === undefined) throw new Error(`there is no form for ${kind}`)
      const fault = newFault(form, lane, '150ms', facts.outline)
      expect([fault[kind]].flat().map((name) => String(name).replace(/-1$/, ''))).toContain(
        lane.replace(/-1$/, ''),
      )
      const { summary } = await dropped(fault)
      expect(summary?.verdict, summary?.reason).not.toBe('error')
    },
  )

  it('[V30] acts on the topic on whose partition it is dropped, and elsewhere where it can', () => {
    const formOf = (kind: string) =>
      facts.faults.find((each) => each.kind === kind) as (typeof facts.faults)[number]
    const topic = formOf('addPartitions').aims.at(-1)?.addPartitions as string
    expect(newFault(formOf('addPartitions'), `${topic}/0`, '1s', facts.outline).addPartitions).toBe(topic)
    expect(newFault(formOf('crash'), 'nobody', '1s', facts.outline).crash).not.toBe('nobody')
  })
})
