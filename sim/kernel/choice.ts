import { avalanche, combine, hashText, scale } from './mix.ts'
import type { RootKey } from './seed.ts'
import type { Tape } from './tape.ts'

/** A place that chooses: "latency payment-1→broker-2". */
export interface ChoiceSite {
  /** Addresses what an entity keeps for this site. */
  readonly index: number
  readonly name: string
  /** Two words: hash of the root key and the name. */
  readonly low: number
  readonly high: number
}

/** Two hashes of the name of a site. */
interface NameHashes {
  readonly low: number
  readonly high: number
}

/** The same names come in every run; a name's hashes never change, so that keeping them cannot influence one. */
const nameHashes = new Map<string, NameHashes>()
const MOST_NAMES = 10_000

function hashesOf(name: string): NameHashes {
  let hashes = nameHashes.get(name)
  if (hashes === undefined) {
    hashes = { low: hashText(name, 0x6a09e667), high: hashText(name, 0xbb67ae85 | 0) }
    if (nameHashes.size < MOST_NAMES) nameHashes.set(name, hashes)
  }
  return hashes
}

/** What a choice is about: an order or another correlation id, or a process. */
export class Entity {
  readonly name: string
  readonly low: number
  readonly high: number
  /** Choices made, by site index. */
  readonly made: number[]
  /** What was counted about it, by the index of the counter. */
  counted: number[] | undefined = undefined
  /** Where the tape is read and written, by site index; undefined in a run without a tape. */
  lanes: (Lane | undefined)[] | undefined = undefined

  constructor(name: string, made: number[]) {
    this.name = name
    this.made = made
    this.low = hashText(name, 0x3c6ef372)
    this.high = hashText(name, 0x510e527f)
  }
}

/** What the tape says and hears of the choices of one site about one entity. */
interface Lane {
  readonly forced: readonly number[] | undefined
  readonly recorded: number[] | undefined
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
  private readonly taped: boolean
  private readonly sites = new Map<string, ChoiceSite>()
  private readonly entities = new Map<string, Entity>()
  /** The index of each counter, by its name. */
  private readonly counters = new Map<string, number>()
  /** A zero for each site so far: what a new entity has made of each. */
  private readonly zeros: number[] = []

  constructor(root: RootKey, forced: Tape | undefined, record: boolean) {
    this.root = root
    this.forced = forced !== undefined && forced.size > 0 ? forced : undefined
    this.recording = record ? new Map() : undefined
    this.taped = this.forced !== undefined || record
  }

  /** Names a site; equal names are one site. */
  site(name: string): ChoiceSite {
    let site = this.sites.get(name)
    if (site === undefined) {
      const hashes = hashesOf(name)
      const low = combine(this.root.low, hashes.low)
      const high = combine(this.root.high, hashes.high)
      site = { index: this.sites.size, name, low, high }
      this.sites.set(name, site)
      this.zeros.push(0)
    }
    return site
  }

  /** Names an entity; equal names are one entity. */
  entity(name: string): Entity {
    let entity = this.entities.get(name)
    if (entity === undefined) {
      entity = new Entity(name, this.zeros.slice())
      this.entities.set(name, entity)
    }
    return entity
  }

  /** The next choice of this site about this entity: an integer in [0, bound), 1 ≤ bound ≤ 2^21. */
  choose(site: ChoiceSite, entity: Entity, bound: number): number {
    const { made } = entity
    const { index } = site
    while (made.length <= index) made.push(0)
    const occurrence = made[index] as number
    made[index] = occurrence + 1
    const hash = keyedHash(combine(site.low, entity.low), combine(site.high, entity.high), occurrence)
    const value = scale(hash, bound)
    return this.taped ? this.viaTape(site, entity, occurrence, value, bound) : value
  }

  /** Counts something about an entity, from 1: no choice, so that it shifts none. @param name equal names are one counter */
  count(name: string, entity: Entity): number {
    let index = this.counters.get(name)
    if (index === undefined) {
      index = this.counters.size
      this.counters.set(name, index)
    }
    entity.counted ??= []
    const count = (entity.counted[index] ?? 0) + 1
    entity.counted[index] = count
    return count
  }

  /** The choices made so far; undefined unless recording. */
  tape(): Tape | undefined {
    if (this.recording === undefined) return undefined
    const lanes = [...this.recording]
    return new Map(lanes.sort(([left], [right]) => (left < right ? -1 : 1)))
  }

  /** What the tape says of a choice, or else its value; written to the tape that is recorded. */
  private viaTape(
    site: ChoiceSite,
    entity: Entity,
    occurrence: number,
    value: number,
    bound: number,
  ): number {
    const lane = entity.lanes?.[site.index] ?? this.open(site, entity)
    const forced = lane.forced?.[occurrence]
    const chosen = forced === undefined ? value : Math.min(forced, bound - 1)
    lane.recorded?.push(chosen)
    return chosen
  }

  private open(site: ChoiceSite, entity: Entity): Lane {
    const name = laneName(site.name, entity.name)
    const recorded = this.recording === undefined ? undefined : []
    if (recorded !== undefined) this.recording?.set(name, recorded)
    const lane = { forced: this.forced?.get(name), recorded }
    entity.lanes ??= []
    entity.lanes[site.index] = lane
    return lane
  }
}

/** The hash behind the nth choice of a site about an entity; exported for the collision test. */
export function keyedHash(low: number, high: number, occurrence: number): number {
  return avalanche(avalanche(low ^ Math.imul(occurrence + 1, 0x9e3779b1)) + high)
}
