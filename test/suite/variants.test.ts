import { describe, expect, it } from 'vitest'
import { CHAOS, ordealOf } from '../fixtures/variant-chaos.ts'
import { VARIANTS } from '../fixtures/variants.ts'

/** A few seeds here; `npm run check:variants` makes a thousand. */
const SEEDS = 8

describe('random crashes, pauses and redeliveries', () => {
  it.each(VARIANTS)('[PT1] leave the $pattern "$name" clean', { timeout: 120_000 }, async (variant) => {
    const { struck, failures } = await ordealOf(variant, [1, SEEDS])
    expect(failures).toEqual([])
    const kinds = variant.consumers.length === 0 ? CHAOS.filter((kind) => kind !== 'redeliver') : CHAOS
    for (const kind of kinds) expect(struck[kind]).toBeGreaterThan(0)
  })
})
