import type { TopicPartition } from '../assignor/subscription.ts'
import type { JoinGroupRequest } from '../coordinator/group-message.ts'
import type { MetadataResponseData } from '../protocol/metadata.ts'
import type { Generation } from './classic-session.ts'

/** What a consumer says of itself when it joins a classic group. */
export type JoinOffer = Pick<
  JoinGroupRequest,
  'sessionTimeoutMs' | 'rebalanceTimeoutMs' | 'groupInstanceId' | 'protocols'
>

/** Where a member of a stable classic group is that has read everything there is: nothing, so far. */
export interface StableMember {
  readonly generation: Generation
  readonly coordinatorId: number
  readonly assignment: readonly TopicPartition[]
  /** Topics of all members, if it leads. */
  readonly groupTopics: readonly string[] | undefined
  /** What a broker tells of topics. */
  readonly metadataOf: (topics: readonly string[]) => MetadataResponseData
}
