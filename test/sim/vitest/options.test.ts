import { describe, expect, it } from 'vitest'
import type { System } from '../../../sim/service/system.ts'
import { checkedOptions, type SuiteOptions, seedOf } from '../../../sim/vitest/options.ts'
import system from '../../fixtures/toll/system.ts'

const options: SuiteOptions = { system: system as unknown as System }

/** Why a suite is refused; '' when it is not. */
function refusal(more: object): string {
  try {
    checkedOptions('toll', { ...options, ...more })
    return ''
  } catch (error) {
    return error instanceof Error ? error.message : String(error)
  }
}

describe('the options of a suite', () => {
  it('[P12] have defaults', () => {
    expect(checkedOptions('toll', options)).toEqual({
      ...options,
      params: {},
      cluster: {},
      orders: 5,
      runs: 100,
    })
  })

  it('[P12] that can be meant are left as they are', () => {
    const meant = {
      params: { booths: 3 },
      cluster: { brokers: 1, kafka: { 'session.timeout.ms': 6000 } },
      orders: 1,
      runs: 1,
      seed: 0,
      systemFile: new URL('file:///toll.ts'),
    }
    expect(checkedOptions('toll', { ...options, ...meant })).toEqual({ ...options, ...meant })
  })

  it.each([
    [
      'a param that its system lacks',
      { params: { boths: 2 } },
      "params.boths: toll has no param 'boths'",
      "'booths'?",
    ],
    [
      'a value that its param lacks',
      { params: { booths: 9 } },
      'params.booths: expected a whole number from 1',
      '',
    ],
    ['no runs', { runs: 0 }, 'runs: expected a whole number of at least 1, got 0', ''],
    ['a fraction of a run', { runs: 1.5 }, 'runs: expected a whole number of at least 1, got 1.5', ''],
    [
      'a seed that is no number',
      { seed: Number.NaN },
      'seed: expected a whole number of at least 0, got NaN',
      '',
    ],
    [
      'no orders',
      { orders: 0 },
      'orders: expected at least 1, because a run without any tests nothing',
      'got 0',
    ],
    [
      'no brokers',
      { cluster: { brokers: 0 } },
      'cluster.brokers: expected a number of at least 1, got 0',
      '',
    ],
    [
      'a session that brokers refuse',
      { cluster: { kafka: { 'session.timeout.ms': 0 } } },
      'cluster.kafka.session.timeout.ms: expected a number of at least 1, got 0',
      '',
    ],
    [
      'an unknown option',
      { run: 300 },
      "unknown option 'run': expected one of system, systemFile",
      "'runs'?",
    ],
    ['no system', { system: undefined }, 'system: expected a system, as defineSystem', 'got nothing'],
    ['faults that are none', { faults: [] }, 'faults: expected anyFaults() or the like, got a list of 0', ''],
    ['a file that is none', { systemFile: 3 }, 'systemFile: expected a path or a URL, got 3', ''],
  ])('[P12] with %s are refused', (_what, more, told, meant) => {
    expect(refusal(more)).toContain(`suite 'toll': ${told}`)
    expect(refusal(more)).toContain(meant)
  })

  it('[P12] are told of all at once', () => {
    expect(refusal({ runs: 0, seed: -1, orderz: 3 }).split('\n')).toHaveLength(3)
    expect(refusal({ orders: 0, cluster: { brokers: 0 } }).split('\n')).toHaveLength(2)
  })

  it('[P12] take the seed of the environment, unless it is none', () => {
    expect([seedOf(undefined), seedOf(''), seedOf('0'), seedOf('12')]).toEqual([undefined, undefined, 0, 12])
    for (const text of ['x', '-1', '1.5', 'NaN', '1e3', '99999999999999999999']) {
      expect(() => seedOf(text)).toThrow(`FAULTLINE_SEED: expected a whole number from 0, got '${text}'`)
    }
  })
})
