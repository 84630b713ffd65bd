import type { FaultSpec, SystemOutline } from '../../sim/index.ts'
import { serviceOf } from '../model/lanes.ts'
import type { FaultForm, FaultMember } from '../worker/protocol.ts'

/** What a dragged fault kind is called on its way. */
export const FAULT_TYPE = 'application/x-faultline-fault'

/** Kinds that hit one process as well as all of a service. */
const ON_PROCESSES: ReadonlySet<string> = new Set(['crash', 'pause', 'partition', 'slow', 'shutDown'])

/**
 * A fault with everything it must have, typically strong.
 * @param lane where it was dropped: it acts there if it can, else where it is likeliest to
 */
export function newFault(
  form: FaultForm,
  lane: string | undefined,
  at: string,
  { mortals }: SystemOutline,
): FaultSpec {
  const { kind, aims, strength, members } = form
  // A partition's lane means its topic.
  const meant = lane === undefined ? [] : [lane, serviceOf(lane), lane.replace(/\/\d+$/, '')]
  const own = meant
    .map((name) => aims.find((aim) => [aim[kind]].flat().includes(name)))
    .find((aim) => aim !== undefined)
  const aim = own ?? aims[0] ?? {}
  const exact: Record<string, unknown> = { ...aim }
  const isProcess = lane !== undefined && ON_PROCESSES.has(kind) && mortals.services.includes(lane)
  if (isProcess && own !== undefined)
    exact[kind] = Array.isArray(aim[kind])
      ? (aim[kind] as string[]).map((name) => (name === serviceOf(lane) ? lane : name))
      : lane
  const required = members.filter(({ required: must, name }) => must || name in exact)
  const filled = required.map(({ name, ...member }) => [
    name,
    exact[name] ?? strength[name] ?? initialOf(member),
  ])
  return { ...Object.fromEntries(filled), at }
}

/** What stands in a field before anybody says something; the run then tells what was expected. */
function initialOf({ type, default: initial }: Omit<FaultMember, 'name'>): unknown {
  if (initial !== undefined) return initial
  if (type === 'pair') return ['', '']
  if (type === 'flag') return false
  return type === 'integer' ? 1 : ''
}
