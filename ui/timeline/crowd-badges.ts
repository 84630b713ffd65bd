import { grouped as digits } from '../model/format.ts'
import { type Badge, type Box, placeBetween } from './badge-places.ts'
import { type Scene, xOf } from './scene.ts'

/** Something that came more than once and is counted together with others. */
export interface Crowd {
  readonly id: number
  readonly row: number
  readonly unit: number
  /** Whether the story does not tell of it. */
  readonly dim: boolean
}

/** How many came more than once in a part of a lane. */
export interface CrowdBadge extends Badge {
  readonly count: number
  readonly dim: boolean
  /** Where they lie. */
  readonly fromUnit: number
  readonly toUnit: number
}

/** What is counted together is at least so many pixels wide, or wider where there are many lanes. */
const LEAST_WIDTH = 110
const MOST_BADGES = 60

/** Counts what came more than once by lane and place: there is a badge wherever there is one of them. */
export function crowdBadges(scene: Scene, crowd: readonly Crowd[], others: readonly Box[]): CrowdBadge[] {
  const { viewport, width, rows } = scene
  const wide = Math.max(LEAST_WIDTH, (width * rows.length) / MOST_BADGES)
  // Fixed to the axis, so that nothing jumps while one moves along it.
  const span = 2 ** Math.ceil(Math.log2(((viewport.toUnit - viewport.fromUnit) / width) * wide))
  const placed: CrowdBadge[] = []
  for (const ofRow of grouped(crowd, ({ row }) => row).values())
    placed.push(...badgesOfRow(scene, ofRow, span, [...others, ...placed]))
  return placed
}

/** Where they do not all find room, more are counted together; where even one finds none, there is none. */
function badgesOfRow(
  scene: Scene,
  crowd: readonly Crowd[],
  span: number,
  others: readonly Box[],
): CrowdBadge[] {
  const placed: CrowdBadge[] = []
  const bins = grouped(crowd, ({ unit }) => Math.floor(unit / span))
  for (const bin of bins.values()) {
    const { id, row } = bin[0] as Crowd
    const fromUnit = bin.reduce((least, { unit }) => Math.min(least, unit), Number.POSITIVE_INFINITY)
    const toUnit = bin.reduce((most, { unit }) => Math.max(most, unit), 0)
    const text = `${digits(bin.length)} again`
    const x = xOf(scene, (fromUnit + toUnit) / 2)
    const place = placeBetween(scene, { x, row, text }, [...others, ...placed])
    if (place === undefined) return bins.size === 1 ? [] : badgesOfRow(scene, crowd, span * 2, others)
    const dim = bin.every((each) => each.dim)
    placed.push({ id, text, ...place, count: bin.length, dim, fromUnit, toUnit })
  }
  return placed
}

function grouped(
  crowd: readonly Crowd[],
  by: (each: Crowd) => number,
): ReadonlyMap<number, readonly Crowd[]> {
  const groups = new Map<number, Crowd[]>()
  for (const each of crowd) {
    const group = groups.get(by(each))
    if (group === undefined) groups.set(by(each), [each])
    else group.push(each)
  }
  return groups
}
