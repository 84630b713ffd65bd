import fc from 'fast-check'
import type { FaultSpec } from '../faults/spec.ts'
import { formatDuration } from '../kernel/time.ts'
import { QUEUE_SERVER } from '../queue/server.ts'
import type { SystemParts } from '../service/system.ts'

/** What an arbitrary must know of a system to aim at it. */
export interface Targets {
  /** Names of services. */
  readonly services: readonly string[]
  /** Names of external systems. */
  readonly externals: readonly string[]
  /** Names of all steps that handlers reach in a run without faults. */
  readonly steps: readonly string[]
  readonly brokers: number
  /** Names of other servers that carry events. */
  readonly servers: readonly string[]
  /** What the workload calls one action: `order`. */
  readonly noun: string
  readonly orders: number
}

/** Makes fault plans for a system; shrinks to fewer faults, earlier orders and shorter times. */
export type FaultArbitrary = (targets: Targets) => fc.Arbitrary<FaultSpec[]>

/** The targets of a system. */
export function targetsOf(
  parts: SystemParts,
  steps: readonly string[],
  brokers: number,
  orders: number,
): Targets {
  return {
    services: parts.services.map(({ name }) => name),
    externals: parts.externals.map(({ name }) => name),
    steps: steps.filter((step) => !step.startsWith('users.')),
    brokers,
    servers: parts.topics.some(({ queue }) => queue !== undefined) ? [QUEUE_SERVER] : [],
    noun: parts.workload.noun,
    orders,
  }
}

/** Options of `anyFaults`. */
export interface FaultOptions {
  /** At most so many in one plan. Default: 4. */
  readonly atMost?: number
  /** Only these kinds. Default: all that it knows. */
  readonly kinds?: readonly ('crash' | 'redeliver' | 'partition' | 'slow')[]
}

const millis = (min: number, max: number): fc.Arbitrary<string> =>
  fc.integer({ min, max }).map((value) => formatDuration(value * 1000))

/** A moment while orders are on their way. */
const moment = millis(1, 2_000)

/** Crashes at steps and at moments, redeliveries, partitions and slow links. */
export function anyFaults(options: FaultOptions = {}): FaultArbitrary {
  return (targets) => {
    const kinds = options.kinds ?? ['crash', 'redeliver', 'partition', 'slow']
    const arbitraries = {
      crash: crashes(targets),
      redeliver: redeliveries(targets),
      partition: partitions(targets),
      slow: slownesses(targets),
    }
    const weights = { crash: 4, redeliver: 2, partition: 1, slow: 1 }
    const one = fc.oneof(...kinds.map((kind) => ({ arbitrary: arbitraries[kind], weight: weights[kind] })))
    return fc.array(one, { maxLength: options.atMost ?? 4 })
  }
}

/** A crash where the process that runs a step dies, or of a service at a moment. */
function crashes(targets: Targets): fc.Arbitrary<FaultSpec> {
  const restart = millis(1, 5_000)
  const atStep = fc
    .record({
      step: fc.constantFrom(...targets.steps),
      phase: fc.constantFrom('before', 'after'),
      order: fc.integer({ min: 1, max: targets.orders }),
      restart,
    })
    .map(({ step, phase, order, restart: after }): FaultSpec => {
      const [owner] = step.split('.') as [string]
      const handler = step.slice(owner.length + 1).split(' ')[0]
      const crash = handler === 'relay' ? `${owner}-relay` : owner
      return { crash, at: `${phase} ${step}`, of: `${targets.noun} ${order}`, restart: after }
    })
  const atMoment = fc
    .record({ crash: fc.constantFrom(...targets.services), at: moment, restart })
    .map((fault): FaultSpec => fault)
  return fc.oneof({ arbitrary: atStep, weight: 4 }, { arbitrary: atMoment, weight: 1 })
}

function redeliveries(targets: Targets): fc.Arbitrary<FaultSpec> {
  return fc
    .record({
      redeliver: fc.constantFrom(...targets.services),
      records: fc.integer({ min: 1, max: 3 }),
      at: moment,
    })
    .map((fault): FaultSpec => fault)
}

/** Sides that talk to each other: a service and a broker, or a service and an external system. */
function sides(targets: Targets): fc.Arbitrary<[string, string]> {
  const brokers = Array.from({ length: targets.brokers }, (_, index) => `broker-${index + 1}`)
  return fc.tuple(
    fc.constantFrom(...targets.services),
    fc.constantFrom(...brokers, ...targets.servers, ...targets.externals),
  )
}

function partitions(targets: Targets): fc.Arbitrary<FaultSpec> {
  return fc
    .record({ partition: sides(targets), at: moment, for: millis(1, 5_000) })
    .map((fault): FaultSpec => fault)
}

/** Slow deliveries from a broker: events of different topics overtake each other. */
function slownesses(targets: Targets): fc.Arbitrary<FaultSpec> {
  return fc
    .record({ sides: sides(targets), at: moment, by: millis(1, 3_000), for: millis(1, 3_000) })
    .map(({ sides: [service, other], ...times }): FaultSpec => ({ slow: [other, service], ...times }))
}
