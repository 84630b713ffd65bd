import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { BAD_DEVIATION, heatOf } from '../../ui/model/effect-heat.ts'
import type { EffectRow } from '../../ui/model/effects.ts'
import { DOUBLE_CHARGE, recorded } from './recordings.ts'

const anyRow: fc.Arbitrary<EffectRow> = fc
  .record({
    entity: fc.constantFrom('', ...Array.from({ length: 30 }, (_, at) => `order-${at}`)),
    event: fc.nat({ max: 1_000 }),
    deviation: fc.constantFrom(0, 0, 0, 1, 11, 100, 211),
  })
  .map(({ entity, event, deviation }) => ({
    entity,
    operation: 'OrderCreated → payment',
    produced: 1,
    attempts: [{ event, committed: true, effects: [] }],
    handled: 1,
    effects: {},
    deviation,
  }))

describe('the strip over the effects', () => {
  it('[V61] has every order once, as they came, in no more cells than there is room for', () => {
    fc.assert(
      fc.property(fc.array(anyRow, { maxLength: 80 }), fc.integer({ min: 1, max: 40 }), (rows, most) => {
        const cells = heatOf(rows, most)
        expect(cells.length).toBeLessThanOrEqual(most)
        const named = cells.flatMap(({ entities }) => entities)
        const firstOf = (entity: string): number =>
          Math.min(
            ...rows.filter((row) => row.entity === entity).map(({ attempts }) => attempts[0]?.event ?? 0),
          )
        expect(new Set(named)).toEqual(new Set(rows.map(({ entity }) => entity).filter(Boolean)))
        expect(new Set(named).size).toBe(named.length)
        const firsts = named.map(firstOf)
        expect(firsts).toEqual([...firsts].sort((left, right) => left - right))
        for (const { entities, deviation } of cells) {
          const own = rows.filter(({ entity }) => entities.includes(entity))
          expect(deviation).toBe(Math.max(...own.map((row) => row.deviation)))
        }
      }),
    )
  })

  it('[V61] shows the order that was charged twice as the worst', async () => {
    const { view } = await recorded(DOUBLE_CHARGE)
    const worst = heatOf(view.effects, 80).filter(({ deviation }) => deviation >= BAD_DEVIATION)
    expect(worst.map(({ entities }) => entities)).toEqual([['order-2']])
  })
})
