import type { PartitionRegistration } from './registration.ts'

/** A reassignment of replicas, under way or about to be. Source: PartitionReassignmentReplicas. */
export interface Reassignment {
  readonly removing: readonly number[]
  readonly adding: readonly number[]
  /** While it is under way: the target, and then those that will be removed. */
  readonly replicas: readonly number[]
}

/** What leads from one assignment to another. */
export function reassignmentTo(current: readonly number[], target: readonly number[]): Reassignment {
  const removing = difference(current, target)
  return { removing, adding: difference(target, current), replicas: [...target, ...removing] }
}

export function isReassigning({
  addingReplicas,
  removingReplicas,
}: Pick<PartitionRegistration, 'addingReplicas' | 'removingReplicas'>): boolean {
  return addingReplicas.length > 0 || removingReplicas.length > 0
}

/**
 * Replicas and ISR after a reassignment, if it can end: all of the target are in sync.
 * @returns undefined while it goes on, or if there is none
 */
export function completed(
  { removing, adding, replicas }: Reassignment,
  targetIsr: readonly number[],
): { readonly replicas: readonly number[]; readonly isr: readonly number[] } | undefined {
  if (removing.length === 0 && adding.length === 0) return undefined
  const kept = replicas.filter((id) => !removing.includes(id))
  const isr = targetIsr.filter((id) => !removing.includes(id))
  if (removing.length > 0 && (kept.length === 0 || isr.length === 0)) return undefined
  return kept.every((id) => isr.includes(id)) ? { replicas: kept, isr } : undefined
}

/**
 * Replicas and ISR after a reassignment was cancelled. Source: PartitionReassignmentRevert.
 * @returns `unclean` if nobody in sync would be left, so that the first replica must stand in
 */
export function reverted({ replicas, isr, addingReplicas }: PartitionRegistration): {
  readonly replicas: readonly number[]
  readonly isr: readonly number[]
  readonly unclean: boolean
} {
  const original = replicas.filter((id) => !addingReplicas.includes(id))
  const inSync = isr.filter((id) => !addingReplicas.includes(id))
  if (inSync.length > 0) return { replicas: original, isr: inSync, unclean: false }
  return { replicas: original, isr: original.slice(0, 1), unclean: true }
}

function difference(a: readonly number[], b: readonly number[]): number[] {
  return a.filter((id) => !b.includes(id)).sort((left, right) => left - right)
}
