import type { ConsumerGroupMember } from './consumer-group-member.ts'

/**
 * The assignor that most members ask for, of those the first that is configured; the first one if nobody asks (rule
 * N5). Source: ConsumerGroup.preferredServerAssignor.
 * @param configured `group.consumer.assignors`
 */
export function preferredAssignor(
  members: Iterable<ConsumerGroupMember>,
  configured: readonly string[],
): string {
  const votes = new Map<string, number>()
  for (const { serverAssignor } of members) {
    if (serverAssignor !== null) votes.set(serverAssignor, (votes.get(serverAssignor) ?? 0) + 1)
  }
  let preferred = configured[0] ?? ''
  for (const name of configured) {
    if ((votes.get(name) ?? 0) > (votes.get(preferred) ?? 0)) preferred = name
  }
  return preferred
}
