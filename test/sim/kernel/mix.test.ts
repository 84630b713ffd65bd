import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { avalanche, combine, hashText, scale } from '../../../sim/kernel/mix.ts'
import { avalancheBias, repetitions } from '../../fixtures/spread.ts'

const SAMPLES = 4_096
/** Six standard deviations of a fair coin thrown that often. */
const FAIR = 6 * (0.5 / Math.sqrt(SAMPLES))
const words = Array.from({ length: SAMPLES }, (_, index) => (index * 0x01000193) | 0)

const families: Readonly<Record<string, (index: number) => string>> = {
  'numbered orders': (index) => `order-${index}`,
  'links of processes': (index) =>
    `latency ${'abcdefgh'[index & 7]}-${(index >> 3) & 63}→broker-${index >> 9}`,
  'two letters that vary': (index) =>
    `${String.fromCharCode(index & 1023)}${String.fromCharCode(index >> 10)}`,
  'one letter repeated': (index) => 'x'.repeat(index % 256) + (index >> 8),
}

/** Those under which a site's two words are taken. */
const seeds = [0x6a09e667, 0xbb67ae85 | 0]

describe('integer hashing', () => {
  it('[K5] avalanche gives different words different words', () => {
    const hashes = Int32Array.from({ length: 2 ** 20 }, (_, index) => avalanche(index * 4_099))
    expect(repetitions(hashes)).toBe(0)
  })

  it.each([
    ['avalanche', words.map((word) => (flip: number) => avalanche(word ^ flip))],
    ['combine, left word', words.map((word) => (flip: number) => combine(word ^ flip, word + 1))],
    ['combine, right word', words.map((word) => (flip: number) => combine(word + 1, word ^ flip))],
    ['hashText, seed', words.map((word, index) => (flip: number) => hashText(`order-${index}`, word ^ flip))],
  ])('[K5] every input bit of %s flips every output bit half of the time', (_name, samples) => {
    expect(avalancheBias(samples)).toBeLessThan(FAIR)
  })

  it('[K5] the measure of bias finds a sum and a multiplication', () => {
    expect(avalancheBias(words.map((word) => (flip) => (word ^ flip) + 12_345))).toBeGreaterThan(0.4)
    expect(avalancheBias(words.map((word) => (flip) => Math.imul(word ^ flip, 0x9e3779b1)))).toBeGreaterThan(
      0.4,
    )
  })

  it('[K5] combine tells left from right and keeps zero words', () => {
    fc.assert(
      fc.property(fc.integer(), fc.integer(), (left, right) => {
        if (left !== right) expect(combine(left, right)).not.toBe(combine(right, left))
        expect(combine(left, 0)).not.toBe(combine(left, 1))
        for (let bit = 0; bit < 32; bit++) {
          expect(combine(left, left ^ (1 << bit))).not.toBe(combine(left ^ (1 << bit), left))
        }
      }),
    )
    expect(new Set([combine(0, 0), combine(0, 1), combine(1, 0), combine(1, 1), 0]).size).toBe(5)
  })

  it('[K5] families of names collide no more often than random words, and never under two seeds at once', () => {
    const count = 2 ** 18
    let collisions = 0
    for (const [family, name] of Object.entries(families)) {
      const names = [...new Set(Array.from({ length: count }, (_, index) => name(index)))]
      const [low, high] = seeds.map((seed) => Int32Array.from(names, (text) => hashText(text, seed)))
      collisions += repetitions(low as Int32Array) + repetitions(high as Int32Array)
      const pairs = new Set(names.map((_name, index) => `${low?.[index]} ${high?.[index]}`))
      expect(pairs.size, family).toBe(names.length)
    }
    // Names that share an ending collide in groups, so only the sum over all families is near that of random words.
    const expected = (Object.keys(families).length * seeds.length * count ** 2) / 2 ** 33
    expect(collisions).toBeLessThan(2 * expected)
  })

  it('[K5] scale is the integer part of hash · bound / 2³² for every bound up to 2²¹', () => {
    fc.assert(
      fc.property(fc.integer(), fc.integer({ min: 1, max: 2 ** 21 }), (hash, bound) => {
        expect(scale(hash, bound)).toBe(Number((BigInt(hash >>> 0) * BigInt(bound)) >> 32n))
      }),
    )
    expect([scale(0, 2 ** 21), scale(-1, 2 ** 21), scale(-1, 1)]).toEqual([0, 2 ** 21 - 1, 0])
  })

  it('[K5] the functions are fixed for good: a changed value would change every digest', () => {
    expect([
      avalanche(1),
      avalanche(-1),
      combine(1, 2),
      hashText('', 0),
      hashText('order-1', 7),
    ]).toMatchInlineSnapshot(`
      [
        1364076727,
        -2114883783,
        -313733336,
        0,
        -344339262,
      ]
    `)
  })
})
