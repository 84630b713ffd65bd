import { describe, expect, it } from 'vitest'
import { Trace } from '../../../sim/kernel/trace.ts'
import { differenceText } from '../../../sim/report/difference.ts'

function trace(...kinds: readonly string[]): Trace {
  const made = new Trace()
  kinds.forEach((kind, index) => {
    made.append(index * 1_000_000, kind, 'payment-1', undefined, 0, 0, { note: kind })
  })
  return made
}

describe('the difference of two runs', () => {
  it('[R12] names the first record that differs in both', () => {
    const text = differenceText(trace('a', 'b', 'c'), trace('a', 'x'), ['1', '2'])
    expect(text).toContain('digests 1 and 2\nfirst difference at record 2\n')
    expect(text).toContain('one run:     1.000 s payment-1 b {"note":"b"}\n')
    expect(text).toContain('the other:   1.000 s payment-1 x {"note":"x"}\n')
  })

  it('[R12] says when one of them ended, and when the records do not show it', () => {
    expect(differenceText(trace('a', 'b'), trace('a'), [])).toContain('the other:   ended after record 1')
    expect(differenceText(trace('a'), trace('a'), [])).toContain('only the digests differ')
  })
})
