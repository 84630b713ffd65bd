import { type Draw, drawFrom, type Members, type Place, type Targets } from '../faults/aim.ts'
import { NEVER } from '../faults/crash.ts'
import type { FaultKind } from '../faults/fault.ts'
import { FAULT_KINDS, faultKindOf } from '../faults/registry.ts'
import type { FaultSpec } from '../faults/spec.ts'
import type { KafkaSettings } from '../kafka/config.ts'
import { samplingStream } from '../kernel/seed.ts'
import { type DurationText, durationMicros, formatDuration } from '../kernel/time.ts'
import { DEFAULT_CLUSTER, DEFAULT_WORKLOAD, type Scenario } from '../run/scenario.ts'

/** A scenario with everything drawn that its file leaves open. */
export interface Sampled {
  readonly scenario: Scenario
  /** What was drawn, a word or two each: by these a campaign says what brings a failure out and what keeps it in. */
  readonly features: readonly string[]
}

/** Faults of a plan at most. */
const MOST_FAULTS = 16
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
 * topology, latencies, batch sizes, time-outs and load. What a scenario says otherwise than the default stays as it says,
 * its faults included; the rest is drawn.
 */
export function swarm(base: Scenario, targets: Targets): (seed: number) => Sampled {
  const steps = weightedSteps(targets)
  return (seed) => sample(base, targets, steps, seed)
}

function sample(base: Scenario, targets: Targets, steps: readonly string[], seed: number): Sampled {
  const features: string[] = []
  const workload = sampleWorkload(base, drawFrom(samplingStream(seed, 'swarm workload')), features)
  const cluster = sampleCluster(base, drawFrom(samplingStream(seed, 'swarm cluster')), features)
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
  const healing = samplePlan(drawn, steps, drawFrom(samplingStream(seed, 'swarm faults')), features)
  const dead = sampleLoss(drawn, healing, drawFrom(samplingStream(seed, 'swarm loss')), features)
  const plan = [...healing, ...dead]
  return { scenario: { ...base, workload, cluster, faults: [...base.faults, ...plan] }, features }
}

function sampleWorkload(
  { workload, faults }: Scenario,
  draw: Draw,
  features: string[],
): Scenario['workload'] {
  // A fault of the scenario may speak of any of its orders.
  const fewer = faults.length === 0 && draw.between(1, LEFT_ALONE) > 1
  const orders = fewer ? draw.between(1, workload.orders) : workload.orders
  let { every } = workload
  if (every === DEFAULT_WORKLOAD.every && draw.between(1, LEFT_ALONE) > 1) every = draw.oneOf(INTERVALS)
  if (orders < workload.orders) features.push(orders === 1 ? 'one order' : 'fewer orders')
  if (every !== workload.every) features.push(`every ${every}`)
  return { orders, every }
}

function sampleCluster({ cluster }: Scenario, draw: Draw, features: string[]): Scenario['cluster'] {
  const drawn = { ...cluster }
  if (cluster.brokers === DEFAULT_CLUSTER.brokers) drawn.brokers = draw.oneOf([3, 3, 3, 3, 1, 5])
  if (drawn.brokers !== cluster.brokers) features.push(`brokers ${drawn.brokers}`)
  if (cluster.scheduling === DEFAULT_CLUSTER.scheduling)
    drawn.scheduling = draw.oneOf(['random', 'random', 'random', 'fifo'])
  if (drawn.scheduling !== cluster.scheduling) features.push(`scheduling ${drawn.scheduling}`)
  if (cluster.latency === DEFAULT_CLUSTER.latency)
    drawn.latency = draw.oneOf(['usual', 'usual', 'long-tailed', 'slow', 'constant'])
  if (drawn.latency !== cluster.latency) features.push(`latency ${drawn.latency}`)
  const kafka: Record<string, unknown> = { ...cluster.kafka }
  for (const [name, values] of Object.entries(KAFKA_CHOICES)) {
    const value = draw.oneOf(values as readonly [unknown, ...unknown[]])
    if (draw.between(1, 2 * LEFT_ALONE) > 1 || name in kafka) continue
    if (name === 'min.insync.replicas' && drawn.brokers < 3) continue
    // Kafka's own rule: the consumer protocol has its time-outs from the brokers.
    if (name === 'session.timeout.ms' && kafka['group.protocol'] === 'consumer') continue
    kafka[name] = value
    features.push(`${name} ${value}`)
  }
  return { ...drawn, kafka: kafka as KafkaSettings }
}

/** Draws the faults of a run: which kinds are on, how many there are, and whether they rather strike at steps or at moments. */
function samplePlan(targets: Targets, steps: readonly string[], draw: Draw, features: string[]): FaultSpec[] {
  // One run in eight is left in peace: what breaks there needs no fault.
  const peace = draw.between(1, 8) === 1
  const drawn = FAULT_KINDS.filter(() => draw.between(1, 2) === 1)
  // Some kinds only a scenario can mean.
  const kinds = drawn.filter(({ aims }) => aims(targets, undefined).length > 0)
  const count = draw.oneOf([1, 4, 8, MOST_FAULTS])
  const atSteps = draw.oneOf([3, 3, 2, 1, 0])
  if (peace || kinds.length === 0) return []
  for (const { kind } of kinds) features.push(`fault ${kind}`)
  features.push(count === 1 ? 'one fault' : count < MOST_FAULTS ? 'few faults' : 'many faults')
  features.push(['at moments', 'at moments rather', 'at steps rather', 'at steps'][atSteps] as string)
  const plan: FaultSpec[] = []
  for (let number = 1; number <= count; number++) {
    const kind = kindOf(kinds, draw)
    const trigger = sampleTrigger(targets, steps, draw, atSteps)
    const place = placeOf(trigger)
    const [likeliest, ...others] = kind.aims(targets, place)
    const members = kind.sample(draw)
    const other = draw.between(0, 1_000_000)
    if (likeliest === undefined) continue
    const already = plan.filter((fault) => kind.kind in fault).length
    if (kind.most !== undefined && already >= kind.most(targets)) continue
    // At a step, what runs the step is as likely as all else together, three times over.
    const slots = place === undefined ? 1 : 1 + 3 * others.length
    const aim: Members = others[(other % (slots + others.length)) - slots] ?? likeliest
    plan.push({ ...aim, ...trigger, ...members })
  }
  return plan
}

/**
 * In some runs not everything heals: one broker of three or more stays dead, and the others are enough. Not together with
 * anything that befalls another broker: a partition may be left with the dead one alone in its ISR, and then no right system
 * gets on.
 */
function sampleLoss(
  targets: Targets,
  plan: readonly FaultSpec[],
  draw: Draw,
  features: string[],
): FaultSpec[] {
  const lost = draw.between(1, 8) === 1
  const name = `broker-${draw.between(1, targets.brokers)}`
  const at = draw.duration('1ms', targets.horizon)
  if (!lost || targets.brokers < 3 || plan.length === 0 || plan.some(befallsBroker)) return []
  features.push('one broker stays dead')
  if (!features.includes('fault crash')) features.push('fault crash')
  return [{ crash: name, at, restart: NEVER }]
}

/** Whether a fault names a broker, or all of them. */
function befallsBroker(fault: FaultSpec): boolean {
  const targets = faultKindOf(fault)?.targets(fault) ?? []
  return targets.some((name) => /^broker(-\d+)?$/.test(name))
}

/** @param atSteps of three faults, so many strike at a step */
function sampleTrigger(
  { horizon, noun, orders }: Targets,
  steps: readonly string[],
  draw: Draw,
  atSteps: number,
): Pick<FaultSpec, 'at' | 'of' | 'nth'> {
  const moment = draw.duration('1ms', horizon)
  const step = steps[draw.between(0, 1_000_000) % steps.length]
  const phase = draw.oneOf(['after', 'before'])
  const order = draw.between(1, orders)
  const nth = draw.oneOf([1, 1, 1, 1, 1, 1, 1, 2])
  const anyOrder = draw.between(1, 4) === 1
  if (step === undefined || draw.between(1, 3) > atSteps) return { at: moment }
  const at = `${phase} ${step}`
  const repeated = nth === 1 ? {} : { nth }
  return anyOrder ? { at, ...repeated } : { at, of: `${noun} ${order}`, ...repeated }
}

/** A kind of those that are on, by their weights. */
function kindOf(kinds: readonly FaultKind[], draw: Draw): FaultKind {
  const weighted = kinds.flatMap((kind) => Array.from({ length: kind.weight ?? 1 }, () => kind))
  return draw.oneOf(weighted as [FaultKind, ...FaultKind[]])
}

/** How much likelier a step is that does more than a statement inside a transaction: a crash undoes those anyway. */
const EFFECT_WEIGHT = 4

/** The steps, each as often as it has weight. */
function weightedSteps({ steps, externals }: Targets): readonly string[] {
  const statement = (step: string): boolean => {
    const [, owner, verb] = / (\S+)\.(\S+)$/.exec(step) ?? []
    return /^(?:insert|get|select|update|delete)$/.test(verb ?? '') && !externals.includes(owner ?? '')
  }
  return steps.flatMap((step) => Array.from({ length: statement(step) ? 1 : EFFECT_WEIGHT }, () => step))
}

function placeOf({ at }: Pick<FaultSpec, 'at'>): Place | undefined {
  const match = /^(before|after) (.*)$/.exec(at)
  return match === null ? undefined : { phase: match[1] as Place['phase'], step: match[2] as string }
}
