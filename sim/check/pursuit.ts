import { formatDuration, formatSeconds, type Micros } from '../kernel/time.ts'
import type { Inquiry } from './inquiry.ts'
import type { Finding } from './monitor.ts'
import type { Eventually } from './property.ts'

interface Breach {
  readonly key: string
  readonly message: string
  readonly cause: number
  /** When it held at last; undefined while it does not. */
  mendedMicros: Micros | undefined
}

/**
 * One property on its way to holding in the end. Until its deadline it only notes what changes; it is asked for every
 * key at the deadline, after every change that comes later, and at the end of the run.
 */
export class Pursuit {
  readonly property: Eventually
  private readonly inquiry: Inquiry
  /** The last change of each key. */
  private readonly changes = new Map<string, { atMicros: Micros; cause: number }>()
  /** The deadline has passed. */
  private late = false
  /** The first that did not hold at the deadline or later. */
  private breach: Breach | undefined = undefined

  constructor(property: Eventually, inquiry: Inquiry) {
    this.property = property
    this.inquiry = inquiry
    inquiry.observe(property, (key, cause) => this.changed(key, cause))
  }

  /** Whether its deadline is still to come. */
  get pending(): boolean {
    return !this.late
  }

  /** Its deadline is the present moment: what does not hold now is too late. */
  deadlinePassed(): void {
    this.late = true
    for (const key of this.inquiry.keys(this.property)) {
      if (this.inquiry.holds(this.property, key)) continue
      this.breach = this.breachOf(key)
      return
    }
  }

  /** A fault has struck since, so that its deadline is another one. */
  postponed(): void {
    this.late = false
    this.breach = undefined
  }

  /** How it fared in a run that has ended. @param quiet nothing was left to do; otherwise a budget ended the run */
  judge(calmSinceMicros: Micros, quiet: boolean): Finding {
    const { property, inquiry } = this
    const deadlineMicros = calmSinceMicros + property.withinMicros
    const bound = formatDuration(property.withinMicros)
    const keys = inquiry.keys(property)
    const broken = keys.filter((key) => !inquiry.holds(property, key))
    const [first] = broken
    const breach = this.breach ?? (first === undefined ? undefined : this.breachOf(first))
    if (breach === undefined) {
      return quiet
        ? this.agreement(keys, calmSinceMicros, bound)
        : inconclusive('the run did not come to rest')
    }
    const { key, cause, mendedMicros } = breach
    const nowMicros = inquiry.kernel.nowMicros
    if (this.breach === undefined && !quiet && nowMicros < deadlineMicros) {
      return inconclusive(`the run ended before the bound of ${bound}: ${breach.message}`, key)
    }
    const since = 'after faults and load had ended'
    const message =
      mendedMicros === undefined
        ? `${breach.message}${broken.length > 1 ? ` (one of ${broken.length} that do not hold)` : ''}`
        : `${bound} ${since} ${breach.message}; it held ${formatSeconds(mendedMicros - deadlineMicros)} later`
    return { verdict: 'violated', atMicros: Math.min(deadlineMicros, nowMicros), message, key, cause }
  }

  private changed(key: string, cause: number): void {
    const { property, inquiry, breach } = this
    const atMicros = inquiry.kernel.nowMicros
    this.changes.set(key, { atMicros, cause })
    if (!this.late || (breach !== undefined && breach.key !== key)) return
    const holds = inquiry.holds(property, key)
    if (breach !== undefined) breach.mendedMicros = holds ? (breach.mendedMicros ?? atMicros) : undefined
    else if (!holds && inquiry.keys(property).includes(key)) this.breach = this.breachOf(key)
  }

  private breachOf(key: string): Breach {
    const message = this.inquiry.explain(this.property, key)
    return { key, message, cause: this.changes.get(key)?.cause ?? 0, mendedMicros: undefined }
  }

  /** It held from the last change of any key on, or from its deadline if changes after it did no harm. */
  private agreement(keys: readonly string[], calmSinceMicros: Micros, bound: string): Finding {
    const { withinMicros } = this.property
    const lastMicros = Math.max(0, ...keys.map((key) => this.changes.get(key)?.atMicros ?? 0))
    const took = Math.max(0, lastMicros - calmSinceMicros)
    const convergedMicros = Math.min(took, withinMicros)
    const when = took > withinMicros ? `within ${bound}` : `${(took / 1e6).toFixed(1)} s`
    return {
      verdict: 'pass',
      checkedKeys: keys.length,
      convergedMicros,
      atMicros: Math.min(lastMicros, calmSinceMicros + withinMicros),
      message: `${keys.length} of ${keys.length}, ${when} after faults and load had ended (bound ${bound})`,
      key: undefined,
      cause: 0,
    }
  }
}

function inconclusive(message: string, key?: string): Finding {
  return { verdict: 'inconclusive', atMicros: undefined, message, key, cause: 0 }
}
