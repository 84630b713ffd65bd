import type { FaultSpec } from '../faults/spec.ts'
import type { Tape } from '../kernel/tape.ts'
import type { DurationText } from '../kernel/time.ts'
import { type PreparedSystem, prepare, type RunResult, runGenerated } from '../run/run.ts'
import { actionsOf, type Scenario, type WorkloadSpec } from '../run/scenario.ts'
import { choices, ddmin } from './ddmin.ts'
import { placesNear, stronger, wider } from './other-faults.ts'
import { plainerFaults, plainerSettings } from './simpler.ts'

/** How far a shrink is. */
export interface ShrinkProgress {
  readonly runs: number
  readonly faults: number
  readonly orders: number
}

/** How to shrink. */
export interface ShrinkOptions {
  /** The choices of the failing run, repeated tolerantly in every candidate. */
  readonly tape?: Tape | undefined
  /** The property that must stay violated; default: the first that is. */
  readonly property?: string | undefined
  /** How many runs at most. Default: 500. */
  readonly maxRuns?: number
  /** Hears of every smaller scenario. */
  readonly progress?: (progress: ShrinkProgress) => void
}

/** A fault that is left, and what happens without it. */
export interface NeededFault {
  readonly spec: FaultSpec
  readonly description: string
  /** The property does not fail without it: tried. False only when the runs ran out before that could be tried. */
  readonly needed: boolean
}

/** The smallest scenario found that still violates the same property. */
export interface Shrunk {
  readonly scenario: Scenario
  readonly property: string
  /** What the property says about it. */
  readonly message: string
  readonly runs: number
  readonly faultsBefore: number
  readonly ordersBefore: number
  readonly faults: readonly NeededFault[]
  /** The seed alone gives this violation, without the tape: a scenario file says it all. */
  readonly bySeedAlone: boolean
  /** No run was left to try something smaller. */
  readonly exhausted: boolean
}

const DEFAULT_MAX_RUNS = 500
/** So many sizes of the workload are tried one by one from the smallest; of more, as in a search for the first that fails. */
const MAX_LINEAR_ORDERS = 24
/** With so many orders and more it is not tried whether other times and places would do. */
const MOST_ELSEWHERE = 3
/** So short a time lies between orders that may meet. */
const CLOSE: DurationText = '1ms'
/** So many faults at most are chosen anew: of more there are too many choices. */
const MOST_OTHER_FAULTS = 2

/**
 * Makes a failing scenario as small as it gets: fewer faults, fewer orders, fewer settings of its cluster, load and params
 * that differ from the defaults, plainer faults, until nothing can go. Every candidate is a run of the same seed and tape,
 * and counts if the same property breaks for the same key; only where orders are left out may it be another one's.
 * @returns undefined when the scenario violates no property
 */
export async function shrink(
  prepared: PreparedSystem,
  scenario: Scenario,
  seed: number,
  options: ShrinkOptions = {},
): Promise<Shrunk | undefined> {
  const first = await runGenerated(prepared, scenario, seed, { tape: options.tape, recordTape: true })
  const property = options.property ?? violatedOf(first, scenario)
  if (property === undefined || !violates(first, property)) return undefined
  const shrinker = new Shrinker(prepared, scenario, seed, property, {
    ...options,
    tape: options.tape ?? first.tape,
  })
  return shrinker.shrink(breachOf(first, property)?.key)
}

/** The violated property that counts: rather one that was not expected to be. */
function violatedOf({ properties }: RunResult, { expect }: Scenario): string | undefined {
  const violated = properties.filter(({ verdict }) => verdict === 'violated').map(({ name }) => name)
  return violated.find((name) => expect[name] !== 'violated') ?? violated[0]
}

function violates(result: RunResult, name: string): boolean {
  return breachOf(result, name) !== undefined
}

/** The key for which a run violates a property; undefined when it does not. */
function breachOf(
  { verdict, properties }: RunResult,
  name: string,
): { readonly key: string | undefined } | undefined {
  if (verdict !== 'violated') return undefined
  return properties.find((property) => property.name === name && property.verdict === 'violated')
}

class Shrinker {
  private best: Scenario
  private runs = 1
  private exhausted = false
  private readonly before: Scenario
  private readonly prepared: PreparedSystem
  private readonly seed: number
  private readonly property: string
  private readonly options: ShrinkOptions
  /** The key that shows the breach in the best scenario so far. */
  private key: string | undefined = undefined
  /** For each scenario tried, the key for which the property broke; undefined where it did not. */
  private readonly known = new Map<string, { readonly key: string | undefined } | undefined>()
  private readonly systems = new Map<string, PreparedSystem>()

  constructor(
    prepared: PreparedSystem,
    scenario: Scenario,
    seed: number,
    property: string,
    options: ShrinkOptions,
  ) {
    this.prepared = prepared
    this.systems.set(JSON.stringify(scenario.params), prepared)
    this.before = scenario
    this.best = scenario
    this.seed = seed
    this.property = property
    this.options = options
  }

  async shrink(key: string | undefined): Promise<Shrunk> {
    this.key = key
    let size: string
    do {
      size = sizeOf(this.best)
      await this.fewerFaults()
      await this.fewerOrders()
      await this.otherOrders()
      await this.fewerSettings()
      await this.plainerFaults()
    } while ((sizeOf(this.best) !== size || (await this.elsewhere())) && !this.exhausted)
    return this.result()
  }

  /** Where nothing can be left out any more, something else may be smaller. */
  private async elsewhere(): Promise<boolean> {
    return (await this.otherFaults()) || (await this.otherTimes()) || (await this.otherPlaces())
  }

  /**
   * Where no fault can be left out any more, a smaller choice of those that there were may still do, in what the scenario was
   * before; perhaps if they last longer, or hit all instances and brokers instead of one.
   */
  private async otherFaults(): Promise<boolean> {
    const most = Math.min(this.best.faults.length - 1, MOST_OTHER_FAULTS)
    const { faults } = this.before
    const lists = [faults, faults.map(stronger), faults.map(stronger).map(wider)]
    for (let count = 1; count <= most; count++)
      for (const list of lists)
        for (const chosen of choices(list, count))
          if (await this.accept({ ...this.before, faults: chosen }, true)) return true
    return false
  }

  /**
   * Where no order can be left out any more, fewer may do if they come close together and nothing is left to chance, perhaps
   * without the faults that made them meet.
   */
  private async otherTimes(): Promise<boolean> {
    const { workload, cluster } = this.best
    const numbers = numbersOf(workload)
    const close = { ...workload, every: CLOSE }
    const sure = { ...cluster, latency: 'constant' } as const
    for (const faults of this.best.faults.length === 0 ? [[]] : [[], this.best.faults])
      for (let count = 1; count < Math.min(numbers.length, MOST_ELSEWHERE); count++)
        for (const taken of choices(numbers, count)) {
          const isTaken = (number: number): boolean => number === 0 || taken.includes(number)
          if (!faults.map(lastOrderOf).every(isTaken)) continue
          const candidate = { ...this.best, faults, cluster: sure, workload: takingOnly(close, taken) }
          if (await this.accept(candidate, true)) return true
        }
    return false
  }

  /**
   * Where no order can be left out any more, fewer may do if a fault strikes elsewhere: it may have hit at just that moment
   * what the others only lead up to. Tried are the steps of the services at which it strikes and which it hits.
   */
  private async otherPlaces(): Promise<boolean> {
    const { best } = this
    const actions = actionsOf(best.workload)
    if (actions < 2 || best.faults.length === 0) return false
    const steps = (await this.attempt(best, this.options.tape))?.steps ?? []
    for (let orders = 1; orders < Math.min(actions, MOST_ELSEWHERE); orders++)
      for (const [index, fault] of best.faults.entries())
        for (const place of placesNear(fault, steps)) {
          const { of: _of, nth: _nth, ...members } = fault
          const aimed = best.faults.map((other, at) => (at === index ? { ...members, at: place } : other))
          const faults = aimed.filter((other) => lastOrderOf(other) <= orders)
          const workload = { orders, every: best.workload.every }
          if (await this.accept({ ...best, faults, workload }, true)) return true
        }
    return false
  }

  private async fewerFaults(): Promise<void> {
    await ddmin(this.best.faults, (faults) => this.accept({ ...this.best, faults }))
  }

  private async fewerSettings(): Promise<void> {
    let tried = ''
    while (tried !== sizeOf(this.best) && !this.exhausted) {
      tried = sizeOf(this.best)
      for (const candidate of plainerSettings(this.best))
        if (sizeOf(candidate) !== tried && (await this.accept(candidate))) break
    }
  }

  private async plainerFaults(): Promise<void> {
    for (const index of this.best.faults.keys()) {
      while (!this.exhausted && (await this.plainerFault(index)));
    }
  }

  private async plainerFault(index: number): Promise<boolean> {
    const { best } = this
    for (const plainer of plainerFaults(best.faults[index] as FaultSpec)) {
      const faults = best.faults.map((fault, other) => (other === index ? plainer : fault))
      if (await this.accept({ ...best, faults })) return true
    }
    return false
  }

  /** Orders go from the end: the nth order does the same whatever was to come after it. */
  private async fewerOrders(): Promise<void> {
    if (this.best.workload.only !== undefined) return
    await this.renumber()
    const { orders } = this.best.workload
    let low = Math.max(1, ...this.best.faults.map(lastOrderOf))
    if (orders - low <= MAX_LINEAR_ORDERS) {
      while (low < orders && !(await this.acceptOrders(low))) low++
      return
    }
    let high = orders
    while (low < high) {
      const middle = Math.floor((low + high) / 2)
      if (await this.acceptOrders(middle)) high = middle
      else low = middle + 1
    }
  }

  /** Earlier orders are left out in their place: the others come when they did, and do the same by their number. */
  private async otherOrders(): Promise<void> {
    if (this.best.workload.orders > MAX_LINEAR_ORDERS) return
    await ddmin(numbersOf(this.best.workload), async (taken) => {
      const { best } = this
      const isTaken = (number: number): boolean => number === 0 || taken.includes(number)
      if (taken.length === 0 || !best.faults.map(lastOrderOf).every(isTaken)) return false
      return this.accept({ ...best, workload: takingOnly(best.workload, taken) }, true)
    })
  }

  /** Tries the faults of later orders at the first ones, so that fewer orders are needed to reach them. */
  private async renumber(): Promise<void> {
    const numbers = [...new Set(this.best.faults.map(lastOrderOf))]
      .filter((number) => number > 0)
      .sort((left, right) => left - right)
    const renumbered = this.best.faults.map((fault): FaultSpec => {
      const number = numbers.indexOf(lastOrderOf(fault)) + 1
      return number === 0 ? fault : { ...fault, of: fault.of?.replace(/\d+$/, String(number)) }
    })
    const orders = numbers.length
    if (orders === 0 || numbers.at(-1) === orders) return
    await this.accept({ ...this.best, faults: renumbered, workload: { ...this.best.workload, orders } }, true)
  }

  private acceptOrders(orders: number): Promise<boolean> {
    return this.accept({ ...this.best, workload: { ...this.best.workload, orders } }, true)
  }

  /** Takes a smaller scenario if it still violates the property. @param anyKey for whatever key */
  private async accept(candidate: Scenario, anyKey = false): Promise<boolean> {
    const breach = await this.breach(candidate)
    if (breach === undefined || (breach.key !== this.key && !anyKey)) return false
    this.best = candidate
    this.key = breach.key
    this.options.progress?.({
      runs: this.runs,
      faults: candidate.faults.length,
      orders: actionsOf(candidate.workload),
    })
    return true
  }

  /** How a scenario violates the property; undefined when it does not, or when no run is left to try it. */
  private async breach(candidate: Scenario): Promise<{ readonly key: string | undefined } | undefined> {
    const size = sizeOf(candidate)
    if (this.known.has(size)) return this.known.get(size)
    const result = await this.attempt(candidate, this.options.tape)
    if (result === undefined) return undefined
    const breach = breachOf(result, this.property)
    this.known.set(size, breach && { key: breach.key })
    return breach
  }

  private async attempt(scenario: Scenario, tape: Tape | undefined): Promise<RunResult | undefined> {
    if (this.runs >= (this.options.maxRuns ?? DEFAULT_MAX_RUNS)) {
      this.exhausted = true
      return undefined
    }
    this.runs++
    try {
      return await this.run(scenario, tape)
    } catch {
      // A candidate on which the simulator itself fails shows nothing of the property.
      return undefined
    }
  }

  private run(scenario: Scenario, tape: Tape | undefined): Promise<RunResult> {
    const params = JSON.stringify(scenario.params)
    let system = this.systems.get(params)
    if (system === undefined) {
      system = prepare(this.prepared.system, scenario.params)
      this.systems.set(params, system)
    }
    return runGenerated(system, scenario, this.seed, { tape })
  }

  private async result(): Promise<Shrunk> {
    const { best, before, property } = this
    const { exhausted } = this
    const again = await this.run(best, undefined)
    const withTape = await this.run(best, this.options.tape)
    this.runs += 2
    const faults: NeededFault[] = []
    for (const [index, spec] of best.faults.entries()) {
      const without = { ...best, faults: best.faults.filter((_, other) => other !== index) }
      const needed = (await this.breach(without)) === undefined && this.known.has(sizeOf(without))
      faults.push({ spec, description: withTape.faults[index]?.description ?? '', needed })
    }
    return {
      scenario: best,
      property,
      message: withTape.properties.find(({ name }) => name === property)?.message ?? '',
      runs: this.runs,
      faultsBefore: before.faults.length,
      ordersBefore: actionsOf(before.workload),
      faults,
      bySeedAlone: violates(again, property),
      exhausted,
    }
  }
}

/** The numbers of the actions of a workload. */
function numbersOf({ orders, only }: WorkloadSpec): readonly number[] {
  return only ?? Array.from({ length: orders }, (_, index) => index + 1)
}

/** A workload with these of its actions. */
function takingOnly({ every }: WorkloadSpec, numbers: readonly number[]): WorkloadSpec {
  const orders = numbers.at(-1) ?? 0
  return { orders, every, ...(numbers.length === orders ? {} : { only: numbers }) }
}

/** The number of the order that a fault speaks of, which must exist; 0 when it speaks of none. */
function lastOrderOf({ of }: FaultSpec): number {
  return Number(/\d+$/.exec(of ?? '')?.[0] ?? 0)
}

/** What shrinking changes in a scenario, as a key. */
function sizeOf({ faults, workload, cluster, params, budget }: Scenario): string {
  return JSON.stringify([faults, workload, cluster, params, budget])
}
