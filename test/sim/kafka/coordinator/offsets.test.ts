import { describe, expect, it } from 'vitest'
import { Deadlines } from '../../../../sim/kafka/coordinator/deadlines.ts'
import { ExpiryScan } from '../../../../sim/kafka/coordinator/expiry-scan.ts'
import { GROUP_CONFIG } from '../../../../sim/kafka/coordinator/group-config.ts'
import type { OffsetValidator } from '../../../../sim/kafka/coordinator/offset-validator.ts'
import { Offsets } from '../../../../sim/kafka/coordinator/offsets.ts'
import type { ErrorCode } from '../../../../sim/kafka/error-code.ts'
import { MemoryGroupLog } from '../../../fixtures/group-log.ts'
import { plays, playsAfter } from '../../../fixtures/group-play.ts'

// Facts of OffsetMetadataManagerTest of Apache Kafka, unless a comment says otherwise.

describe('a commit', () => {
  it('[KO3] counts as it comes: the last one wins, also backwards', () => {
    plays(`
      0   commit - foo-0=100 bar-1=7   → - NONE                           | Empty 0
      1   fetch foo-0 bar-1            → foo-0=100 bar-1=7
      2   commit - foo-0=5/again       → - NONE
      3   fetch                        → foo-0=5/again bar-1=7
    `)
  })

  it('[KO4] of members must be of the current generation', () => {
    playsAfter(
      'two',
      `
      100   commit b foo-0=1           → b NONE
      100   commit b foo-0=1 gen=0     → b ILLEGAL_GENERATION
      100   commit b foo-0=1 gen=2     → b ILLEGAL_GENERATION
      100   commit b foo-0=1 id=b-9    → b UNKNOWN_MEMBER_ID
      100   commit b foo-0=1 static=z  → b UNKNOWN_MEMBER_ID
    `,
    )
  })

  it('[KO4] is taken while a rebalance is prepared, and refused once members are to sync', () => {
    playsAfter(
      'two',
      `
      100   join a                                                        | PreparingRebalance 1: a-1 b-1
      110   commit b foo-0=1   → b NONE
      110   commit a foo-0=1   → a NONE
      120   join b   → a joined 2 range as a-1, leads a-1 b-1; b joined 2 range as b-1, led by a-1 | CompletingRebalance 2: a-1 b-1
      130   commit b foo-0=2   → b REBALANCE_IN_PROGRESS
      130   commit b foo-0=2 gen=1   → b ILLEGAL_GENERATION
      140   fetch              → foo-0=1
    `,
    )
  })

  it('[KO4] while a rebalance is prepared keeps the session alive', () => {
    playsAfter(
      'two',
      `
      100   join a                                                        | PreparingRebalance 1: a-1 b-1
      3000  commit b foo-0=1   → b NONE
      7999  -
      8000  -   → a joined 2 range as a-1, leads a-1                      | CompletingRebalance 2: a-1
    `,
    )
  })

  it('[KO4] of who is no member is taken only while the group is empty', () => {
    playsAfter(
      'one',
      `
      100   commit - foo-0=1                → - UNKNOWN_MEMBER_ID
      100   commit a foo-0=1 gen=-1         → a ILLEGAL_GENERATION
      200   leave a-1                       → NONE                        | Empty 2
      300   commit - foo-0=1                → - NONE
      300   commit a foo-0=1                → a UNKNOWN_MEMBER_ID
    `,
    )
  })

  it('[KO4] of a member of no group is told so from version 9 on', () => {
    plays(`
      0   commit a foo-0=1 gen=1 id=a-1 v=8   → a ILLEGAL_GENERATION      | none
      0   commit a foo-0=1 gen=1 id=a-1 v=9   → a GROUP_ID_NOT_FOUND
    `)
  })

  it('[KO7] with metadata longer than offset.metadata.max.bytes is refused, partition by partition', () => {
    plays(
      `
      0   commit - foo-0=1/12345 foo-1=2/123456   → - foo-0 NONE, foo-1 OFFSET_METADATA_TOO_LARGE | Empty 0
      1   fetch foo-0 foo-1                       → foo-0=1/12345 foo-1=-1
      2   commit - foo-0=3/123456                 → - OFFSET_METADATA_TOO_LARGE
    `,
      { 'offset.metadata.max.bytes': 5 },
    )
  })
})

describe('replication of a commit', () => {
  it('[KO8] comes before its answer, and before anybody reads it', () => {
    plays(`
      0   commit - foo-0=1          → - NONE                              | Empty 0
      1   hold
      2   commit - foo-0=2
      2   commit - foo-1=5
      3   fetch                     → foo-0=1
      4   fetch foo-0 foo-1         → foo-0=1 foo-1=-1
      5   fetch stable
      6   release                   → - NONE; - NONE; foo-0=2 foo-1=5
      7   fetch                     → foo-0=2 foo-1=5
    `)
  })

  it.each([
    { why: 'NOT_ENOUGH_REPLICAS', told: 'COORDINATOR_NOT_AVAILABLE' },
    { why: 'REQUEST_TIMED_OUT', told: 'COORDINATOR_NOT_AVAILABLE' },
    { why: 'NOT_LEADER_OR_FOLLOWER', told: 'NOT_COORDINATOR' },
    { why: 'KAFKA_STORAGE_ERROR', told: 'NOT_COORDINATOR' },
    { why: 'RECORD_LIST_TOO_LARGE', told: 'UNKNOWN_SERVER_ERROR' },
    { why: 'INVALID_PRODUCER_EPOCH', told: 'INVALID_PRODUCER_EPOCH' },
  ])('[KO8] that is refused as $why leaves nothing behind and is told as $told', ({ why, told }) => {
    plays(`
      0   commit - foo-0=1          → - NONE                              | Empty 0
      1   refuse ${why}
      2   commit - foo-0=2          → - ${told}
      2   txn 7 - foo-0=2           → - ${told}
      3   accept
      4   fetch stable              → foo-0=1
    `)
  })

  it('[KO8] may come after the commit was said to have failed', () => {
    plays(`
      0   commit - foo-0=1          → - NONE                              | Empty 0
      1   hold
      2   commit - foo-0=2
      3   fail REQUEST_TIMED_OUT    → - COORDINATOR_NOT_AVAILABLE
      4   fetch                     → foo-0=1
      5   release
      6   fetch                     → foo-0=2
    `)
  })
})

describe('deletion of offsets', () => {
  it('[KO9] forgets those that exist, pending ones too, and says nothing of others', () => {
    const { log } = plays(`
      0   commit - foo-0=1          → - NONE                              | Empty 0
      0   txn 10 - foo-1=2          → - NONE
      1   forget foo-0 foo-1 foo-2  → NONE
      2   fetch foo-0 foo-1 stable  → foo-0=-1 foo-1=-1
      3   end 10 COMMIT             → NONE
      4   fetch                     → no offsets
    `)
    expect(log.summary().slice(2)).toEqual(['foo-0=none', 'foo-1=none', 'COMMIT 10'])
  })

  it('[KO9] is seen once it is replicated', () => {
    plays(`
      0   commit - foo-0=1          → - NONE                              | Empty 0
      1   hold
      2   forget foo-0
      3   fetch                     → foo-0=1
      4   release                   → NONE
      5   fetch                     → no offsets
    `)
  })

  it('[KO9] that cannot be written down does not happen', () => {
    plays(`
      0   commit - foo-0=1          → - NONE                              | Empty 0
      1   refuse NOT_LEADER_OR_FOLLOWER
      2   forget foo-0              → all NOT_COORDINATOR
      3   fetch                     → foo-0=1
    `)
  })

  it('[KO9] leaves those alone that members are subscribed to', () => {
    playsAfter(
      'one',
      `
      100   commit a foo-0=1        → a NONE
      100   commit a bar-0=2        → a NONE
      110   forget foo-0 bar-0      → foo-0 GROUP_SUBSCRIBED_TO_TOPIC, bar-0 NONE
      120   fetch                   → foo-0=1
    `,
    )
  })

  it('[KO9] is refused while the group has members that are no consumers, or does not exist', () => {
    plays(`
      0     forget foo-0            → all GROUP_ID_NOT_FOUND              | none
      1     join a type=connect                                           | PreparingRebalance 0: a-1
      2     forget foo-0            → all NON_EMPTY_GROUP
    `)
  })

  it('[KO9] follows that of topics, in all groups, pending offsets included', () => {
    const script = plays(`
      0   commit - foo-0=1 bar-0=2  → - NONE                              | Empty 0
      0   txn 10 - foo-1=3          → - NONE
    `)
    script.coordinator.offsets.topicsDeleted(new Set(['foo']))
    expect(script.play('1 fetch stable')).toBe('1 fetch stable → bar-0=2')
    expect(script.play('2 end 10 COMMIT')).toBe('2 end 10 COMMIT → NONE')
    expect(script.play('3 fetch')).toBe('3 fetch → bar-0=2')
    expect(script.log.summary().slice(3, 5)).toEqual(['foo-0=none', 'foo-1=none'])
  })
})

describe('reading', () => {
  it('[KO8] of a group that does not exist finds nothing, which is no error', () => {
    plays(`
      0   fetch                     → no offsets                          | none
      0   fetch foo-0               → foo-0=-1
      0   fetch foo-0 stable        → foo-0=-1
    `)
  })
})

describe('a group of another type', () => {
  /** A group that answers as it is told. */
  const group = (errors: { commit?: ErrorCode; fetch?: ErrorCode }): OffsetValidator => ({
    groupId: 'g',
    isEmpty: false,
    validateOffsetCommit: () => errors.commit ?? 'NONE',
    validateOffsetFetch: () => errors.fetch ?? 'NONE',
    validateOffsetDelete: () => 'NONE',
    validateDelete: () => 'NON_EMPTY_GROUP',
    isSubscribedTo: () => false,
    retainedSinceMillis: () => undefined,
  })
  const offsetsOf = (validator: OffsetValidator): Offsets => {
    const log = new MemoryGroupLog()
    const groups = { find: () => validator, createSimple: () => validator, offsetsCommitted: () => {} }
    const expiry = new ExpiryScan(new Deadlines(), 1, 0, () => {})
    return new Offsets(GROUP_CONFIG, log, groups, expiry)
  }
  const partitions = [
    { partitionIndex: 0, committedOffset: 1, committedLeaderEpoch: -1, committedMetadata: null },
  ]
  const topics = [{ name: 'foo', partitions }]
  const member = { groupId: 'g', memberId: 'm', groupInstanceId: null }

  it('[KT9] may say STALE_MEMBER_EPOCH, which a producer is told as ILLEGAL_GENERATION', () => {
    const offsets = offsetsOf(group({ commit: 'STALE_MEMBER_EPOCH' }))
    const told: unknown[] = []
    const request = { ...member, generationIdOrMemberEpoch: 3, retentionTimeMs: -1, topics }
    offsets.commit(request, 9, 0, (response) => told.push(response.topics[0]?.partitions[0]?.errorCode))
    const producer = { transactionalId: 't', producerId: 1, producerEpoch: 0, generationId: 3 }
    offsets.commitTransactional({ ...member, ...producer, topics }, 3, 0, (response) =>
      told.push(response.topics[0]?.partitions[0]?.errorCode),
    )
    expect(told).toEqual(['STALE_MEMBER_EPOCH', 'ILLEGAL_GENERATION'])
  })

  it('[KO8] may refuse to be read', () => {
    const offsets = offsetsOf(group({ fetch: 'STALE_MEMBER_EPOCH' }))
    const request = { groupId: 'g', memberId: 'm', memberEpoch: 2, topics: null, requireStable: false }
    const told: unknown[] = []
    offsets.fetch(request, (response) => told.push(response))
    expect(told).toEqual([{ groupId: 'g', errorCode: 'STALE_MEMBER_EPOCH', topics: [] }])
  })
})
