import { SimError } from '../kernel/error.ts'
import type { Kernel } from '../kernel/kernel.ts'
import { formatDuration, type Micros } from '../kernel/time.ts'
import type { Always, Eventually, Property } from './property.ts'
import type { View } from './view.ts'

/** How a property fared in one run. */
export interface PropertyResult {
  readonly name: string
  readonly says: string
  readonly kind: Property['kind']
  readonly verdict: 'pass' | 'violated' | 'inconclusive'
  /** Of an eventual property that held: how long after faults and load had ended. */
  readonly convergedMicros?: Micros
  /** When it was first violated, or when what an eventual property reads last changed. */
  readonly atMicros: Micros | undefined
  /** One sentence: what is wrong, or how many keys hold. */
  readonly message: string
  /** The key (order) that shows the breach. */
  readonly key: string | undefined
  /** Trace id of the change that broke it; 0 without a trace. */
  readonly cause: number
}

interface Breach {
  readonly key: string
  readonly atMicros: Micros
  readonly cause: number
  readonly message: string
}

/** Watches the properties of one run. */
export class Monitor {
  private readonly kernel: Kernel
  private readonly view: View
  private readonly properties: readonly Property[]
  private readonly breaches = new Map<Property, Breach>()
  private readonly checkedKeys = new Map<Property, Set<string>>()
  private readonly changes = new Map<Eventually, Map<string, { atMicros: Micros; cause: number }>>()

  constructor(kernel: Kernel, view: View, properties: readonly Property[]) {
    this.kernel = kernel
    this.view = view
    this.properties = properties
    for (const property of properties) {
      if (property.kind === 'always') this.watchAlways(property)
      else this.watchEventually(property)
    }
  }

  /**
   * Judges every property at the end of a run.
   * @param calmSinceMicros when the last fault had healed and the load had stopped
   * @param quiet nothing was left to do; otherwise a budget ended the run
   */
  judge(calmSinceMicros: Micros, quiet: boolean): PropertyResult[] {
    return this.properties.map((property) => {
      const result =
        property.kind === 'always'
          ? this.judgeAlways(property, quiet)
          : this.judgeEventually(property, calmSinceMicros, quiet)
      return { name: property.name, says: property.says, kind: property.kind, ...result }
    })
  }

  private watchAlways(property: Always): void {
    const keys = new Set<string>()
    this.checkedKeys.set(property, keys)
    for (const readable of property.reads) {
      const source = this.view.source(readable)
      source.index(property.per)
      source.observe((row, cause) => {
        if (this.breaches.has(property)) return
        const key = row[property.per] as string
        keys.add(key)
        if (!this.ask(property, key)) {
          const message = this.explain(property, key)
          this.breaches.set(property, { key, atMicros: this.kernel.nowMicros, cause, message })
        }
      })
    }
  }

  private watchEventually(property: Eventually): void {
    const changes = new Map<string, { atMicros: Micros; cause: number }>()
    this.changes.set(property, changes)
    for (const readable of property.reads) {
      const source = this.view.source(readable)
      source.index(property.per)
      source.observe((row, cause) =>
        changes.set(row[property.per] as string, { atMicros: this.kernel.nowMicros, cause }),
      )
    }
  }

  private judgeAlways(property: Always, quiet: boolean): Omit<PropertyResult, 'name' | 'says' | 'kind'> {
    const breach = this.breaches.get(property)
    if (breach !== undefined) return { verdict: 'violated', ...breach }
    const checked = this.checkedKeys.get(property)?.size ?? 0
    return {
      verdict: quiet ? 'pass' : 'inconclusive',
      atMicros: undefined,
      message: `checked for ${checked}`,
      key: undefined,
      cause: 0,
    }
  }

  private judgeEventually(
    property: Eventually,
    calmSinceMicros: Micros,
    quiet: boolean,
  ): Omit<PropertyResult, 'name' | 'says' | 'kind'> {
    const { kernel } = this
    const keys = this.keysOf(property)
    const changes = this.changes.get(property)
    const deadline = calmSinceMicros + property.withinMicros
    const bound = formatDuration(property.withinMicros)
    let lastChange = 0
    for (const key of keys) {
      const change = changes?.get(key)
      const atMicros = change?.atMicros ?? 0
      if (atMicros > lastChange) lastChange = atMicros
      const broken = !this.ask(property, key)
      if (!broken && atMicros <= deadline) continue
      if (broken && !quiet && kernel.nowMicros < deadline) {
        return {
          verdict: 'inconclusive',
          atMicros: undefined,
          message: `the run ended before the bound of ${bound}`,
          key,
          cause: 0,
        }
      }
      const late = `it held only ${formatDuration(atMicros - calmSinceMicros)} after faults and load had ended (bound ${bound})`
      const message = broken ? this.explain(property, key) : `${key}: ${late}`
      return {
        verdict: 'violated',
        atMicros: Math.min(deadline, kernel.nowMicros),
        message,
        key,
        cause: change?.cause ?? 0,
      }
    }
    if (!quiet)
      return {
        verdict: 'inconclusive',
        atMicros: undefined,
        message: 'the run did not come to rest',
        key: undefined,
        cause: 0,
      }
    const after = Math.max(0, lastChange - calmSinceMicros)
    const message = `${keys.length} of ${keys.length}, ${(after / 1e6).toFixed(1)} s after faults and load had ended (bound ${bound})`
    return {
      verdict: 'pass',
      convergedMicros: after,
      atMicros: lastChange,
      message,
      key: undefined,
      cause: 0,
    }
  }

  private keysOf(property: Eventually): readonly string[] {
    try {
      return property.keys(this.view.read)
    } catch (error) {
      this.kernel.fail(propertyError(property, error))
      return []
    }
  }

  private ask(property: Property, key: string): boolean {
    try {
      return property.holds(this.view.read, key)
    } catch (error) {
      this.kernel.fail(propertyError(property, error))
      return true
    }
  }

  private explain(property: Property, key: string): string {
    try {
      return property.explain(this.view.read, key)
    } catch (error) {
      this.kernel.fail(propertyError(property, error))
      return ''
    }
  }
}

function propertyError(property: Property, error: unknown): SimError {
  if (error instanceof SimError) return error
  return new SimError(
    'handler',
    `property '${property.name}' threw: ${error instanceof Error ? error.message : String(error)}`,
  )
}
