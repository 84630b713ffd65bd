import { avalanche, combine, hashText, scale } from './mix.ts'
import type { RootKey } from './seed.ts'
import type { Tape } from './tape.ts'

/** A place that chooses: "latency payment-1→broker-2". Its index addresses the lanes of an entity. */
export interface ChoiceSite {
  readonly index: number
  readonly name: string
  readonly low: number
  readonly high: number
}

/** What a choice is about: an order or another correlation id, or a process. */
export class Entity {
  readonly name: string
  readonly id: number
  readonly low: number
  readonly high: number
  /** Lanes by site index. */
  readonly lanes: (Lane | undefined)[] = []

  constructor(name: string, id: number) {
    this.name = name
    this.id = id
    this.low = hashText(name, 0x3c6ef372)
    this.high = hashText(name, 0x510e527f)
  }
}

/** The choices of one site about one entity, by occurrence. */
class Lane {
  readonly low: number
  readonly high: number
  readonly forced: readonly number[] | undefined
  readonly recorded: number[] | undefined
  /** Choices made. */
  count = 0
  /** Occurrences counted without a choice: of their own, so that they shift no choice. */
  counted = 0

  constructor(
    low: number,
    high: number,
    forced: readonly number[] | undefined,
    recorded: number[] | undefined,
  ) {
    this.low = low
    this.high = high
    this.forced = forced
    this.recorded = recorded
  }
}

/** The name under which a tape files a lane. */
export function laneName(site: string, entity: string): string {
  return `${site} | ${entity}`
}

/**
 * Every nondeterministic decision of a run. A choice is keyed by (site, entity, occurrence): its value is a hash of
 * the seed and that key unless the tape says otherwise, so one more message shifts no other choice.
 */
export class Choices {
  private readonly root: RootKey
  private readonly forced: Tape | undefined
  private readonly recording: Map<string, number[]> | undefined
  private readonly sites = new Map<string, ChoiceSite>()
  private readonly entities = new Map<string, Entity>()

  constructor(root: RootKey, forced: Tape | undefined, record: boolean) {
    this.root = root
    this.forced = forced !== undefined && forced.size > 0 ? forced : undefined
    this.recording = record ? new Map() : undefined
  }

  /** Names a site; equal names are one site. */
  site(name: string): ChoiceSite {
    let site = this.sites.get(name)
    if (site === undefined) {
      site = {
        index: this.sites.size,
        name,
        low: hashText(name, 0x6a09e667),
        high: hashText(name, 0xbb67ae85 | 0),
      }
      this.sites.set(name, site)
    }
    return site
  }

  /** Names an entity; equal names are one entity. */
  entity(name: string): Entity {
    let entity = this.entities.get(name)
    if (entity === undefined) {
      entity = new Entity(name, this.entities.size)
      this.entities.set(name, entity)
    }
    return entity
  }

  /** The next choice of this site about this entity: an integer in [0, bound), 1 ≤ bound ≤ 2^21. */
  choose(site: ChoiceSite, entity: Entity, bound: number): number {
    let lane = entity.lanes[site.index]
    if (lane === undefined) lane = this.open(site, entity)
    const occurrence = lane.count++
    const entry = lane.forced?.[occurrence]
    const value =
      entry === undefined
        ? scale(keyedHash(lane.low, lane.high, occurrence), bound)
        : Math.min(entry, bound - 1)
    if (lane.recorded !== undefined) lane.recorded.push(value)
    return value
  }

  /** How often this site was asked about this entity: a stable counter for ids. */
  occurrence(site: ChoiceSite, entity: Entity): number {
    let lane = entity.lanes[site.index]
    if (lane === undefined) lane = this.open(site, entity)
    return ++lane.counted
  }

  /** The choices made so far; undefined unless recording. */
  tape(): Tape | undefined {
    if (this.recording === undefined) return undefined
    const lanes = [...this.recording].filter(([, values]) => values.length > 0)
    return new Map(lanes.sort(([left], [right]) => (left < right ? -1 : 1)))
  }

  private open(site: ChoiceSite, entity: Entity): Lane {
    let forced: readonly number[] | undefined
    let recorded: number[] | undefined
    if (this.forced !== undefined || this.recording !== undefined) {
      const name = laneName(site.name, entity.name)
      forced = this.forced?.get(name)
      if (this.recording !== undefined) {
        recorded = []
        this.recording.set(name, recorded)
      }
    }
    const low = combine(combine(this.root.low, site.low), entity.low)
    const high = combine(combine(this.root.high, site.high), entity.high)
    const lane = new Lane(low, high, forced, recorded)
    entity.lanes[site.index] = lane
    return lane
  }
}

/** The hash behind the nth choice of a lane; exported for the collision test. */
export function keyedHash(low: number, high: number, occurrence: number): number {
  return avalanche(avalanche(low ^ Math.imul(occurrence + 1, 0x9e3779b1)) + high)
}
