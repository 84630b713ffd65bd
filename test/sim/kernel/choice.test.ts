import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { Choices, keyedHash, laneName } from '../../../sim/kernel/choice.ts'
import { combine, scale } from '../../../sim/kernel/mix.ts'
import { rootKey } from '../../../sim/kernel/seed.ts'
import type { Tape } from '../../../sim/kernel/tape.ts'
import { avalancheBias, repetitionBound, repetitions } from '../../fixtures/spread.ts'

const SPAN = 2 ** 21

/** A draw: which site, about which entity. */
type Draw = readonly [site: string, entity: string]

const drawArbitrary: fc.Arbitrary<Draw> = fc.tuple(
  fc.constantFrom('latency a→b', 'latency b→a', 'work'),
  fc.constantFrom('order-1', 'order-2', 'order-3'),
)

/** The values drawn by each lane, in order. */
function valuesByLane(choices: Choices, draws: readonly Draw[], bound = SPAN): Map<string, number[]> {
  const values = new Map<string, number[]>()
  for (const [site, entity] of draws) {
    const name = laneName(site, entity)
    const value = choices.choose(choices.site(site), choices.entity(entity), bound)
    values.set(name, [...(values.get(name) ?? []), value])
  }
  return values
}

/** The two words of the key that choices of a site about an entity share. */
function keyOf(choices: Choices, site: string, entity: string): readonly [low: number, high: number] {
  const [at, about] = [choices.site(site), choices.entity(entity)]
  return [combine(at.low, about.low), combine(at.high, about.high)]
}

const of = (seed: number, tape?: Tape, record = false): Choices => new Choices(rootKey(seed), tape, record)

describe('keyed choices', () => {
  it('[K3] a value depends on seed, site, entity and occurrence alone, whatever else is drawn between', () => {
    fc.assert(
      fc.property(fc.nat(9), fc.array(drawArbitrary), fc.array(drawArbitrary), (seed, draws, more) => {
        const alone = valuesByLane(of(seed), draws)
        const interleaved = draws.flatMap((draw, index) => {
          const other = more[index]
          return other === undefined ||
            draws.some(([site, entity]) => site === other[0] && entity === other[1])
            ? [draw]
            : [other, draw]
        })
        const among = valuesByLane(of(seed), interleaved)
        for (const [name, values] of alone) expect(among.get(name)).toEqual(values)
      }),
    )
  })

  it('[K3] one more draw of a lane shifts no occurrence before it', () => {
    fc.assert(
      fc.property(fc.array(drawArbitrary), drawArbitrary, (draws, one) => {
        const before = valuesByLane(of(1), draws)
        const after = valuesByLane(of(1), [...draws, one])
        for (const [name, values] of before) expect(after.get(name)?.slice(0, values.length)).toEqual(values)
      }),
    )
  })

  it('[K3] each part of the key matters', () => {
    const base = valuesByLane(of(1), [
      ['work', 'order-1'],
      ['work', 'order-1'],
    ]).get('work | order-1') as number[]
    const [otherSeed] = valuesByLane(of(2), [['work', 'order-1']]).values()
    const [otherSite] = valuesByLane(of(1), [['wait', 'order-1']]).values()
    const [otherEntity] = valuesByLane(of(1), [['work', 'order-2']]).values()
    const [swapped] = valuesByLane(of(1), [['order-1', 'work']]).values()
    const values = [...base, ...[otherSeed, otherSite, otherEntity, swapped].map((drawn) => drawn?.[0])]
    expect(new Set(values).size).toBe(values.length)
  })

  it('[K3] a value is the hash of its key, scaled to the bound', () => {
    fc.assert(
      fc.property(drawArbitrary, fc.integer({ min: 1, max: SPAN }), ([site, entity], bound) => {
        const made = of(1)
        const [low, high] = keyOf(made, site, entity)
        const expected = [0, 1, 2].map((occurrence) => scale(keyedHash(low, high, occurrence), bound))
        expect(expected.map(() => made.choose(made.site(site), made.entity(entity), bound))).toEqual(expected)
      }),
    )
  })

  it('[K5] both words of a key depend on each part of it', () => {
    const lanes = [
      [1, 'work', 'order-1'],
      [2, 'work', 'order-1'],
      [1, 'wait', 'order-1'],
      [1, 'work', 'order-2'],
    ] as const
    const words = lanes.flatMap(([seed, site, entity]) => keyOf(of(seed), site, entity))
    expect(new Set(words).size).toBe(2 * lanes.length)
  })

  it('[K3] a value lies within its bound', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: SPAN }), fc.array(drawArbitrary), (bound, draws) => {
        for (const values of valuesByLane(of(1), draws, bound).values()) {
          for (const value of values)
            expect(Number.isInteger(value) && value >= 0 && value < bound).toBe(true)
        }
      }),
    )
  })

  it('[K3] every value of a small bound is about as frequent as the others', () => {
    const choices = of(7)
    const counts = new Array<number>(10).fill(0)
    for (let entity = 0; entity < 100; entity++) {
      for (let draw = 0; draw < 1_000; draw++) {
        const value = choices.choose(choices.site('work'), choices.entity(`order-${entity}`), 10)
        counts[value] = (counts[value] ?? 0) + 1
      }
    }
    // Six standard deviations of 100,000 throws of a ten-sided die.
    for (const count of counts) expect(Math.abs(count - 10_000)).toBeLessThan(6 * Math.sqrt(9_000))
  })

  it('[K4] the tape overrides what it says, the seed decides the rest, and values out of bounds are clamped', () => {
    const draws: Draw[] = [
      ['work', 'order-1'],
      ['work', 'order-1'],
      ['work', 'order-1'],
      ['work', 'order-2'],
    ]
    const free = valuesByLane(of(1), draws, 100)
    const tape = new Map([['work | order-1', [42, 1_000]]])
    const forced = valuesByLane(of(1, tape), draws, 100)
    expect(forced.get('work | order-1')).toEqual([42, 99, free.get('work | order-1')?.[2]])
    expect(forced.get('work | order-2')).toEqual(free.get('work | order-2'))
  })

  it('[K4] a recorded tape holds every choice and repeats it under any seed', () => {
    fc.assert(
      fc.property(fc.nat(99), fc.nat(99), fc.array(drawArbitrary), (seed, other, draws) => {
        const recording = of(seed, undefined, true)
        const drawn = valuesByLane(recording, draws)
        const tape = recording.tape() as Tape
        expect(new Map(tape)).toEqual(drawn)
        expect(valuesByLane(of(other, tape), draws)).toEqual(drawn)
      }),
    )
    expect(of(1).tape()).toBeUndefined()
  })

  it('[K4] an empty tape leaves every choice to the seed', () => {
    const draws: Draw[] = [['work', 'order-1']]
    expect(valuesByLane(of(3, new Map()), draws)).toEqual(valuesByLane(of(3), draws))
  })

  it('[K3] counters count up by name and entity, and shift no choice of a lane of the same name', () => {
    const counting = of(1, undefined, true)
    const count = (name: string, entity: string) => counting.count(name, counting.entity(entity))
    const counted = [
      count('id', 'order-1'),
      count('id', 'order-1'),
      count('id', 'order-2'),
      count('other', 'order-1'),
    ]
    expect(counted).toEqual([1, 2, 1, 1])
    expect(counting.tape()).toEqual(new Map())
    expect(valuesByLane(counting, [['id', 'order-1']])).toEqual(valuesByLane(of(1), [['id', 'order-1']]))
    expect(count('id', 'order-1')).toBe(3)
  })
})

/** A hash of (site, entity, occurrence), as choices make it or as they must not. */
type Hash = (site: number, entity: number, occurrence: number) => number

const choices = of(1)
const keyed: Hash = (site, entity, occurrence) => {
  const [low, high] = keyOf(choices, `site-${site}`, `order-${entity}`)
  return keyedHash(low, high, occurrence)
}
/** What the collision test exists to refuse. */
const additive: Hash = (site, entity, occurrence) =>
  (Math.imul(site, 0x9e3779b1) + Math.imul(entity, 0x85ebca6b) + Math.imul(occurrence, 0xc2b2ae35)) | 0

const grids = [
  { name: 'one order, many sites', sites: 1_024, entities: 1, occurrences: 1_024 },
  { name: 'one site, many orders', sites: 1, entities: 16_384, occurrences: 64 },
  { name: 'a few of each', sites: 64, entities: 128, occurrences: 128 },
  { name: 'one site, first occurrences', sites: 4, entities: 262_144, occurrences: 1 },
]

/** The hashes of a grid, and the differences between neighbouring occurrences of a lane. */
function sweep(hash: Hash, grid: (typeof grids)[number]): { hashes: Int32Array; steps: Int32Array } {
  const hashes = new Int32Array(2 ** 20)
  const steps = new Int32Array(2 ** 20)
  let index = 0
  for (let site = 0; site < grid.sites; site++) {
    for (let entity = 0; entity < grid.entities; entity++) {
      for (let occurrence = 0; occurrence < grid.occurrences; occurrence++, index++) {
        hashes[index] = hash(site, entity, occurrence)
        steps[index] = hash(site, entity, occurrence + 1) - (hashes[index] as number)
      }
    }
  }
  return { hashes, steps }
}

/** How many squares of two sites and two entities sum to zero: every one under an additive hash. */
function zeroSquares(hash: Hash): number {
  let zero = 0
  for (let site = 0; site < 500; site++) {
    for (let entity = 0; entity < 500; entity++) {
      const across = hash(site, entity, 0) - hash(site, entity + 1, 0)
      if (((across - hash(site + 1, entity, 0) + hash(site + 1, entity + 1, 0)) | 0) === 0) zero++
    }
  }
  return zero
}

describe('the hash behind keyed choices', () => {
  it.each(grids)(
    '[K5] 2^20 hashes of $name collide no more often than those of a random function',
    (grid) => {
      const { hashes, steps } = sweep(keyed, grid)
      expect(repetitions(hashes)).toBeLessThan(repetitionBound(hashes.length))
      expect(repetitions(steps)).toBeLessThan(repetitionBound(steps.length))
    },
  )

  it('[K5] no sum of hashes of neighbouring keys vanishes', () => expect(zeroSquares(keyed)).toBe(0))

  it('[K5] these measures refuse an additive hash', () => {
    expect(zeroSquares(additive)).toBe(250_000)
    for (const grid of grids) {
      const { hashes, steps } = sweep(additive, grid)
      const worst = Math.max(repetitions(hashes), repetitions(steps))
      expect(worst, grid.name).toBeGreaterThan(repetitionBound(steps.length))
    }
  })

  it('[K5] every bit of a lane and of the occurrence flips every bit of the hash half of the time', () => {
    const words = Array.from({ length: 4_096 }, (_, index) => Math.imul(index, 0x01000193))
    const fair = 6 * (0.5 / Math.sqrt(words.length))
    const bias = (hash: (word: number, flip: number) => number) =>
      avalancheBias(words.map((word) => (flip) => hash(word, flip)))
    expect(bias((word, flip) => keyedHash(word ^ flip, word + 1, 3))).toBeLessThan(fair)
    expect(bias((word, flip) => keyedHash(word, (word + 1) ^ flip, 3))).toBeLessThan(fair)
    expect(bias((word, flip) => keyedHash(word, word + 1, word ^ flip))).toBeLessThan(fair)
  })
})
