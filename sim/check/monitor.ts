import type { Kernel } from '../kernel/kernel.ts'
import type { Micros } from '../kernel/time.ts'
import { Inquiry } from './inquiry.ts'
import type { Always, Property, Sometimes } from './property.ts'
import { Pursuit } from './pursuit.ts'
import type { View } from './view.ts'

/** How a property fared in one run. */
export interface PropertyResult {
  readonly name: string
  readonly says: string
  readonly kind: Property['kind']
  readonly verdict: 'pass' | 'violated' | 'inconclusive'
  /** Of an eventual property that held: how long after faults and load had ended, at most. */
  readonly convergedMicros?: Micros
  /** When it was first violated, or from when on it held. */
  readonly atMicros: Micros | undefined
  /** One sentence: what is wrong, or how many keys hold. */
  readonly message: string
  /** Of a property that held: for how many keys it was asked. */
  readonly checkedKeys?: number
  /** The key (order) that shows the breach. */
  readonly key: string | undefined
  /** Of a property that was violated: names of what it reads. */
  readonly reads?: readonly string[]
  /** Trace id of the change that broke it; 0 without a trace. */
  readonly cause: number
}

/** A result without what the property says of itself. */
export type Finding = Omit<PropertyResult, 'name' | 'says' | 'kind'>

/** What is said of something that has not come true in a run: that is no breach. */
const NOT_REACHED: Finding = {
  verdict: 'pass',
  checkedKeys: 0,
  message: 'did not come true in this run',
  atMicros: undefined,
  key: undefined,
  cause: 0,
}

/** Watches the properties of one run. */
export class Monitor {
  private readonly inquiry: Inquiry
  private readonly properties: readonly Property[]
  private readonly breaches = new Map<Property, Finding>()
  private readonly reached = new Map<Property, Finding>()
  private readonly checkedKeys = new Map<Property, Set<string>>()
  private readonly pursuits = new Map<Property, Pursuit>()
  private calmSince: () => Micros = () => Number.POSITIVE_INFINITY

  constructor(kernel: Kernel, view: View, properties: readonly Property[]) {
    this.inquiry = new Inquiry(kernel, view)
    this.properties = properties
    for (const property of properties) {
      if (property.kind === 'always') this.watchAlways(property)
      else if (property.kind === 'sometimes') this.watchSometimes(property)
      else this.pursuits.set(property, new Pursuit(property, this.inquiry))
    }
  }

  /**
   * Begins to ask what must hold in the end when its deadline passes.
   * @param calmSince when the last fault will have healed and the load has ended, as known so far; Infinity while it goes on
   */
  follow(calmSince: () => Micros): void {
    this.calmSince = calmSince
    this.watchDeadlines(0)
  }

  /** A fault has struck: what must hold in the end has more time. */
  disturbed(): void {
    for (const pursuit of this.pursuits.values()) pursuit.postponed()
    this.watchDeadlines(this.inquiry.kernel.nowMicros)
  }

  /**
   * Judges every property at the end of a run.
   * @param calmSinceMicros when the last fault had healed and the load had stopped
   * @param quiet nothing was left to do; otherwise a budget ended the run
   */
  judge(calmSinceMicros: Micros, quiet: boolean): PropertyResult[] {
    return this.properties.map((property) => {
      const { name, says, kind } = property
      const pursued = this.pursuits.get(property)?.judge(calmSinceMicros, quiet)
      const finding = pursued ?? this.reached.get(property) ?? this.judgeAlways(property, quiet)
      const result = { name, says, kind, ...finding }
      return finding.verdict === 'violated'
        ? { ...result, reads: property.reads.map((readable) => readable.name) }
        : result
    })
  }

  private watchAlways(property: Always): void {
    const { inquiry } = this
    const keys = new Set<string>()
    this.checkedKeys.set(property, keys)
    inquiry.observe(property, (key, cause) => {
      if (this.breaches.has(property)) return
      keys.add(key)
      if (inquiry.holds(property, key)) return
      const message = inquiry.explain(property, key)
      const atMicros = inquiry.kernel.nowMicros
      this.breaches.set(property, { verdict: 'violated', key, atMicros, cause, message })
    })
  }

  private watchSometimes(property: Sometimes): void {
    const { inquiry } = this
    this.reached.set(property, NOT_REACHED)
    inquiry.observe(property, (key, cause) => {
      if (this.reached.get(property) !== NOT_REACHED || !inquiry.holds(property, key)) return
      const atMicros = inquiry.kernel.nowMicros
      const message = `came true for ${key}`
      this.reached.set(property, { verdict: 'pass', checkedKeys: 1, message, atMicros, key, cause })
    })
  }

  private judgeAlways(property: Property, quiet: boolean): Finding {
    const breach = this.breaches.get(property)
    if (breach !== undefined) return breach
    const checked = this.checkedKeys.get(property)?.size ?? 0
    return {
      verdict: quiet ? 'pass' : 'inconclusive',
      atMicros: undefined,
      message: `checked for ${checked}${checked === 0 ? ': nothing that it reads has changed' : ''}`,
      checkedKeys: checked,
      key: undefined,
      cause: 0,
    }
  }

  /** Has itself called before the first event after the next deadline, or after the earliest that it can be. */
  private watchDeadlines(nowMicros: Micros): void {
    const known = this.calmSince()
    const calmSince = known === Number.POSITIVE_INFINITY ? nowMicros : known
    const pending = [...this.pursuits.values()].filter((pursuit) => pursuit.pending)
    const nextMicros = calmSince + Math.min(...pending.map(({ property }) => property.withinMicros))
    this.inquiry.kernel.watch(nextMicros, (eventMicros) => {
      for (const pursuit of pending) {
        if (this.calmSince() + pursuit.property.withinMicros <= nextMicros) pursuit.deadlinePassed()
      }
      // What is not calm yet is not before the next event: a short bound is not counted out until then.
      this.watchDeadlines(eventMicros)
    })
  }
}
