import type { RunView } from '../model/run-view.ts'
import { type Axis, HIDDEN } from './scene.ts'

/** Buckets of the finest level, where there is memory for so many. */
const FINEST = 1 << 15
const COARSEST = 1 << 5
/** Buckets of all lanes at the finest level. */
const MOST_SLOTS = 1 << 21

/** Events of all lanes in buckets of equal width, in levels of which each halves the number of buckets. */
export class Pyramid {
  readonly lanes: number
  private readonly lengthUnits: number
  private readonly levels: {
    readonly buckets: number
    readonly counts: Uint32Array
    readonly tops: Uint32Array
  }[] = []

  constructor(run: RunView, { units, lengthUnits }: Axis, mask: Uint8Array) {
    const { columns } = run.recording
    this.lanes = columns.lanes.length
    this.lengthUnits = lengthUnits
    let finest = FINEST
    while (finest > COARSEST && finest * this.lanes > MOST_SLOTS) finest /= 2
    const counts = new Uint32Array(this.lanes * finest)
    const tops = new Uint32Array(this.lanes * finest)
    const { weights } = run.looks
    for (let id = 1; id <= columns.count; id++) {
      if (mask[id] === HIDDEN) continue
      const slot = (columns.lane[id] as number) * finest + bucketOf(units[id] as number, lengthUnits, finest)
      counts[slot] = (counts[slot] as number) + 1
      const top = tops[slot] as number
      if (top === 0 || (weights[id] as number) > (weights[top] as number)) tops[slot] = id
    }
    this.levels.push({ buckets: finest, counts, tops })
    for (let buckets = finest / 2; buckets >= COARSEST; buckets /= 2) this.coarser(buckets, weights)
  }

  /** The coarsest level whose buckets are no wider than so many units. */
  levelFor(unitsWide: number): number {
    let level = 0
    while (
      level + 1 < this.levels.length &&
      this.lengthUnits / (this.levels[level + 1]?.buckets as number) <= unitsWide
    )
      level++
    return level
  }

  bucketsAt(level: number): number {
    return this.levels[level]?.buckets as number
  }

  /** How many events of a lane are in a bucket. */
  count(level: number, lane: number, bucket: number): number {
    const { counts, buckets } = this.levels[level] as (typeof this.levels)[number]
    return counts[lane * buckets + bucket] as number
  }

  /** The weightiest event of a lane in a bucket; 0 for none. */
  top(level: number, lane: number, bucket: number): number {
    const { tops, buckets } = this.levels[level] as (typeof this.levels)[number]
    return tops[lane * buckets + bucket] as number
  }

  /** Where a bucket begins, in units. */
  startOf(level: number, bucket: number): number {
    return (bucket / this.bucketsAt(level)) * this.lengthUnits
  }

  private coarser(buckets: number, weights: Uint8Array): void {
    const finer = this.levels.at(-1) as (typeof this.levels)[number]
    const counts = new Uint32Array(this.lanes * buckets)
    const tops = new Uint32Array(this.lanes * buckets)
    for (let slot = 0; slot < counts.length; slot++) {
      const [left, right] = [finer.tops[slot * 2] as number, finer.tops[slot * 2 + 1] as number]
      counts[slot] = (finer.counts[slot * 2] as number) + (finer.counts[slot * 2 + 1] as number)
      const heavier = right !== 0 && (weights[right] as number) > (weights[left] as number)
      tops[slot] = left === 0 || heavier ? right : left
    }
    this.levels.push({ buckets, counts, tops })
  }
}

/** The bucket of a place. */
export function bucketOf(unit: number, lengthUnits: number, buckets: number): number {
  return Math.min(buckets - 1, Math.max(0, Math.floor((unit / lengthUnits) * buckets)))
}
