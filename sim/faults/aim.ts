import type { SamplingStream } from '../kernel/seed.ts'
import { type DurationText, formatDuration, readDuration } from '../kernel/time.ts'

/** What faults can be aimed at in a system: plain data, found by running it once without faults. */
export interface Targets {
  /** Names of services. */
  readonly services: readonly string[]
  /** Names of instances without which their services go on: the last one of each that has several. */
  readonly spares: readonly string[]
  /** Names of external systems. */
  readonly externals: readonly string[]
  /** Names of databases. */
  readonly databases: readonly string[]
  /** Names of those of them that have replication slots. */
  readonly slotted: readonly string[]
  /** Names of key-value stores. */
  readonly stores: readonly string[]
  /** Names of all steps that handlers reach in a run without faults. */
  readonly steps: readonly string[]
  readonly brokers: number
  /** Machines that may lose what they have not flushed before something acknowledged is lost with them. */
  readonly dispensableMachines: number
  /** Replicas of a partition, where there are as many brokers. */
  readonly replicas: number
  /** Names of other servers that carry events. */
  readonly servers: readonly string[]
  /** What the workload calls one action: `order`. */
  readonly noun: string
  readonly orders: number
  /** Until when there is something to disturb: the end of a run without faults. */
  readonly horizon: DurationText
}

/** A point of a step: where a fault can strike, and what a process is doing there. */
export interface Place {
  readonly step: string
  readonly phase: 'before' | 'after'
}

/** The members of a fault's entry besides the trigger's. */
export type Members = Readonly<Record<string, unknown>>

/** Draws what a plan leaves open: from a stream, or always the typical value. */
export interface Draw {
  /** A whole number from min to max. */
  between(min: number, max: number): number
  /** One of a list; the first is the typical one. */
  oneOf<Item>(items: readonly [Item, ...Item[]]): Item
  /** A duration in whole milliseconds between two: short ones as often as long ones. */
  duration(min: DurationText, max: DurationText): DurationText
}

/** Draws from a stream. */
export function drawFrom(stream: SamplingStream): Draw {
  return drawBy((bound) => stream.below(bound))
}

/** Draws what dice say. @param below a whole number from 0 and below a bound; the lower the more typical */
export function drawBy(below: (bound: number) => number): Draw {
  const between = (min: number, max: number): number => min + below(max - min + 1)
  return {
    between,
    oneOf: (items) => items[below(items.length)] as (typeof items)[0],
    duration: (min, max) => {
      const [least, most] = [millis(min), millis(max)]
      const octave = between(octaveOf(least), octaveOf(most))
      const value = between(1 << octave, 2 * (1 << octave) - 1)
      return formatDuration(Math.min(most, Math.max(least, value)) * 1_000)
    },
  }
}

/** Draws nothing: the typical value of everything, for strategies that do not leave anything to chance. */
export const typical: Draw = {
  between: (min) => min,
  oneOf: ([first]) => first,
  duration: (_min, max) => max,
}

/** The service whose handler or relay runs a step: `payment` of `payment.OrderCreated provider.charge`. */
export function serviceOf(step: string): string {
  return step.slice(0, step.indexOf('.'))
}

/** The database of the service whose handler or relay runs a step. */
export function databaseOf(step: string): string {
  return `${serviceOf(step)}-db`
}

/**
 * The process that runs a step, or the service of which some instance does: a relay is a process of its own, and what is
 * durable is so at the database.
 */
export function runnerOf(step: string): string {
  if (step.endsWith(' tx.durable')) return databaseOf(step)
  const service = serviceOf(step)
  return step.startsWith(`${service}.relay `) ? `${service}-relay` : service
}

/** The process from which the load comes. */
export const USERS = 'users'

/** Names of the brokers. */
export function brokersOf({ brokers }: Targets): string[] {
  return Array.from({ length: brokers }, (_, index) => `broker-${index + 1}`)
}

/** The largest power of two that is not above a number. */
function octaveOf(value: number): number {
  return 31 - Math.clz32(value)
}

function millis(duration: DurationText): number {
  return Math.max(1, Math.round((readDuration(duration) ?? 0) / 1_000))
}
