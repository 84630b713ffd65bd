import { CLIENT_ASSIGNORS, type ClientAssignor } from './client-assignor.ts'
import { DEFAULT_GENERATION, type GroupAssignment, type GroupMember } from './subscription.ts'

/** Assignments kept at once: a page, or a suite, may see many systems. */
const MOST_ASSIGNMENTS = 1_000

/** An assignment follows from its key alone and nobody changes it, so that keeping it cannot influence a run. */
const known = new Map<string, GroupAssignment>()

/**
 * What an assignor makes of members; of those who all come for the first time it is worked out once: the groups of one
 * system form alike in nearly every run.
 */
export function firstAssignment(
  protocolName: string,
  partitionCounts: ReadonlyMap<string, number>,
  members: readonly GroupMember[],
  leaderId: string,
): GroupAssignment {
  const assignor = CLIENT_ASSIGNORS.get(protocolName) as ClientAssignor
  if (!members.every(isNew)) return assignor.assign(partitionCounts, members, leaderId)
  const key = keyOf(protocolName, partitionCounts, members, leaderId)
  let assignment = known.get(key)
  if (assignment === undefined) {
    if (known.size >= MOST_ASSIGNMENTS) known.clear()
    assignment = assignor.assign(partitionCounts, members, leaderId)
    known.set(key, assignment)
  }
  return assignment
}

/** Whether a member says nothing of itself but what it subscribes to. */
function isNew({ metadata: { userData, ownedPartitions, generationId } }: GroupMember): boolean {
  return userData === null && ownedPartitions.length === 0 && generationId === DEFAULT_GENERATION
}

/** Everything that an assignor goes by; each text behind its length, so that no two keys are alike. */
function keyOf(
  protocolName: string,
  partitionCounts: ReadonlyMap<string, number>,
  members: readonly GroupMember[],
  leaderId: string,
): string {
  let key = `${framed(protocolName)}${framed(leaderId)}${partitionCounts.size};`
  for (const [topic, count] of partitionCounts) key += `${framed(topic)}${count};`
  for (const { memberId, groupInstanceId, metadata } of members) {
    key += `${framed(memberId)}${groupInstanceId === null ? '-' : framed(groupInstanceId)}${metadata.topics.length};`
    for (const topic of metadata.topics) key += framed(topic)
  }
  return key
}

function framed(text: string): string {
  return `${text.length}:${text}`
}
