import { describe, expect, it } from 'vitest'
import { didYouMean, suggestion } from '../../../sim/kernel/suggestion.ts'

describe('a suggestion', () => {
  it.each([
    ['fautls', ['faults', 'name'], 'faults'],
    ['Faults', ['faults'], 'faults'],
    ['no dubble charge', ['no double order', 'no double charge'], 'no double charge'],
    ['crsh', ['crash', 'partition'], 'crash'],
    ['of', ['at', 'if'], 'if'],
    ['payment', ['shipping', 'orders'], undefined],
    ['', ['crash'], undefined],
    ['crash', [], undefined],
  ])('[R1] for %o among %o is %o', (written, known, meant) => expect(suggestion(written, known)).toBe(meant))

  it('[R1] ends a message, or adds nothing to it', () => {
    expect(didYouMean('crsh', ['crash'])).toBe("; did you mean 'crash'?")
    expect(didYouMean('payment', ['orders'])).toBe('')
  })
})
