import type { ConsumerGroup } from './consumer-group.ts'
import type { ConsumerGroupMember } from './consumer-group-member.ts'

/** What a heartbeat is about to do to a group. */
export interface HeartbeatStep {
  readonly group: ConsumerGroup
  /** The member before, with the new id if it takes the place of another. */
  readonly before: ConsumerGroupMember
  readonly after: ConsumerGroupMember
  readonly replacedId: string | null
  readonly subscriptionChanged: boolean
  /** The group epoch and the subscribed topics that it leads to. */
  readonly groupEpoch: number
  readonly topics: ReadonlyMap<string, number>
}

/** The members as they will be once a heartbeat has been taken in. */
export function* membersAfter(
  group: ConsumerGroup,
  after: ConsumerGroupMember,
  replacedId: string | null,
): Generator<ConsumerGroupMember> {
  let yielded = false
  for (const member of group.members.values()) {
    if (member.memberId === replacedId) continue
    const same = member.memberId === after.memberId
    yielded ||= same
    yield same ? after : member
  }
  if (!yielded) yield after
}
