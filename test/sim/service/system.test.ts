import { defineSystem, duration } from 'faultline'
import { describe, expect, it } from 'vitest'
import { outlineOf } from '../../../sim/run/outline.ts'
import { systemProblems } from '../../../sim/run/system-problems.ts'
import type { System } from '../../../sim/service/system.ts'

const NOTHING = {
  topics: [],
  services: [],
  externals: [],
  workload: { noun: 'order', act: async () => {} },
  properties: [],
}

/** What a scenario is told that gives a param a value. */
function told(spec: ReturnType<typeof duration>, value: string): string[] {
  const system = defineSystem({ name: 'waits', says: '', params: { spell: spec }, build: () => NOTHING })
  const data = { params: { spell: value } }
  return systemProblems(data, outlineOf(system as unknown as System, data)).map(({ message }) => message)
}

describe('a param that is a duration', () => {
  it('[R24] is more than nothing', () => {
    expect(told(duration('50ms', 'a pause'), '0ms')).toEqual([
      "expected a duration of at least 1us, got '0ms'",
    ])
    expect(told(duration('50ms', 'a pause'), '1us')).toEqual([])
  })

  it('[R24] is as long as its system says, which may be nothing', () => {
    expect(told(duration('0ms', 'a pause', { min: '0ms' }), '0s')).toEqual([])
    expect(told(duration('2s', 'a pause', { min: '1s' }), '900ms')).toEqual([
      "expected a duration of at least 1s, got '900ms'",
    ])
  })

  it.each(['0ms', 'soon', '36501d'])('[R24] is not %s by default', (initial) => {
    expect(() => duration(initial, 'a pause')).toThrow(`'${initial}'`)
  })
})
