import { describe, expect, it } from 'vitest'
import { suggestion } from '../../../sim/run/suggestion.ts'

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
})
