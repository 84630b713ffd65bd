import type { FaultSpec, RunResult, Scenario } from 'faultline'
import { run, scenarioOf } from 'faultline'
import { describe, expect, it } from 'vitest'
import system from '../../scenarios/payments/system.ts'
import { type PreparedSystem, prepare } from '../../sim/run/run.ts'
import type { System } from '../../sim/service/system.ts'
import { complaintOf, crashAt, type Passage, passagesOf } from '../fixtures/passages.ts'

/** What becomes of a payment: it is made, known late or by a webhook alone, or made with another card. */
const CASES: readonly { readonly what: string; readonly params: Scenario['params'] }[] = [
  { what: 'whose outcome is known at once', params: { slowOneIn: 0, errorsOneIn: 0 } },
  { what: 'of a provider that is slow', params: { slowOneIn: 2, errorsOneIn: 0 } },
  { what: 'of a provider that fails', params: { slowOneIn: 0, errorsOneIn: 2 } },
  { what: 'with a card that is declined', params: { slowOneIn: 0, errorsOneIn: 0, declinesOneIn: 2 } },
]
const SEEDS = [1, 2, 3]

const preparedWith = (params: Scenario['params']): PreparedSystem =>
  prepare(system as unknown as System, params)

const play = (
  prepared: PreparedSystem,
  params: Scenario['params'],
  seed: number,
  faults: readonly FaultSpec[],
  trace = false,
): Promise<RunResult> =>
  run(prepared, scenarioOf({ system: system.name, params, workload: { orders: 2 }, faults }), seed, { trace })

/** The passages of the till in a run without faults. */
async function passagesOfTill(params: Scenario['params'], seed: number): Promise<Passage[]> {
  const calm = await play(preparedWith(params), params, seed, [], true)
  expect(calm.verdict).toBe('pass')
  return passagesOf(calm).filter(({ step }) => step.startsWith('till.'))
}

/** Crashes the till or its database at each place. @returns what harm it did */
async function harm(params: Scenario['params'], seed: number, places: readonly Passage[]): Promise<string[]> {
  const prepared = preparedWith(params)
  const harmful: string[] = []
  for (const place of places) {
    const wrong = complaintOf(await play(prepared, params, seed, [crashAt(place)]))
    if (wrong !== undefined) harmful.push(`seed ${seed}, ${JSON.stringify(place)}: ${wrong}`)
  }
  return harmful
}

describe('a payment', () => {
  it.each(CASES)('[E16] $what survives a crash before and after every step', async ({ what, params }) => {
    const steps = new Set<string>()
    let cases = 0
    for (const seed of SEEDS) {
      const places = await passagesOfTill(params, seed)
      expect(await harm(params, seed, places)).toEqual([])
      for (const { step } of places) steps.add(step)
      cases += places.length
    }
    for (const step of ['till.pay provider.authorize', 'till.pay provider.capture', 'till.hook hooks.insert'])
      expect([...steps].join('\n')).toContain(step)
    expect(cases).toBeGreaterThan(100)
    console.info(`a crash at each of ${cases} points of ${steps.size} steps: a payment ${what}`)
  })
})
