import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { stairPath } from '../../ui/model/stair-path.ts'
import type { Step } from '../../ui/model/staircase.ts'

const WIDTH = 200

const stepsFrom = (pairs: readonly (readonly [wait: number, offset: number])[]): Step[] => {
  let at = 0
  return pairs.map(([wait, offset], index) => {
    at += wait
    return { event: index + 1, atMicros: at, offset }
  })
}

const draw = (steps: readonly Step[]): string =>
  stairPath(
    steps,
    ({ atMicros }) => atMicros / 10,
    (offset) => offset,
    WIDTH,
  )

/** The places that a path goes through, as heights by half pixels from the left. */
function heightsOf(path: string): Map<number, number[]> {
  const found = new Map<number, number[]>()
  let [x, y] = [0, 0]
  for (const [, command = '', first = '', second = ''] of path.matchAll(/([MHV]) ([\d.]+)(?: ([\d.]+))?/g)) {
    if (command === 'M') [x, y] = [Number(first), Number(second)]
    if (command === 'H') x = Number(first)
    if (command === 'V') y = Number(first)
    const column = Math.round(x * 2)
    found.set(column, [...(found.get(column) ?? []), y])
  }
  return found
}

const anySteps = fc
  .array(fc.tuple(fc.oneof(fc.constant(0), fc.nat(3), fc.nat(60)), fc.nat(50)), { maxLength: 400 })
  .map(stepsFrom)

describe('the line of a staircase', () => {
  it('[V13] is as long as the picture is wide, however many steps there are', () => {
    const steps = stepsFrom(Array.from({ length: 50_000 }, (_, at) => [at % 25 === 0 ? 1 : 0, at % 97]))
    const path = draw(steps)
    expect(path.match(/[HV]/g)?.length).toBeLessThan(WIDTH * 2 + 10)
    expect(path.endsWith(`H ${WIDTH}`)).toBe(true)
  })

  it('[V13] goes through every step that is seen, or past it within two pixels', () => {
    fc.assert(
      fc.property(anySteps, (steps) => {
        const heights = heightsOf(draw(steps))
        for (const { atMicros, offset } of steps) {
          const column = Math.round((atMicros / 10) * 2)
          if (atMicros / 10 > WIDTH) continue
          const near = [-4, -3, -2, -1, 0, 1, 2, 3, 4].flatMap((each) => heights.get(column + each) ?? [])
          expect(Math.min(...near)).toBeLessThanOrEqual(offset)
          expect(Math.max(...near)).toBeGreaterThanOrEqual(offset)
        }
      }),
    )
  })

  it('[V13] is drawn step by step where there is room, also down', () => {
    const path = draw(
      stepsFrom([
        [100, 1],
        [100, 2],
        [100, 0],
        [100, 3],
      ]),
    )
    expect(path).toBe('M 0 0.0 H 0.0 V 0.0 H 10.0 V 1.0 H 20.0 V 2.0 H 30.0 V 0.0 H 40.0 V 3.0 H 200')
  })
})
