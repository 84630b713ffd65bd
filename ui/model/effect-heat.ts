import type { EffectRow } from './effects.ts'

/** How far neighbours are from "exactly once". */
export interface HeatCell {
  /** Orders one after another, in the order in which they came. */
  readonly entities: readonly string[]
  /** That of the one which is furthest from it. */
  readonly deviation: number
}

/** From here on something was done too often outside. */
export const BAD_DEVIATION = 100

/** All that effects concern, in the order in which it came, in no more cells than there is room for. */
export function heatOf(rows: readonly EffectRow[], most: number): HeatCell[] {
  const found = new Map<string, { first: number; deviation: number }>()
  for (const { entity, attempts, deviation } of rows) {
    if (entity === '') continue
    const first = attempts[0]?.event ?? 0
    const known = found.get(entity)
    if (known === undefined) found.set(entity, { first, deviation })
    else {
      known.first = Math.min(known.first, first)
      known.deviation = Math.max(known.deviation, deviation)
    }
  }
  const all = [...found].sort(([, left], [, right]) => left.first - right.first)
  const size = Math.max(1, Math.ceil(all.length / most))
  return Array.from({ length: Math.ceil(all.length / size) }, (_, at) => {
    const own = all.slice(at * size, (at + 1) * size)
    return {
      entities: own.map(([entity]) => entity),
      deviation: Math.max(...own.map(([, { deviation }]) => deviation)),
    }
  })
}
