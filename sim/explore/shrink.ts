import type { FaultSpec } from '../faults/spec.ts'
import type { Tape } from '../kernel/tape.ts'
import { type PreparedSystem, type RunResult, runGenerated } from '../run/run.ts'
import type { Scenario } from '../run/scenario.ts'
import { ddmin } from './ddmin.ts'

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
  readonly property?: string
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

/**
 * Makes a failing scenario as small as it gets: first its faults, then its orders, then its faults again, until
 * nothing can go. Every candidate is a run of the same seed and tape; smaller means fewer faults or fewer orders.
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
  return shrinker.shrink()
}

/** The violated property that counts: rather one that was not expected to be. */
function violatedOf({ properties }: RunResult, { expect }: Scenario): string | undefined {
  const violated = properties.filter(({ verdict }) => verdict === 'violated').map(({ name }) => name)
  return violated.find((name) => expect[name] !== 'violated') ?? violated[0]
}

function violates({ verdict, properties }: RunResult, name: string): boolean {
  return (
    verdict === 'violated' &&
    properties.some((property) => property.name === name && property.verdict === 'violated')
  )
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
  private readonly known = new Map<string, boolean>()

  constructor(
    prepared: PreparedSystem,
    scenario: Scenario,
    seed: number,
    property: string,
    options: ShrinkOptions,
  ) {
    this.prepared = prepared
    this.before = scenario
    this.best = scenario
    this.seed = seed
    this.property = property
    this.options = options
  }

  async shrink(): Promise<Shrunk> {
    let size: string
    do {
      size = sizeOf(this.best)
      await this.fewerFaults()
      await this.fewerOrders()
    } while (sizeOf(this.best) !== size && !this.exhausted)
    return this.result()
  }

  private async fewerFaults(): Promise<void> {
    await ddmin(this.best.faults, (faults) => this.accept({ ...this.best, faults }))
  }

  /** Orders go from the end: the nth order does the same whatever was to come after it. */
  private async fewerOrders(): Promise<void> {
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
    await this.accept({ ...this.best, faults: renumbered, workload: { ...this.best.workload, orders } })
  }

  private acceptOrders(orders: number): Promise<boolean> {
    return this.accept({ ...this.best, workload: { ...this.best.workload, orders } })
  }

  /** Takes a smaller scenario if it still violates the property. */
  private async accept(candidate: Scenario): Promise<boolean> {
    const fails = await this.fails(candidate)
    if (fails) {
      this.best = candidate
      this.options.progress?.({
        runs: this.runs,
        faults: candidate.faults.length,
        orders: candidate.workload.orders,
      })
    }
    return fails
  }

  private async fails(candidate: Scenario): Promise<boolean> {
    const key = sizeOf(candidate)
    const known = this.known.get(key)
    if (known !== undefined) return known
    const result = await this.attempt(candidate, this.options.tape)
    if (result === undefined) return false
    const fails = violates(result, this.property)
    this.known.set(key, fails)
    return fails
  }

  private async attempt(scenario: Scenario, tape: Tape | undefined): Promise<RunResult | undefined> {
    if (this.runs >= (this.options.maxRuns ?? DEFAULT_MAX_RUNS)) {
      this.exhausted = true
      return undefined
    }
    this.runs++
    return runGenerated(this.prepared, scenario, this.seed, { tape })
  }

  private async result(): Promise<Shrunk> {
    const { best, before, property } = this
    const { exhausted } = this
    const again = await runGenerated(this.prepared, best, this.seed, {})
    const withTape = await runGenerated(this.prepared, best, this.seed, { tape: this.options.tape })
    this.runs += 2
    const faults: NeededFault[] = []
    for (const [index, spec] of best.faults.entries()) {
      const without = { ...best, faults: best.faults.filter((_, other) => other !== index) }
      const needed = !(await this.fails(without)) && this.known.has(sizeOf(without))
      faults.push({ spec, description: withTape.faults[index]?.description ?? '', needed })
    }
    return {
      scenario: best,
      property,
      message: withTape.properties.find(({ name }) => name === property)?.message ?? '',
      runs: this.runs,
      faultsBefore: before.faults.length,
      ordersBefore: before.workload.orders,
      faults,
      bySeedAlone: violates(again, property),
      exhausted,
    }
  }
}

/** The number of the order that a fault speaks of, which must exist; 0 when it speaks of none. */
function lastOrderOf({ of }: FaultSpec): number {
  return Number(/\d+$/.exec(of ?? '')?.[0] ?? 0)
}

/** What shrinking changes in a scenario, as a key. */
function sizeOf({ faults, workload }: Scenario): string {
  return JSON.stringify([faults, workload.orders])
}
