import { describe, expect, it } from 'vitest'
import { plays, playsAfter } from '../../../fixtures/group-play.ts'

// Facts of GroupMetadataManagerTest of Apache Kafka (classic groups), unless a comment says otherwise.

describe('a sync', () => {
  it('[KG7] of a follower waits for the leader; who was left out gets nothing', () => {
    playsAfter(
      'joined',
      `
      100   sync b
      200   sync a a-1=x   → a gets x; b gets nothing                     | Stable 1: a-1 b-1
      300   sync b         → b gets nothing
      300   sync a         → a gets x
    `,
    )
  })

  it('[KG7] gives nothing to who is left out, whatever it had before', () => {
    playsAfter(
      'two',
      `
      100   join a                                                        | PreparingRebalance 1: a-1 b-1
      110   join b   → a joined 2 range as a-1, leads a-1 b-1; b joined 2 range as b-1, led by a-1 | CompletingRebalance 2: a-1 b-1
      120   sync b
      130   sync a a-1=z   → a gets z; b gets nothing                     | Stable 2: a-1 b-1
    `,
    )
  })

  it('[KG7] of the leader is answered once the assignments are in the log', () => {
    const { log } = playsAfter(
      'joined',
      `
      90    hold
      100   sync a a-1=x b-1=y
      200   sync b
      300   release        → a gets x; b gets y                           | Stable 1: a-1 b-1
    `,
    )
    expect(log.summary()).toEqual(['group 0', 'group 1 a-1=x b-1=y'])
  })

  it.each([
    { why: 'NOT_ENOUGH_REPLICAS', told: 'COORDINATOR_NOT_AVAILABLE' },
    { why: 'NOT_LEADER_OR_FOLLOWER', told: 'NOT_COORDINATOR' },
    { why: 'MESSAGE_TOO_LARGE', told: 'UNKNOWN_SERVER_ERROR' },
  ])('[KG7] that cannot be written down ($why) fails with $told, and a rebalance begins', ({ why, told }) => {
    playsAfter(
      'joined',
      `
      100   sync b
      110   refuse ${why}
      120   sync a a-1=x   → a ${told}; b ${told}                         | PreparingRebalance 1: a-1 b-1
    `,
    )
  })

  it('[KG7] that was written down too late changes nothing', () => {
    playsAfter(
      'joined',
      `
      90    hold
      100   sync a a-1=x
      200   fail REQUEST_TIMED_OUT   → a COORDINATOR_NOT_AVAILABLE        | PreparingRebalance 1: a-1 b-1
      300   release
    `,
    )
  })

  it('[KG7] of an old generation changes nothing when it is written down at last', () => {
    playsAfter(
      'joined',
      `
      90    hold
      100   sync a a-1=old
      110   join b topics=bar   → a REBALANCE_IN_PROGRESS                 | PreparingRebalance 1: a-1 b-1
      120   join a   → a joined 2 range as a-1, leads a-1 b-1; b joined 2 range as b-1, led by a-1 | CompletingRebalance 2: a-1 b-1
      130   sync b
      140   release
      150   sync a a-1=new b-1=b   → a gets new; b gets b                 | Stable 2: a-1 b-1
    `,
    )
  })

  it('[KG7] during a join phase, of an old generation or of a stranger is refused', () => {
    playsAfter(
      'two',
      `
      100   sync b gen=0             → b ILLEGAL_GENERATION
      100   sync b gen=2             → b ILLEGAL_GENERATION
      100   sync b id=b-9            → b UNKNOWN_MEMBER_ID
      100   sync b protocol=sticky   → b INCONSISTENT_GROUP_PROTOCOL
      100   sync b type=connect      → b INCONSISTENT_GROUP_PROTOCOL
      100   sync b protocol=range type=consumer   → b gets y
      100   join a                                                        | PreparingRebalance 1: a-1 b-1
      110   sync b                   → b REBALANCE_IN_PROGRESS
    `,
    )
    plays(`
      0     sync a id=a-1 gen=1      → a UNKNOWN_MEMBER_ID                | none
    `)
  })

  it('[KG7] is waited for as long as the rebalance time-out: without any, the group is empty', () => {
    playsAfter(
      'joined',
      `
      4000   beat a   → a NONE
      4000   beat b   → b NONE
      8000   beat a   → a NONE
      8000   beat b   → b NONE
      10019  -
      10020  -                                                            | Empty 2
      10021  beat a   → a UNKNOWN_MEMBER_ID
    `,
    )
  })

  it('[KG7] that a follower fails to send costs it its place', () => {
    playsAfter(
      'joined',
      `
      4000   beat b         → b NONE
      4000   sync a a-1=x   → a gets x                                    | Stable 1: a-1 b-1
      8000   beat a         → a NONE
      8000   beat b         → b NONE
      10020  -                                                            | PreparingRebalance 1: a-1
      10021  beat a         → a REBALANCE_IN_PROGRESS
      10021  beat b         → b UNKNOWN_MEMBER_ID
    `,
    )
  })

  it('[KG7] that the leader fails to send costs it its place', () => {
    playsAfter(
      'joined',
      `
      4000   sync b
      4000   beat a   → a NONE
      8000   beat a   → a NONE
      10020  -        → b REBALANCE_IN_PROGRESS                           | PreparingRebalance 1: b-1
      10021  beat a   → a UNKNOWN_MEMBER_ID
      10021  beat b   → b REBALANCE_IN_PROGRESS
    `,
    )
  })

  it('[KG7] is waited for from static members too', () => {
    playsAfter(
      'static',
      `
      100    join s session=30000                                         | PreparingRebalance 1: s-1 f-1
      200    join f session=30000   → s joined 2 range as s-1, leads s-1 f-1; f joined 2 range as f-1, led by s-1 | CompletingRebalance 2: s-1 f-1
      300    sync s s-1=x           → s gets x                            | Stable 2: s-1 f-1
      10200  -                                                            | PreparingRebalance 2: s-1
    `,
    )
  })

  it('[KG7] of everybody calls that off', () => {
    playsAfter(
      'joined',
      `
      100    sync b
      100    sync a   → a gets nothing; b gets nothing                    | Stable 1: a-1 b-1
      4000   beat a   → a NONE
      4000   beat b   → b NONE
      8000   beat a   → a NONE
      8000   beat b   → b NONE
      11000  -
    `,
    )
    const { coordinator } = playsAfter(
      'two',
      `
      4000   beat a   → a NONE
      4000   beat b   → b NONE
      8000   beat a   → a NONE
      8000   beat b   → b NONE
    `,
    )
    expect(coordinator.nextDeadlineMillis()).toBe(13_000)
  })

  it('[KG7] that waits is told of the rebalance that takes its place, and is waited for no more', () => {
    const { coordinator } = playsAfter(
      'joined',
      `
      30     sync b
      40     join a topics=bar   → b REBALANCE_IN_PROGRESS                | PreparingRebalance 1: a-1 b-1
      4000   beat b   → b REBALANCE_IN_PROGRESS
      8000   beat b   → b REBALANCE_IN_PROGRESS
    `,
    )
    expect(coordinator.nextDeadlineMillis()).toBe(10_040)
  })
})
