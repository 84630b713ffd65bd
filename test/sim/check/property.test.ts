import { always, eventually, type Property } from 'faultline'
import { describe, expect, it } from 'vitest'
import { items } from '../../fixtures/watch.ts'

const whole = { says: 'It is so.', reads: [items], per: 'id', holds: () => true }

describe('a property that could never fail', () => {
  it.each([
    ['with an empty reads', { reads: [] }, "'reads' is empty"],
    ['without reads', { reads: undefined }, "'reads' is empty"],
    ['without per', { per: undefined }, "'per' is missing"],
    ['with an empty per', { per: '' }, "'per' is missing"],
    ['without holds', { holds: undefined }, "'holds' is missing"],
  ])('[P15] %s is refused where it is declared', (_what, members, message) => {
    const options = { ...whole, ...members } as Parameters<typeof always>[1]
    const declarations: readonly (() => Property)[] = [
      () => always('vacuous', options),
      () => eventually('vacuous', { ...options, within: '1s', keys: () => [] }),
    ]
    for (const declare of declarations) expect(declare).toThrow(`property 'vacuous': ${message}`)
  })

  it('[P15] is refused when it speaks of no keys, or has no name', () => {
    const keyless = { ...whole, within: '1s' } as unknown as Parameters<typeof eventually>[1]
    expect(() => eventually('vacuous', keyless)).toThrow("property 'vacuous': 'keys' is missing")
    expect(() => always(' ', whole)).toThrow('a property needs a name')
  })
})
