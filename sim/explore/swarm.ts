import { type Draw, drawFrom, type Targets } from '../faults/aim.ts'
import { NEVER } from '../faults/crash.ts'
import type { FaultKind } from '../faults/fault.ts'
import { FAULT_KINDS, faultKindOf } from '../faults/registry.ts'
import type { FaultSpec } from '../faults/spec.ts'
import type { KafkaSettings } from '../kafka/config.ts'
import { samplingStream } from '../kernel/seed.ts'
import { type DurationText, durationMicros, formatDuration } from '../kernel/time.ts'
import { isRefused } from '../run/client-problems.ts'
import { DEFAULT_CLUSTER, DEFAULT_WORKLOAD, type Scenario } from '../run/scenario.ts'
import type { ClientSettings } from '../service/client-settings.ts'
import { aimableKinds, drawFault, hasRoomFor, weightedSteps } from './plan.ts'

/** A scenario with everything drawn that its file leaves open. */
export interface Sampled {
  readonly scenario: Scenario
  /** What was drawn, a word or two each: by these a campaign says what brings a failure out and what keeps it in. */
  readonly features: readonly string[]
}

/** Whether clients and so many brokers take a configuration. */
type Suits = (kafka: KafkaSettings, brokers: number) => boolean

/** Faults of a plan at most. */
const MOST_FAULTS = 16
/** Draws of values that go together, before those that do not are what there is. */
const MOST_DRAWS = 100
/** In so many draws one leaves something as it is. */
const LEFT_ALONE = 2

/** Settings of Kafka that no right system depends on, with values other than the default. */
const KAFKA_CHOICES = {
  'group.protocol': ['consumer'],
  'session.timeout.ms': [10_000],
  'max.poll.records': [1, 3],
  'linger.ms': [0, 20],
  'max.in.flight.requests.per.connection': [1],
  'min.insync.replicas': [2],
} as const satisfies {
  readonly [Name in keyof KafkaSettings]: readonly [KafkaSettings[Name], ...KafkaSettings[Name][]]
}

const INTERVALS: readonly [DurationText, ...DurationText[]] = ['1ms', '20ms', '1s']

/**
 * Swarm testing (Groce et al., ISSTA 2012): each seed draws which kinds of faults are on and how strongly, and also
 * topology, latencies, batch sizes, time-outs and load. What a scenario has bounds for is drawn within them; what else it
 * says otherwise than the default stays as it says, its faults included; the rest is drawn.
 */
export function swarm(
  base: Scenario,
  targets: Targets,
  clients: readonly ClientSettings[],
): (seed: number) => Sampled {
  const steps = weightedSteps(targets)
  const suits: Suits = (kafka, brokers) => !isRefused(kafka, brokers, clients)
  return (seed) => sample(base, targets, steps, seed, suits)
}

function sample(
  base: Scenario,
  targets: Targets,
  steps: readonly string[],
  seed: number,
  suits: Suits,
): Sampled {
  const features: string[] = []
  const workload = sampleWorkload(base, drawFrom(samplingStream(seed, 'swarm workload')), features)
  const cluster = sampleCluster(base, drawFrom(samplingStream(seed, 'swarm cluster')), features, suits)
  const minInsync = cluster.kafka['min.insync.replicas']
  const drawn = {
    ...targets,
    brokers: cluster.brokers,
    orders: workload.orders,
    dispensableMachines: minInsync === undefined ? targets.dispensableMachines : minInsync - 1,
    horizon: formatDuration(
      durationMicros(targets.horizon) + durationMicros(workload.every) * workload.orders,
    ),
  }
  const healing = samplePlan(base, drawn, steps, drawFrom(samplingStream(seed, 'swarm faults')), features)
  // Whoever says which kinds of faults or how many there may be means all of them.
  const isBounded = base.explore.faults !== undefined || base.explore.atMost !== undefined
  const dead = isBounded
    ? []
    : sampleLoss(drawn, [...base.faults, ...healing], drawFrom(samplingStream(seed, 'swarm loss')), features)
  const plan = [...healing, ...dead]
  const scenario = { ...base, workload, cluster, faults: [...base.faults, ...plan], explore: {} }
  return { scenario, features }
}

function sampleWorkload(
  { workload, faults, explore }: Scenario,
  draw: Draw,
  features: string[],
): Scenario['workload'] {
  // A fault of the scenario, or its choice of orders, may speak of any of them.
  const bound = drawnFrom(explore.orders, draw)
  const fewer =
    bound === undefined &&
    faults.length === 0 &&
    draw.between(1, LEFT_ALONE) > 1 &&
    workload.only === undefined
  const orders = bound ?? (fewer ? draw.between(1, workload.orders) : workload.orders)
  let every = drawnFrom(explore.every, draw) ?? workload.every
  if (explore.every === undefined && every === DEFAULT_WORKLOAD.every && draw.between(1, LEFT_ALONE) > 1)
    every = draw.oneOf(INTERVALS)
  if (orders < workload.orders) features.push(orders === 1 ? 'one order' : 'fewer orders')
  if (every !== workload.every) features.push(`every ${every}`)
  return { ...workload, orders, every }
}

function sampleCluster(
  { cluster, explore }: Scenario,
  draw: Draw,
  features: string[],
  suits: Suits,
): Scenario['cluster'] {
  const drawn = { ...cluster }
  if (explore.brokers !== undefined) drawn.brokers = draw.oneOf(listed(explore.brokers))
  else if (cluster.brokers === DEFAULT_CLUSTER.brokers) drawn.brokers = draw.oneOf([3, 3, 3, 3, 1, 5])
  if (explore.scheduling !== undefined) drawn.scheduling = draw.oneOf(listed(explore.scheduling))
  else if (cluster.scheduling === DEFAULT_CLUSTER.scheduling)
    drawn.scheduling = draw.oneOf(['random', 'random', 'random', 'fifo'])
  if (explore.latency !== undefined) drawn.latency = draw.oneOf(listed(explore.latency))
  else if (cluster.latency === DEFAULT_CLUSTER.latency)
    drawn.latency = draw.oneOf(['usual', 'usual', 'long-tailed', 'slow', 'constant'])
  // Always another object: what is known of a configuration is known by its object.
  let kafka = cluster.kafka as Readonly<Record<string, unknown>>
  for (const [name, values] of Object.entries(explore.kafka ?? {})) {
    const value = draw.oneOf(listed(values as readonly unknown[]))
    const others = (values as readonly unknown[]).filter((other) => other !== value)
    // Bounds may have values that do not go together: another one of the list may.
    const withOne = (one: unknown): typeof kafka => ({ ...kafka, [name]: one })
    kafka = withOne([value, ...others].find((one) => suits(withOne(one), drawn.brokers)) ?? value)
  }
  // One after another they may not have come together, though there are values that do.
  for (let draws = 0; draws < MOST_DRAWS && !suits(kafka, drawn.brokers); draws++) {
    const others = Object.entries(explore.kafka ?? {}).map(([name, values]) => [
      name,
      draw.oneOf(listed(values as readonly unknown[])),
    ])
    kafka = { ...cluster.kafka, ...Object.fromEntries(others) }
  }
  // One broker cannot have what three can: a drawn number of brokers gives way to what the scenario says of them.
  if (explore.brokers === undefined && !suits(kafka, drawn.brokers)) drawn.brokers = cluster.brokers
  for (const name of ['brokers', 'scheduling', 'latency'] as const)
    if (drawn[name] !== cluster[name]) features.push(`${name} ${drawn[name]}`)
  for (const name of Object.keys(explore.kafka ?? {})) features.push(`${name} ${kafka[name]}`)
  for (const [name, values] of Object.entries(KAFKA_CHOICES)) {
    const value = draw.oneOf(values as readonly [unknown, ...unknown[]])
    if (draw.between(1, 2 * LEFT_ALONE) > 1 || name in kafka) continue
    if (name === 'min.insync.replicas' && drawn.brokers < 3) continue
    // What the scenario says comes first: group.protocol=consumer takes no time-outs of clients, for example.
    const withValue = { ...kafka, [name]: value }
    if (!suits(withValue, drawn.brokers)) continue
    kafka = withValue
    features.push(`${name} ${value}`)
  }
  return { ...drawn, kafka: kafka as KafkaSettings }
}

/** One value of a list of bounds; undefined where there are none. */
function drawnFrom<Value>(values: readonly Value[] | undefined, draw: Draw): Value | undefined {
  return values === undefined ? undefined : draw.oneOf(listed(values))
}

/** A list of bounds, which is never empty. */
function listed<Value>(values: readonly Value[]): readonly [Value, ...Value[]] {
  return values as unknown as readonly [Value, ...Value[]]
}

/** The kinds of faults that plans of a scenario may have. */
export function drawableKinds({ explore }: Scenario, targets: Targets): FaultKind[] {
  const meant = FAULT_KINDS.filter(({ kind }) => explore.faults?.includes(kind) ?? true)
  return aimableKinds(meant, targets)
}

/** Draws the faults of a run: which kinds are on, how many there are, and whether they rather strike at steps or at moments. */
function samplePlan(
  { explore, faults }: Scenario,
  targets: Targets,
  steps: readonly string[],
  draw: Draw,
  features: string[],
): FaultSpec[] {
  // One run in eight is left in peace: what breaks there needs no fault.
  const peace = draw.between(1, 8) === 1
  const drawn = FAULT_KINDS.filter(({ aims }) => aims !== undefined && draw.between(1, 2) === 1)
  const meant = drawn.filter(({ kind }) => explore.faults?.includes(kind) ?? true)
  const kinds = aimableKinds(meant, targets)
  const count = Math.min(draw.oneOf([1, 4, 8, MOST_FAULTS]), explore.atMost ?? MOST_FAULTS)
  const atSteps = draw.oneOf([3, 3, 2, 1, 0])
  if (peace || kinds.length === 0 || count === 0) return []
  for (const { kind } of kinds) features.push(`fault ${kind}`)
  features.push(count === 1 ? 'one fault' : count < MOST_FAULTS ? 'few faults' : 'many faults')
  features.push(['at moments', 'at moments rather', 'at steps rather', 'at steps'][atSteps] as string)
  const plan: FaultSpec[] = []
  for (let number = 1; number <= count; number++) {
    const fault = drawFault(kinds, targets, steps, draw, atSteps)
    if (fault !== undefined && hasRoomFor(fault, [...faults, ...plan], targets)) plan.push(fault)
  }
  return plan
}

/**
 * In some runs not everything heals, and what is left is enough: one broker of three or more stays dead, or one instance of a
 * service that has several. A broker not together with anything that befalls another one: a partition may be left with the
 * dead one alone in its ISR, and then no right system gets on.
 */
function sampleLoss(
  targets: Targets,
  plan: readonly FaultSpec[],
  draw: Draw,
  features: string[],
): FaultSpec[] {
  const lost = draw.between(1, 8) === 1
  const broker = `broker-${draw.between(1, targets.brokers)}`
  const at = draw.duration('1ms', targets.horizon)
  const which = draw.oneOf(['broker', 'instance', 'both'])
  const instance = targets.spares[draw.between(0, 1_000_000) % targets.spares.length]
  const later = draw.duration('1ms', targets.horizon)
  if (!lost || plan.length === 0) return []
  const dead: FaultSpec[] = []
  if (which !== 'instance' && targets.brokers >= 3 && !plan.some(befallsBroker)) {
    features.push('one broker stays dead')
    dead.push({ crash: broker, at, restart: NEVER })
  }
  if (which !== 'broker' && instance !== undefined) {
    features.push('one instance stays dead')
    dead.push({ crash: instance, at: later, restart: NEVER })
  }
  if (dead.length > 0 && !features.includes('fault crash')) features.push('fault crash')
  return dead
}

/** Whether a fault names a broker, or all of them. */
function befallsBroker(fault: FaultSpec): boolean {
  const targets = faultKindOf(fault)?.targets(fault) ?? []
  return targets.some((name) => /^broker(-\d+)?$/.test(name))
}
