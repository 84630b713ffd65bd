import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { checkGroups } from '../../sim/kafka/oracle/group-check.ts'
import { isTolerated } from '../../sim/kafka/oracle/history-anomaly.ts'
import { checkClientHistory } from '../../sim/kafka/oracle/history-check.ts'
import type { ClientHistory } from '../../sim/kafka/oracle/history-client.ts'
import { checkTransactions } from '../../sim/kafka/oracle/transaction-check.ts'
import { checkVisibility } from '../../sim/kafka/oracle/transaction-visibility.ts'
import { CORRUPTIONS } from '../fixtures/corruption.ts'
import { LegalHistory, type Step } from '../fixtures/legal-history.ts'

const step: fc.Arbitrary<Step> = fc.record({
  kind: fc.constantFrom('send', 'begin', 'send-in', 'send-in', 'end', 'poll', 'poll', 'commit', 'rebalance'),
  who: fc.nat(1),
  partition: fc.nat(1),
  how: fc.nat(3),
})
const steps = fc.array(step, { minLength: 20, maxLength: 120, size: 'max' })
/** Where a correct Kafka leaves nothing to chance: each run has something of each. */
const options = { numRuns: 200, seed: 8 }

function anomalies(history: ClientHistory): string[] {
  return [...checkClientHistory(history), ...checkGroups(history), ...checkVisibility(history)].map(
    ({ type }) => type,
  )
}

describe('random histories', () => {
  it('[KJ13] [KJ12] of a correct log are not reported', () => {
    fc.assert(
      fc.property(steps, (steps) => {
        const { history, events } = new LegalHistory(steps)
        const found = checkClientHistory(history).filter(({ type }) => !isTolerated(type, { drained: true }))
        expect([...found, ...checkGroups(history), ...checkVisibility(history)]).toEqual([])
        expect(checkTransactions(events)).toEqual([])
      }),
      options,
    )
  })

  it.each(CORRUPTIONS)('[KJ13] with %s are reported', (_name, corrupt) => {
    let corrupted = 0
    fc.assert(
      fc.property(steps, fc.nat(), (steps, pick) => {
        const { history } = new LegalHistory(steps)
        const expected = corrupt(history, pick)
        if (expected === undefined) return
        corrupted++
        expect(anomalies(history)).toEqual(expect.arrayContaining([...expected]))
      }),
      options,
    )
    expect(corrupted).toBeGreaterThan(20)
  })
})
