import { prepare, run, type ScenarioInput, type System, scenarioOf } from 'faultline'
import { describe, expect, it } from 'vitest'
import toll from '../../fixtures/toll/system.ts'

const system = toll as unknown as System
const prepared = prepare(system, {})

/** What scenarios cannot mean, and what the command line says of the same in a file. */
const REFUSED: readonly (readonly [what: string, input: object, told: string])[] = [
  [
    'a process that is not there',
    { faults: [{ crash: 'nope', at: '10ms' }] },
    "faults.0.crash: toll has no process 'nope'",
  ],
  [
    'a crash of a server whose crash is not simulated',
    { faults: [{ crash: 'provider', at: '1s' }] },
    'faults.0.crash: crash acts on services',
  ],
  [
    'a restart that is none',
    { faults: [{ crash: 'booth', at: '1s', restart: 7 }] },
    'faults.0.restart: expected a duration',
  ],
  ['a fault of no kind', { faults: [{ crahs: 'booth', at: '1s' }] }, "did you mean 'crash'?"],
  [
    'an order that is not placed',
    { faults: [{ crash: 'booth', at: 'after x', of: 'car 9' }] },
    'faults.0.of: expected car 1 to car 3',
  ],
  ['a property that is not there', { expect: { 'pay once': 'violated' } }, "did you mean 'paid once'?"],
  ['no orders', { workload: { orders: 0 } }, 'workload.orders: expected at least 1'],
  ['no brokers', { cluster: { brokers: 0 } }, 'cluster.brokers: expected a number of at least 1, got 0'],
  ['a budget that is none', { budget: { time: 'soon' } }, 'budget.time: expected a duration'],
  ['a session that brokers refuse', { cluster: { kafka: { 'session.timeout.ms': 0 } } }, 'at least 1, got 0'],
]

describe('a run from code', () => {
  it.each(REFUSED)(
    '[R25] with %s ends before it begins, with what a file is told',
    async (_what, input, told) => {
      const scenario = scenarioOf({ system: 'toll', ...input } as ScenarioInput)
      for (let time = 0; time < 2; time++) {
        const { verdict, failureCode, reason, events } = await run(prepared, scenario, 1)
        expect({ verdict, failureCode, events }).toEqual({
          verdict: 'error',
          failureCode: 'definition',
          events: 0,
        })
        expect(reason).toContain(told)
      }
    },
  )

  it.each([-1, 1.5, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 53, '1'])(
    '[R25] with the seed %s ends before it begins',
    async (seed) => {
      const result = await run(prepared, scenarioOf({ system: 'toll' }), seed as number)
      expect(result).toMatchObject({ verdict: 'error', failureCode: 'definition', events: 0 })
      expect(result.reason).toContain('seed: expected a whole number from 0, got ')
    },
  )

  it.each([
    [{ nope: 1 }, "params.nope: toll has no param 'nope': expected one of key, mistake"],
    [{ boths: 2 }, "did you mean 'booths'?"],
    [{ booths: 9 }, 'params.booths: expected a whole number from 1 to 5, got 9'],
    [{ relayEvery: '0ms' }, 'params.relayEvery: expected a duration of at least 1us'],
  ])('[R25] of a system whose params are %j is refused', (params, told) => {
    expect(() => prepare(system, params)).toThrow(told)
  })
})
