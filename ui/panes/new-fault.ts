import type { FaultSpec, SystemOutline } from '../../sim/index.ts'
import type { FaultForm, FaultMember } from '../worker/protocol.ts'

/** What a dragged fault kind is called on its way. */
export const FAULT_TYPE = 'application/x-faultline-fault'

/** A fault with everything it must have. @param lane where it was dropped */
export function newFault(
  form: FaultForm,
  lane: string | undefined,
  at: string,
  outline: SystemOutline,
): FaultSpec {
  const allowed =
    form.actsOn === undefined ? outline.targets : form.actsOn.flatMap((group) => outline.mortals[group])
  const target =
    lane !== undefined && allowed.includes(lane) ? lane : (allowed[0] ?? outline.targets[0] ?? '')
  const other = allowed.find((name) => name !== target && !name.startsWith(`${target}-`)) ?? target
  const members = form.members
    .filter(({ required, name }) => required || name === form.kind)
    .map((member) => [member.name, initialOf(member, target, other)])
  return { ...Object.fromEntries(members), at }
}

function initialOf({ type, name, default: initial }: FaultMember, target: string, other: string): unknown {
  if (initial !== undefined) return initial
  if (type === 'pair') return [target, other]
  if (type === 'flag') return false
  if (type === 'integer') return 1
  return name === 'for' || name === 'by' ? '1s' : target
}
