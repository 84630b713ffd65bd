import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { choices, ddmin } from '../../../sim/explore/ddmin.ts'

const numbers = (count: number): number[] => Array.from({ length: count }, (_, index) => index)

describe('ddmin', () => {
  it.each<[string, number, readonly number[]]>([
    ['nothing', 8, []],
    ['one element', 8, [5]],
    ['the first and the last', 8, [0, 7]],
    ['neighbours across the middle', 9, [4, 5]],
    ['everything', 3, [0, 1, 2]],
  ])('[R18] keeps %s of a list when that is what fails', async (_what, count, needed) => {
    const fails = async (part: readonly number[]): Promise<boolean> =>
      needed.every((element) => part.includes(element))
    expect(await ddmin(numbers(count), fails)).toEqual(needed)
  })

  it('[R18] ends with a list of which no element can be left out, in its order', async () => {
    await fc.assert(
      fc.asyncProperty(fc.nat(30), fc.func(fc.nat(9)), async (count, weight) => {
        // Fails when the weights add up to enough, which is not a matter of single elements.
        const fails = (part: readonly number[]): boolean =>
          part.reduce((sum, element) => sum + weight(element), 0) >= 12
        fc.pre(fails(numbers(count)))
        const smallest = await ddmin(numbers(count), async (part) => fails(part))
        expect(fails(smallest)).toBe(true)
        expect([...smallest].sort((left, right) => left - right)).toEqual(smallest)
        for (const element of smallest)
          expect(fails(smallest.filter((other) => other !== element))).toBe(false)
      }),
      { seed: 1, numRuns: 200 },
    )
  })

  it.each<[count: number, chosen: readonly (readonly number[])[]]>([
    [0, [[]]],
    [1, [[0], [1], [2]]],
    [
      2,
      [
        [0, 1],
        [0, 2],
        [1, 2],
      ],
    ],
    [3, [[0, 1, 2]]],
    [4, []],
  ])('[R18] has every choice of %i of three elements', (count, chosen) => {
    expect([...choices(numbers(3), count)]).toEqual(chosen)
  })

  it('[R18] keeps the best so far when its budget is spent', async () => {
    let calls = 0
    const fails = async (part: readonly number[]): Promise<boolean> => ++calls <= 3 && part.includes(7)
    const smallest = await ddmin(numbers(8), fails)
    expect(smallest).toContain(7)
    expect(smallest.length).toBeLessThan(8)
  })
})
