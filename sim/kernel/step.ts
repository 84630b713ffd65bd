import type { ArmedFault } from './fault.ts'

/** The two places of a step where a fault can strike: before it has any effect, and after its result came back. */
export type Phase = 'before' | 'after'

const operationNames: string[] = []
const operationNumbers = new Map<string, number>()

/**
 * The number of an operation name; equal names are one operation. Numbers only address sites in memory: they depend on
 * what the process did before and must not reach a value, an order or a digest.
 */
export function operationNumber(name: string): number {
  let number = operationNumbers.get(name)
  if (number === undefined) {
    number = operationNames.length
    operationNames.push(name)
    operationNumbers.set(name, number)
  }
  return number
}

/** The name of an operation number. */
export function operationName(number: number): string {
  return operationNames[number] as string
}

/** A named operation of a handler: `payment.OrderCreated provider.charge`. */
export class StepSite {
  readonly service: string
  readonly handler: string
  readonly operation: string
  /** How often handlers have reached it. */
  passes = 0
  /** Faults aimed here; undefined in all but a few sites, which keeps unaimed steps free. */
  before: ArmedFault[] | undefined = undefined
  after: ArmedFault[] | undefined = undefined

  constructor(service: string, handler: string, operation: string) {
    this.service = service
    this.handler = handler
    this.operation = operation
  }

  /** As scenario files name it. */
  get name(): string {
    return `${this.service}.${this.handler} ${this.operation}`
  }
}

/**
 * Whether a pattern of a scenario file means this step. A pattern is an operation (`provider.charge`), or one with
 * its service (`payment provider.charge`) or its service and handler (`payment.OrderCreated provider.charge`); in the
 * place of the operation `*` means all of them.
 */
export function matchesStep(pattern: string, site: StepSite): boolean {
  const { service, operation } = site
  const owner = `${service}.${site.handler}`
  if (pattern === operation || pattern === '*') return true
  // Nearly always it means another: then no names are made.
  if (!pattern.startsWith(service)) return false
  return [service, owner].some((prefix) => pattern === `${prefix} ${operation}` || pattern === `${prefix} *`)
}
