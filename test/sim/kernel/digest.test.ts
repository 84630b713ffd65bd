import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { Digest } from '../../../sim/kernel/digest.ts'

function hexOf(words: readonly number[]): string {
  const digest = new Digest()
  for (const word of words) digest.word(word)
  return digest.hex()
}

const wordLists = fc.array(fc.integer(), { maxLength: 30 })

describe('digest', () => {
  it('[K9] is sixteen hexadecimal digits that depend on every word and on their order', () => {
    fc.assert(
      fc.property(wordLists, wordLists, (left, right) => {
        expect(hexOf(left)).toMatch(/^[0-9a-f]{16}$/)
        expect(hexOf(left) === hexOf(right)).toBe(left.join() === right.join())
      }),
      { numRuns: 1_000 },
    )
  })

  it('[K9] one changed bit, one word more and two words exchanged change it', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer(), { minLength: 2, maxLength: 20 }),
        fc.nat(),
        fc.nat(31),
        (words, where, bit) => {
          const at = where % words.length
          const changed = words.with(at, (words[at] as number) ^ (1 << bit))
          const longer = words.toSpliced(at, 0, 0)
          expect(hexOf(changed)).not.toBe(hexOf(words))
          expect(hexOf(longer)).not.toBe(hexOf(words))
          const next = (at + 1) % words.length
          if (words[at] !== words[next]) {
            const exchanged = words.with(at, words[next] as number).with(next, words[at] as number)
            expect(hexOf(exchanged)).not.toBe(hexOf(words))
          }
        },
      ),
      { numRuns: 1_000 },
    )
  })

  it('[K9] similar histories never meet in 2^18 digests', () => {
    const seen = new Set<string>()
    for (let first = 0; first < 512; first++) {
      for (let second = 0; second < 512; second++) seen.add(hexOf([first, second, 0, 0]))
    }
    expect(seen.size).toBe(2 ** 18)
  })

  it('[K9] takes in integers beyond 32 bits whole', () => {
    const hexOfInteger = (value: number): string => {
      const digest = new Digest()
      digest.integer(value)
      return digest.hex()
    }
    const values = [0, 1, 2 ** 31, 2 ** 32, 2 ** 32 + 1, 2 ** 33, 2 ** 52, 2 ** 52 + 1, 86_400_000_000]
    expect(new Set(values.map(hexOfInteger)).size).toBe(values.length)
  })

  it('[K9] is fixed for good', () => {
    expect([hexOf([]), hexOf([1, 2, 3])]).toMatchInlineSnapshot(`
      [
        "4fe27a7192ca2f0e",
        "78f762181a720711",
      ]
    `)
  })
})
