import { describe, expect, it } from 'vitest'
import { missedFault } from '../../../sim/report/missed-fault.ts'

const STEPS = [
  'orders.POST /orders tx.commit',
  'payment.OrderCreated provider.charge',
  'payment.OrderCreated tx.commit',
]

function missed(spec: { at: string; of?: string; nth?: number }): string | undefined {
  return missedFault({ spec, description: 'a crash', struckAtMicros: undefined }, STEPS)
}

describe('a fault that never struck', () => {
  it('[R15] is told only when it did not', () => {
    expect(missedFault({ spec: { at: '1s' }, description: '', struckAtMicros: 1 }, [])).toBeUndefined()
  })

  it.each([
    [
      { at: 'after provider.chrge' },
      "no handler reached the step 'provider.chrge': did you mean 'provider.charge'?",
    ],
    [{ at: 'after paiment provider.charge' }, "did you mean 'payment provider.charge'?"],
    [{ at: 'before payment.OrderCrated tx.commit' }, "did you mean 'payment.OrderCreated tx.commit'?"],
    [
      { at: 'before something else' },
      "no handler reached the step 'something else': 'faultline list steps' names",
    ],
    [{ at: 'after provider.charge', of: 'order 2' }, 'the step was reached, but not for order 2'],
    [{ at: 'after payment tx.commit', nth: 9 }, 'the step was reached, but not 9 times'],
    [
      { at: 'after payment.OrderCreated *', of: 'order 4', nth: 2 },
      'the step was reached, but not 2 times for order 4',
    ],
    [{ at: '3h' }, 'the run was over before that moment'],
  ])('[R15] says why: %o', (spec, told) => expect(missed(spec)).toContain(told))
})
