import { describe, expect, it } from 'vitest'
import { resultJson } from '../../../sim/report/json.ts'
import { summaryOf } from '../../../sim/report/summary.ts'
import { run } from '../../../sim/run/run.ts'
import { doubleToll, toll } from '../../fixtures/toll.ts'

describe('the JSON of a result', () => {
  it('[R16] is what tools need, whether a trace was kept or not', async () => {
    const plain = resultJson(summaryOf(await run(toll(), doubleToll, 1)), doubleToll, 'abc')
    const json = JSON.parse(plain) as Record<string, unknown>
    expect(json).toMatchObject({
      format: 'faultline-result',
      version: 1,
      system: 'toll',
      bundle: 'abc',
      scenario: 'double toll',
      seed: 1,
      outcome: 'met',
      verdict: 'violated',
      reason: null,
      orders: 4,
      properties: [
        { name: 'paid once', expected: 'violated', verdict: 'violated', key: 'car-3' },
        { name: 'all paid', expected: 'pass', verdict: 'pass', key: null },
      ],
      faults: [{ spec: doubleToll.faults[0] }, { struckAtMicros: expect.any(Number) }, {}],
    })
    expect(json.digest).toMatch(/^[0-9a-f]{16}$/)
    const traced = await run(toll(), doubleToll, 1, { trace: true, recordTape: true })
    expect(resultJson(summaryOf(traced), doubleToll, 'abc')).toBe(plain)
  })
})
