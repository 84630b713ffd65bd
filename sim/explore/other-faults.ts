import { serviceOf, typical } from '../faults/aim.ts'
import { faultKindOf } from '../faults/registry.ts'
import type { FaultSpec } from '../faults/spec.ts'

/** A fault that lasts as long as any of its kind. */
export function stronger(fault: FaultSpec): FaultSpec {
  return { ...fault, ...faultKindOf(fault)?.sample(typical) }
}

/** A fault that hits all of a service or all brokers: `crash: broker` instead of `crash: broker-2`. */
export function wider(fault: FaultSpec): FaultSpec {
  const kind = faultKindOf(fault)?.kind
  const target = kind === undefined ? undefined : (fault as Readonly<Record<string, unknown>>)[kind]
  return typeof target === 'string' ? { ...fault, [kind as string]: target.replace(/-\d+$/, '') } : fault
}

/** The points of the steps of the services at which a fault strikes and which it hits. */
export function placesNear(fault: FaultSpec, steps: readonly string[]): string[] {
  const [, aimedAt = ''] = /^(?:before|after) (.*)$/.exec(fault.at) ?? []
  const { at: _at, of: _of, nth: _nth, ...members } = fault
  const kind = faultKindOf(fault)
  const settings = kind?.schema.safeParse(members)
  const hit = settings?.success === true ? (kind?.targets(settings.data) ?? []) : []
  const services = new Set([serviceOf(aimedAt), ...hit.map((name) => name.replace(/-(?:db|\d+)$/, ''))])
  return steps
    .filter((step) => services.has(serviceOf(step)))
    .flatMap((step) => [`before ${step}`, `after ${step}`])
}
