import { describe, expect, it } from 'vitest'
import { type RunResult, run } from '../../../sim/run/run.ts'
import type { System } from '../../../sim/service/system.ts'
import { type Assertion, findCounterexample } from '../../../sim/vitest/check.ts'
import type { SuiteOptions } from '../../../sim/vitest/options.ts'
import '../../../sim/vitest/scenario.ts'
import system from '../../fixtures/toll/system.ts'
import { toll } from '../../fixtures/toll.ts'

const options: SuiteOptions = { system: system as unknown as System, orders: 3, runs: 400 }
const wrong: SuiteOptions = { ...options, params: { key: false } }

const upholds = ({ properties }: RunResult): void => {
  for (const { name, verdict, message } of properties) {
    if (verdict === 'violated') throw new Error(`${name}: ${message}`)
  }
}

describe('a suite', () => {
  it('[P8] finds nothing where nothing is wrong, after all its runs', async () => {
    let runs = 0
    const found = await findCounterexample('right', { ...options, runs: 60 }, (result) => {
      runs++
      upholds(result)
    })
    expect(found).toBeUndefined()
    expect(runs).toBe(60)
  })

  it.each<[string, (run: RunResult) => void, string]>([
    [
      'a property that is not there',
      (result) => expect(result).toUphold('payed once'),
      "toUphold: the system has no property 'payed once'",
    ],
    [
      'a bound that is none',
      (result) => expect(result).toConverge({ within: 'soon' }),
      "toConverge: within: expected a duration such as '2m', got 'soon'",
    ],
  ])(
    '[P12] that asserts %s is refused, and no run is a counterexample',
    async (_what, assertion, message) => {
      let asked = 0
      const suite = findCounterexample('misspelt', wrong, (result) => {
        asked++
        assertion(result)
      })
      await expect(suite).rejects.toThrow(message)
      expect(asked).toBe(1)
    },
  )

  it('[P8] finds a breach and shrinks it to the fault and the order that it takes', async () => {
    const found = await findCounterexample('wrong', wrong, upholds)
    expect(found).toMatchObject({
      property: 'paid once',
      scenario: { workload: { orders: 1 }, params: { key: false } },
    })
    expect(found?.scenario.faults).toHaveLength(1)
    expect(found?.message).toBe('paid once: car-1 paid 2 times')
    if (found === undefined) return
    const again = await run(toll(found.scenario), found.scenario, found.seed)
    expect(again.digest).toBe(found.result.digest)
  })

  it('[P8] keeps to the property that it found while it shrinks, whatever else fails', async () => {
    let found = false
    const result = await findCounterexample('wrong', wrong, ({ properties }) => {
      found ||= properties.some(({ verdict }) => verdict === 'violated')
      if (found) throw new Error('from now on everything is wrong')
    })
    expect(result?.property).toBe('paid once')
    expect(result?.result.verdict).toBe('violated')
    expect(result?.scenario.faults).toHaveLength(1)
  })

  it('[P8] finds the same for the same name or seed', async () => {
    const [one, two, other] = [
      await findCounterexample('wrong', wrong, upholds),
      await findCounterexample('wrong', wrong, upholds),
      await findCounterexample('wrong', { ...wrong, seed: 5 }, upholds),
    ]
    expect(two?.scenario).toEqual(one?.scenario)
    expect([two?.seed, two?.runs]).toEqual([one?.seed, one?.runs])
    expect([other?.seed, other?.runs]).not.toEqual([one?.seed, one?.runs])
  })

  it('[P8] shrinks an assertion of its own that fails on runs that violate nothing', async () => {
    const found = await findCounterexample('own', options, ({ orders }) => {
      if (orders >= 2) throw new Error('too many cars')
    })
    expect(found).toMatchObject({ property: undefined, message: 'too many cars' })
    expect(found?.scenario).toMatchObject({ workload: { orders: 2, every: '100ms' }, faults: [] })
  })

  it('[P8] counts a run that ends with an error as a failure', async () => {
    const found = await findCounterexample('error', { ...options, params: { mistake: 'foreign' } }, () => {})
    expect(found?.result.verdict).toBe('error')
    expect(found?.scenario).toMatchObject({ workload: { orders: 1 }, faults: [] })
  })

  it('[P8] aims at no broker that its cluster does not have', async () => {
    const aimed: string[] = []
    const counting: Assertion = (_result, { faults }) => void aimed.push(JSON.stringify(faults))
    await findCounterexample('small', { ...options, cluster: { brokers: 1 }, runs: 200 }, counting)
    expect(aimed.some((faults) => faults.includes('broker-1'))).toBe(true)
    expect(aimed.filter((faults) => /broker-[23]/.test(faults))).toEqual([])
  })

  it.each([
    ['leaks', 'with other values'],
    ['captures', 'with other values'],
  ])('[P8] of a system that %s is refused as nondeterministic', async (mistake, told) => {
    const find = findCounterexample('drifts', { ...options, params: { mistake } }, upholds)
    await expect(find).rejects.toThrow(told)
  })
})
