import { expect, it } from 'vitest'
import { digestIn, disagreements } from './tools/engines.mjs'

it('an outcome disagrees as soon as one engine differs', () => {
  const same = { scenario: 'a.yaml', seed: 1, digests: ['f0', 'f0', 'f0'] }
  const other = { scenario: 'a.yaml', seed: 2, digests: ['f0', 'f0', 'f1'] }
  const none = { scenario: 'a.yaml', seed: 3, digests: [] }
  expect(disagreements([same, other, none])).toEqual([other, none])
})

it('a run without a digest is an error, not an agreement', () => {
  expect(digestIn('{ "digest": "f0" }\n')).toBe('f0')
  for (const output of ['{}', '{ "digest": "" }', '{ "digest": null }', ''])
    expect(() => digestIn(output)).toThrow()
})
