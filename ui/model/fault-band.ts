/** A span of time in which a fault acts on some lanes. */
export interface FaultBand {
  /** Its index in the scenario's faults. */
  readonly index: number
  readonly kind: string
  readonly says: string
  readonly fromMicros: number
  readonly toMicros: number
  /** Processes and services that it acts on. */
  readonly targets: readonly string[]
}
