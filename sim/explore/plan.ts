import { brokersOf, type Draw, type Members, type Place, type Targets } from '../faults/aim.ts'
import type { FaultKind } from '../faults/fault.ts'
import { faultKindOf } from '../faults/registry.ts'
import type { FaultSpec } from '../faults/spec.ts'

/** Those kinds of which something in a system can be hit: some only a scenario can mean. */
export function aimableKinds(kinds: readonly FaultKind[], targets: Targets): FaultKind[] {
  return kinds.filter(({ aims }) => (aims?.(targets, undefined).length ?? 0) > 0)
}

/**
 * Draws one fault: its kind, where it strikes, whom, and how strongly.
 * @param steps those at which it may strike, as `weightedSteps` gives them
 * @param atSteps of three faults, so many strike at a step
 * @returns undefined where there is nothing that the kind could hit
 */
export function drawFault(
  kinds: readonly FaultKind[],
  targets: Targets,
  steps: readonly string[],
  draw: Draw,
  atSteps: number,
): FaultSpec | undefined {
  const kind = kindOf(kinds, draw)
  const trigger = drawTrigger(targets, steps, draw, atSteps)
  const place = placeOf(trigger)
  const [likeliest, ...others] = kind.aims?.(targets, place) ?? []
  const members = kind.sample(draw)
  const other = draw.between(0, 1_000_000)
  if (likeliest === undefined) return undefined
  // At a step, what runs the step is as likely as all else together, three times over.
  const slots = place === undefined ? 1 : 1 + 3 * others.length
  const aim: Members = others[(other % (slots + others.length)) - slots] ?? likeliest
  return { ...aim, ...trigger, ...members }
}

/**
 * Whether a right system can keep its promises through a plan and one more fault. Where a page cache is lost, one replica of
 * every partition is left in peace: it stays in sync, and has all that was acknowledged. Any other broker may be out of ISR
 * and ELR just then, because of a crash (rule C7) or after a shutdown, and the one that forgot is elected (KIP-966).
 */
export function hasRoomFor(fault: FaultSpec, plan: readonly FaultSpec[], targets: Targets): boolean {
  const kind = faultKindOf(fault)
  const most = kind?.most?.(targets) ?? Number.POSITIVE_INFINITY
  if (kind !== undefined && plan.filter((other) => kind.kind in other).length >= most) return false
  const all = [...plan, fault]
  if (!all.some((one) => faultKindOf(one)?.losesPageCache)) return true
  const befallen = new Set(all.flatMap((one) => befallenBrokers(one, targets)))
  return befallen.size < Math.min(targets.replicas, targets.brokers)
}

/** Names of the brokers that a fault may bring out of sync: one between a broker and a service does not. */
function befallenBrokers(fault: FaultSpec, targets: Targets): string[] {
  const brokers = brokersOf(targets)
  const names = faultKindOf(fault)?.targets(fault) ?? []
  if (names.includes('broker')) return brokers
  const isOfCluster = names.every((name) => name === 'controller' || brokers.includes(name))
  return isOfCluster ? names.filter((name) => name !== 'controller') : []
}

/** @param atSteps of three faults, so many strike at a step */
function drawTrigger(
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

/** The steps at which faults can strike, each as often as it has weight. */
export function weightedSteps({ steps, externals }: Targets): readonly string[] {
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
