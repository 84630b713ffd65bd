import { describe, expect, it } from 'vitest'
import { plays, playsAfter } from '../../../fixtures/group-play.ts'

// Facts of GroupMetadataManagerTest of Apache Kafka (classic groups), unless a comment says otherwise.

describe('a join', () => {
  it('[KG2] without an id gets one to come back with, from version 4 on', () => {
    plays(`
      0     join a v=4    → a is to be a-1                               | Empty 0: a-1?
      10    join a                                                        | PreparingRebalance 0: a-1
      3010  -             → a joined 1 range as a-1, leads a-1            | CompletingRebalance 1: a-1
    `)
  })

  it('[KG2] without an id is admitted directly up to version 3', () => {
    plays(`
      0     join a v=3                                                    | PreparingRebalance 0: a-1
      3000  -             → a joined 1 range as a-1, leads a-1            | CompletingRebalance 1: a-1
    `)
  })

  it('[KG2] of a static member is admitted directly in every version', () => {
    plays(`
      0     join a v=9 static=x                                           | PreparingRebalance 0: x-1
      3000  -             → a joined 1 range as x-1, leads x-1            | CompletingRebalance 1: x-1
    `)
  })

  it('[KG2] with a pending id must not name an instance', () => {
    plays(`
      0     join a v=4              → a is to be a-1                      | Empty 0: a-1?
      1     join a static=x         → a UNKNOWN_SERVER_ERROR
    `)
  })

  it('[KG2] with a pending id is expected for a session time-out', () => {
    plays(`
      0     join a v=4 session=1000 → a is to be a-1                      | Empty 0: a-1?
      999   -
      1000  -                                                             | Empty 0
      1001  join a                  → a UNKNOWN_MEMBER_ID
    `)
  })

  it('[KG2] with an id is refused where the group or the id is unknown', () => {
    plays(`
      0     join a id=a-9           → a UNKNOWN_MEMBER_ID                 | none
      1     join a static=x id=a-9  → a UNKNOWN_MEMBER_ID
      2     join b                                                        | PreparingRebalance 0: b-1
      3002  -                       → b joined 1 range as b-1, leads b-1  | CompletingRebalance 1: b-1
      3003  join c id=c-9           → c UNKNOWN_MEMBER_ID
    `)
  })
})

describe('an initial rebalance', () => {
  it('[KG3] waits for group.initial.rebalance.delay.ms', () => {
    plays(`
      0     join a                                                        | PreparingRebalance 0: a-1
      2999  -
      3000  -             → a joined 1 range as a-1, leads a-1            | CompletingRebalance 1: a-1
    `)
  })

  it('[KG3] is put off once more when somebody has joined meanwhile', () => {
    plays(`
      0     join a rebalance=9000                                         | PreparingRebalance 0: a-1
      2999  join b rebalance=9000                                         | PreparingRebalance 0: a-1 b-1
      5999  -
      6000  -      → a joined 1 range as a-1, leads a-1 b-1; b joined 1 range as b-1, led by a-1 | CompletingRebalance 1: a-1 b-1
    `)
  })

  it('[KG3] is put off no longer than the rebalance time-out', () => {
    plays(`
      0     join a rebalance=6000                                         | PreparingRebalance 0: a-1
      0     join b rebalance=6000                                         | PreparingRebalance 0: a-1 b-1
      3001  join c rebalance=6000                                         | PreparingRebalance 0: a-1 b-1 c-1
      5999  -
      6000  -      → a joined 1 range as a-1, leads a-1 b-1 c-1; b joined 1 range as b-1, led by a-1; c joined 1 range as c-1, led by a-1 | CompletingRebalance 1: a-1 b-1 c-1
    `)
  })

  it('[KG3] of a longer time-out goes on as long as members come', () => {
    plays(`
      0     join a rebalance=8000                                         | PreparingRebalance 0: a-1
      1     join b                                                        | PreparingRebalance 0: a-1 b-1
      3001  join c                                                        | PreparingRebalance 0: a-1 b-1 c-1
      6001  join d                                                        | PreparingRebalance 0: a-1 b-1 c-1 d-1
      7999  -
      8000  -      → a joined 1 range as a-1, leads a-1 b-1 c-1 d-1; b joined 1 range as b-1, led by a-1; c joined 1 range as c-1, led by a-1; d joined 1 range as d-1, led by a-1 | CompletingRebalance 1: a-1 b-1 c-1 d-1
    `)
  })

  it('[KG3] does not end early because everybody is there, nor because a member leaves', () => {
    plays(`
      0     join a                                                        | PreparingRebalance 0: a-1
      100   join b                                                        | PreparingRebalance 0: a-1 b-1
      200   leave b-1   → b UNKNOWN_MEMBER_ID; NONE                       | PreparingRebalance 0: a-1
      5999  -
      6000  -           → a joined 1 range as a-1, leads a-1              | CompletingRebalance 1: a-1
    `)
  })

  it('[KG3] ends at once when its last member is gone', () => {
    const { log } = plays(
      `
      0       join a                                                      | PreparingRebalance 0: a-1
      299999  -
      300000  -         → a UNKNOWN_MEMBER_ID                             | Empty 1
    `,
      { 'group.initial.rebalance.delay.ms': 600_000 },
    )
    expect(log.summary()).toEqual(['group 0', 'group 1'])
  })
})

describe('a join phase', () => {
  it('[KG4] ends as soon as every member has rejoined', () => {
    playsAfter(
      'two',
      `
      100   join c   | PreparingRebalance 1: a-1 b-1 c-1
      200   join b
      300   join a   → a joined 2 range as a-1, leads a-1 b-1 c-1; b joined 2 range as b-1, led by a-1; c joined 2 range as c-1, led by a-1 | CompletingRebalance 2: a-1 b-1 c-1
    `,
    )
  })

  it('[KG4] waits for members whose id is pending', () => {
    playsAfter(
      'two',
      `
      100   join c v=4   → c is to be c-1                                 | Stable 1: a-1 b-1 c-1?
      200   join a                                                        | PreparingRebalance 1: a-1 b-1 c-1?
      300   join b
      400   join c   → a joined 2 range as a-1, leads a-1 b-1 c-1; b joined 2 range as b-1, led by a-1; c joined 2 range as c-1, led by a-1 | CompletingRebalance 2: a-1 b-1 c-1
    `,
    )
  })

  it('[KG4] ends when a pending member does not come back', () => {
    playsAfter(
      'two',
      `
      100   join c v=4 session=2500   → c is to be c-1                    | Stable 1: a-1 b-1 c-1?
      200   join a                                                        | PreparingRebalance 1: a-1 b-1 c-1?
      300   join b
      2600  -   → a joined 2 range as a-1, leads a-1 b-1; b joined 2 range as b-1, led by a-1 | CompletingRebalance 2: a-1 b-1
    `,
    )
  })

  it('[KG4] lasts for the longest rebalance time-out; dynamic members that are not there by then are out', () => {
    playsAfter(
      'two',
      `
      100    join c rebalance=8000 session=20000                          | PreparingRebalance 1: a-1 b-1 c-1
      200    join b
      4000   beat a   → a REBALANCE_IN_PROGRESS
      8000   beat a   → a REBALANCE_IN_PROGRESS
      10099  -
      10100  -        → b joined 2 range as b-1, leads b-1 c-1; c joined 2 range as c-1, led by b-1 | CompletingRebalance 2: b-1 c-1
      10101  beat a   → a UNKNOWN_MEMBER_ID
    `,
    )
  })

  it('[KG4] keeps static members that are not there, and goes on while nobody is', () => {
    playsAfter(
      'static',
      `
      100    join s session=30000                                         | PreparingRebalance 1: s-1 f-1
      4000   beat f    → f REBALANCE_IN_PROGRESS
      8000   beat f    → f REBALANCE_IN_PROGRESS
      10100  -         → s joined 2 range as s-1, leads s-1 f-1           | CompletingRebalance 2: s-1 f-1
      10200  beat f    → f ILLEGAL_GENERATION
    `,
    )
  })

  it('[KG4] does not end while no member at all is there', () => {
    playsAfter(
      'static',
      `
      100    move size=1                                                  | PreparingRebalance 1: s-1 f-1
      4000   beat s    → s REBALANCE_IN_PROGRESS
      4000   beat f    → f REBALANCE_IN_PROGRESS
      8000   beat s    → s REBALANCE_IN_PROGRESS
      8000   beat f    → f REBALANCE_IN_PROGRESS
      10100  -
      12000  beat s    → s REBALANCE_IN_PROGRESS
      12000  beat f    → f REBALANCE_IN_PROGRESS
      16000  beat f    → f REBALANCE_IN_PROGRESS
      16000  join s
      20099  beat f    → f REBALANCE_IN_PROGRESS
      20100  -         → s joined 2 range as s-1, leads s-1 f-1           | CompletingRebalance 2: s-1 f-1
    `,
    )
  })

  it('[KG4] that has ended does not end again', () => {
    playsAfter(
      'two',
      `
      100    join b topics=bar                                            | PreparingRebalance 1: a-1 b-1
      200    join a   → a joined 2 range as a-1, leads a-1 b-1; b joined 2 range as b-1, led by a-1 | CompletingRebalance 2: a-1 b-1
      300    sync b
      300    sync a   → a gets nothing; b gets nothing                    | Stable 2: a-1 b-1
      4000   beat a   → a NONE
      4000   beat b   → b NONE
      8000   beat a   → a NONE
      8000   beat b   → b NONE
      12000  beat a   → a NONE
      12000  beat b   → b NONE
    `,
    )
  })

  it('[KG4] makes every generation one higher, also that of a group that becomes empty', () => {
    playsAfter(
      'one',
      `
      100   join a       → a joined 2 range as a-1, leads a-1             | CompletingRebalance 2: a-1
      200   sync a       → a gets nothing                                 | Stable 2: a-1
      300   leave a-1    → NONE                                           | Empty 3
    `,
    )
  })

  it('[KG2] of version 0 lasts for the session time-out', () => {
    playsAfter(
      'one',
      `
      100   join b v=0 rebalance=-1 session=20000                         | PreparingRebalance 1: a-1 b-1
      4000  beat a       → a REBALANCE_IN_PROGRESS
      8000  beat a       → a REBALANCE_IN_PROGRESS
      12000 beat a       → a REBALANCE_IN_PROGRESS
      16000 beat a       → a REBALANCE_IN_PROGRESS
      20000 beat a       → a REBALANCE_IN_PROGRESS
      20100 -            → b joined 2 range as b-1, leads b-1             | CompletingRebalance 2: b-1
    `,
    )
  })
})

describe('the leader', () => {
  it('[KG5] is the first to join, and alone is told who the members are', () => {
    playsAfter('two', '')
  })

  it('[KG5] is replaced by a member that has rejoined when it has not', () => {
    playsAfter(
      'two',
      `
      100    join b topics=bar session=20000                              | PreparingRebalance 1: a-1 b-1
      5020   -    → b joined 2 range as b-1, leads b-1                    | CompletingRebalance 2: b-1
    `,
    )
  })

  it('[KG5] that leaves is replaced by the member that joined next', () => {
    playsAfter(
      'two',
      `
      100    leave a-1   → NONE                                           | PreparingRebalance 1: b-1
      200    join b      → b joined 2 range as b-1, leads b-1             | CompletingRebalance 2: b-1
    `,
    )
  })
})

describe('the protocol', () => {
  it('[KG5] is one that all members support', () => {
    plays(`
      0     join a protocols=range,roundrobin                             | PreparingRebalance 0: a-1
      0     join b protocols=roundrobin,sticky                            | PreparingRebalance 0: a-1 b-1
      6000  -   → a joined 1 roundrobin as a-1, leads a-1 b-1; b joined 1 roundrobin as b-1, led by a-1 | CompletingRebalance 1: a-1 b-1
    `)
  })

  it('[KG5] is the one with most votes', () => {
    plays(`
      0     join a protocols=range,roundrobin                             | PreparingRebalance 0: a-1
      0     join b protocols=roundrobin,range                             | PreparingRebalance 0: a-1 b-1
      0     join c protocols=sticky,roundrobin,range                      | PreparingRebalance 0: a-1 b-1 c-1
      6000  -   → a joined 1 roundrobin as a-1, leads a-1 b-1 c-1; b joined 1 roundrobin as b-1, led by a-1; c joined 1 roundrobin as c-1, led by a-1 | CompletingRebalance 1: a-1 b-1 c-1
    `)
  })

  it('[KG5] must be common: who has none with all others is refused', () => {
    plays(`
      0     join a                                                        | PreparingRebalance 0: a-1
      0     join b protocols=roundrobin   → b INCONSISTENT_GROUP_PROTOCOL
      0     join b type=connect protocols=range   → b INCONSISTENT_GROUP_PROTOCOL
      3000  -   → a joined 1 range as a-1, leads a-1                      | CompletingRebalance 1: a-1
      3001  join b   → b INCONSISTENT_GROUP_PROTOCOL
    `)
  })

  it.each(['type= protocols=range', 'type=consumer protocols=', 'static=x type= protocols=range'])(
    '[KG5] cannot be missing, even in an empty group: %s',
    (options) => {
      plays(`
      0     join a ${options}   → a INCONSISTENT_GROUP_PROTOCOL           | Empty 0
    `)
    },
  )

  it('[KG5] of a member that comes back with its id is checked again', () => {
    plays(`
      0     join a v=4            → a is to be a-1                        | Empty 0: a-1?
      1     join a protocols=     → a INCONSISTENT_GROUP_PROTOCOL
      2     join a protocols=range                                        | PreparingRebalance 0: a-1
    `)
  })
})

describe('a member that joins again', () => {
  it('[KG6] starts a rebalance of a stable group if it leads', () => {
    playsAfter(
      'one',
      `
      100   join a   → a joined 2 range as a-1, leads a-1                 | CompletingRebalance 2: a-1
    `,
    )
  })

  it('[KG6] starts a rebalance of a stable group if its metadata have changed', () => {
    playsAfter(
      'two',
      `
      100   join b topics=bar                                             | PreparingRebalance 1: a-1 b-1
      200   join a   → a joined 2 range as a-1, leads a-1 b-1; b joined 2 range as b-1, led by a-1 | CompletingRebalance 2: a-1 b-1
    `,
    )
  })

  it('[KG6] is only told of the generation if it follows and nothing has changed', () => {
    playsAfter(
      'two',
      `
      100   join b   → b joined 1 range as b-1, led by a-1
      101   sync b   → b gets y
    `,
    )
  })

  it('[KG6] before the sync is told of the generation if nothing has changed, else starts another rebalance', () => {
    playsAfter(
      'joined',
      `
      100   join a   → a joined 1 range as a-1, leads a-1 b-1
      110   join b   → b joined 1 range as b-1, led by a-1
      120   sync b
      130   join b protocols=range,roundrobin   → b REBALANCE_IN_PROGRESS | PreparingRebalance 1: a-1 b-1
      140   join a   → a joined 2 range as a-1, leads a-1 b-1; b joined 2 range as b-1, led by a-1 | CompletingRebalance 2: a-1 b-1
    `,
    )
  })

  it('[KG6] twice in a join phase is answered once', () => {
    playsAfter(
      'two',
      `
      100   join a                                                        | PreparingRebalance 1: a-1 b-1
      110   join a
      120   join b   → a joined 2 range as a-1, leads a-1 b-1; b joined 2 range as b-1, led by a-1 | CompletingRebalance 2: a-1 b-1
    `,
    )
  })

  it('[KG6] after the group has become empty has to start over', () => {
    playsAfter(
      'one',
      `
      100   leave a-1   → NONE                                            | Empty 2
      200   join a      → a UNKNOWN_MEMBER_ID
      300   join a fresh                                                  | PreparingRebalance 2: a-2
    `,
    )
  })
})

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

describe('a heartbeat', () => {
  it('[KG8] of a stranger is refused, also in an empty group and in none', () => {
    plays(`
      0     beat a id=a-1 gen=-1   → a UNKNOWN_MEMBER_ID                  | none
      1     join a v=4             → a is to be a-1                       | Empty 0: a-1?
      2     beat a id=a-1 gen=0    → a UNKNOWN_MEMBER_ID
    `)
    playsAfter(
      'one',
      `
      100   beat a id=b-1          → a UNKNOWN_MEMBER_ID
      100   beat a gen=0           → a ILLEGAL_GENERATION
      100   beat a gen=2           → a ILLEGAL_GENERATION
      100   beat a                 → a NONE
    `,
    )
  })

  it('[KG8] of a static member that was replaced is fenced', () => {
    playsAfter(
      'static',
      `
      100   beat s id=s-9          → s FENCED_INSTANCE_ID
      100   beat s static=t        → s UNKNOWN_MEMBER_ID
    `,
    )
  })

  it('[KG8] tells of a rebalance while it is prepared, and keeps the session alive all the same', () => {
    playsAfter(
      'two',
      `
      100   join b topics=bar                                             | PreparingRebalance 1: a-1 b-1
      4000  beat a   → a REBALANCE_IN_PROGRESS
      8999  -
      9000  -        → b joined 2 range as b-1, leads b-1                 | CompletingRebalance 2: b-1
    `,
    )
  })

  it('[KG8] is welcome before the sync', () => {
    playsAfter(
      'joined',
      `
      100   beat b   → b NONE
    `,
    )
  })
})

describe('a session', () => {
  it('[KG9] ends session.timeout.ms after the member was last heard of, and with it the membership', () => {
    playsAfter(
      'two',
      `
      2500  beat a   → a NONE
      5019  -
      5020  -                                                             | PreparingRebalance 1: a-1
      5021  beat b   → b UNKNOWN_MEMBER_ID
      5022  beat a   → a REBALANCE_IN_PROGRESS
      5023  join a   → a joined 2 range as a-1, leads a-1                 | CompletingRebalance 2: a-1
    `,
    )
  })

  it.each(['beat b   → b NONE', 'commit b foo-0=1   → b NONE'])('[KG9] begins anew with: %s', (request) => {
    playsAfter(
      'two',
      `
      2000  ${request}
      4000  beat a   → a NONE
      6999  -
      7000  -                                                             | PreparingRebalance 1: a-1
    `,
    )
  })

  it('[KG9] does not begin anew with a SyncGroup of a stable group, nor with a JoinGroup that changes nothing', () => {
    playsAfter(
      'two',
      `
      2000  join b   → b joined 1 range as b-1, led by a-1
      2000  sync b   → b gets y
      4000  beat a   → a NONE
      5020  -                                                             | PreparingRebalance 1: a-1
    `,
    )
  })

  it('[KG9] does not end while the coordinator keeps the member waiting', () => {
    playsAfter(
      'joined',
      `
      100    sync b
      4000   beat a         → a NONE
      8000   beat a         → a NONE
      9000   sync a b-1=y   → a gets nothing; b gets y                    | Stable 1: a-1 b-1
      13000  beat a         → a NONE
      13999  -
      14000  -                                                            | PreparingRebalance 1: a-1
    `,
    )
  })

  it('[KG9] of a new member that is kept waiting ends after five minutes', () => {
    playsAfter(
      'one',
      `
      100      join a rebalance=900000 session=400000   → a joined 2 range as a-1, leads a-1 | CompletingRebalance 2: a-1
      100      sync a                                   → a gets nothing  | Stable 2: a-1
      200      join b                                                     | PreparingRebalance 2: a-1 b-1
      300199   -
      300200   -   → b UNKNOWN_MEMBER_ID                                  | PreparingRebalance 2: a-1
      400100   -                                                          | Empty 3
    `,
    )
  })

  it('[KG9] of a member that is new no more is its own', () => {
    playsAfter(
      'two',
      `
      5020   -                                                            | Empty 2
    `,
    )
  })
})

describe('who is gone', () => {
  it('[KG9] is waited for no more', () => {
    const left = playsAfter('one', '100 leave a-1 → NONE | Empty 2')
    expect(left.coordinator.nextDeadlineMillis()).toBe(600_000)
    const replaced = playsAfter(
      'static',
      `
      4000  beat s   → s NONE
      4000  join g static=f protocols=range,roundrobin   → g joined 1 range as f-2, led by s-1 | Stable 1: s-1 f-2
    `,
    )
    expect(replaced.coordinator.nextDeadlineMillis()).toBe(9_000)
  })

  it('[KG9] leaves an empty group without leader and protocol', () => {
    const { log } = playsAfter('one', '5020 - | Empty 2')
    const value = {
      protocolType: 'consumer',
      generation: 2,
      protocol: null,
      leader: null,
      currentStateTimestamp: 5_020,
      members: [],
    }
    expect(log.entries.at(-1)).toMatchObject({ record: { kind: 'GroupMetadata', group: 'g', value } })
  })
})

describe('a static member', () => {
  it('[KG10] comes back under a new id without a rebalance, and the old id is fenced', () => {
    const { log } = playsAfter(
      'static',
      `
      100   join g static=f protocols=range,roundrobin   → g joined 1 range as f-2, led by s-1 | Stable 1: s-1 f-2
      110   join f                → f FENCED_INSTANCE_ID
      110   sync f                → f FENCED_INSTANCE_ID
      110   beat f                → f FENCED_INSTANCE_ID
      110   commit f foo-0=1      → f FENCED_INSTANCE_ID
      120   sync g                → g gets y
    `,
    )
    expect(log.summary()).toEqual(['group 0', 'group 1 s-1=x f-1=y', 'group 1 s-1=x f-2=y'])
  })

  it('[KG10] that leads is told of the old leader, and from version 9 on that it need not assign', () => {
    playsAfter(
      'static',
      `
      100   join t static=s v=8 protocols=range,roundrobin   → t joined 1 range as s-2, led by s-1 | Stable 1: f-1 s-2
    `,
    )
    playsAfter(
      'static',
      `
      100   join t static=s v=9 protocols=range,roundrobin   → t joined 1 range as s-2, leads f-1 s-2 as before | Stable 1: f-1 s-2
    `,
    )
  })

  it('[KG10] that follows has to be told nothing new', () => {
    playsAfter(
      'static',
      `
      100   join g static=f v=9 protocols=range   → g joined 1 range as f-2, led by s-1 | Stable 1: s-1 f-2
    `,
    )
  })

  it('[KG10] comes back without a rebalance even with other metadata, as long as the protocol stays', () => {
    playsAfter(
      'static',
      `
      100   join g static=f topics=bar protocols=range   → g joined 1 range as f-2, led by s-1 | Stable 1: s-1 f-2
    `,
    )
  })

  it('[KG10] that changes the selected protocol starts a rebalance', () => {
    playsAfter(
      'static',
      `
      100    join g static=f protocols=roundrobin session=20000           | PreparingRebalance 1: s-1 f-2
      200    join s   → s joined 2 roundrobin as s-1, leads s-1 f-2; g joined 2 roundrobin as f-2, led by s-1 | CompletingRebalance 2: s-1 f-2
    `,
    )
  })

  it('[KG10] that comes back before the sync starts a rebalance; the sync of the old one is fenced', () => {
    playsAfter(
      'static',
      `
      100    join s                                                       | PreparingRebalance 1: s-1 f-1
      110    join f   → s joined 2 range as s-1, leads s-1 f-1; f joined 2 range as f-1, led by s-1 | CompletingRebalance 2: s-1 f-1
      120    sync f
      130    join g static=f protocols=range   → f FENCED_INSTANCE_ID     | PreparingRebalance 2: s-1 f-2
    `,
    )
  })

  it('[KG10] that comes back while its old self waits for the join phase takes its place', () => {
    plays(`
      0     join f static=f                                               | PreparingRebalance 0: f-1
      10    join g static=f   → f FENCED_INSTANCE_ID                      | PreparingRebalance 0: f-2
      3000  -                 → g joined 1 range as f-2, leads f-2        | CompletingRebalance 1: f-2
    `)
  })

  it('[KG10] that cannot be written down keeps its old id', () => {
    playsAfter(
      'static',
      `
      90    refuse UNKNOWN_TOPIC_OR_PARTITION
      100   join g static=f protocols=range   → g COORDINATOR_NOT_AVAILABLE
      110   accept
      120   beat f   → f NONE
      130   sync f   → f gets y
    `,
    )
  })

  it('[KG10] that was not written down in time has its old id back', () => {
    playsAfter(
      'static',
      `
      90    hold
      100   join g static=f protocols=range                               | Stable 1: s-1 f-2
      200   fail REQUEST_TIMED_OUT   → g COORDINATOR_NOT_AVAILABLE        | Stable 1: s-1 f-1
      300   release
      310   beat f   → f NONE
    `,
    )
  })

  it('[KG10] that comes back twice before it is written down is who came last, or what it was before', () => {
    playsAfter(
      'static',
      `
      90    hold
      100   join g static=f protocols=range                               | Stable 1: s-1 f-2
      110   join h static=f protocols=range   → g FENCED_INSTANCE_ID      | Stable 1: s-1 f-3
      200   fail REQUEST_TIMED_OUT   → h COORDINATOR_NOT_AVAILABLE        | Stable 1: s-1 f-2
    `,
    )
    playsAfter(
      'static',
      `
      90    hold
      100   join g static=f protocols=range                               | Stable 1: s-1 f-2
      110   join h static=f protocols=range   → g FENCED_INSTANCE_ID      | Stable 1: s-1 f-3
      200   release   → h joined 1 range as f-3, led by s-1
    `,
    )
  })

  it('[KG10] under a wrong id is refused', () => {
    playsAfter(
      'static',
      `
      100   join s id=s-9               → s FENCED_INSTANCE_ID
      100   join z id=f-1 static=z      → z UNKNOWN_MEMBER_ID
    `,
    )
  })

  it('[KG10] has the session of its old self at first', () => {
    playsAfter(
      'static',
      `
      4000  beat s   → s NONE
      4000  join g static=f session=60000 protocols=range,roundrobin   → g joined 1 range as f-2, led by s-1 | Stable 1: s-1 f-2
      8000  beat s   → s NONE
      9000  -                                                             | PreparingRebalance 1: s-1
    `,
    )
  })
})

describe('a member that leaves', () => {
  it('[KG13] starts a rebalance at once, and one that was waiting is told to start over', () => {
    playsAfter(
      'two',
      `
      100   leave b-1   → NONE                                            | PreparingRebalance 1: a-1
      110   join c                                                        | PreparingRebalance 1: a-1 c-1
      120   leave c-1   → c UNKNOWN_MEMBER_ID; NONE                       | PreparingRebalance 1: a-1
      130   join a      → a joined 2 range as a-1, leads a-1              | CompletingRebalance 2: a-1
    `,
    )
  })

  it('[KG13] as the last one leaves an empty group, which is answered when it is written down', () => {
    const { log } = playsAfter(
      'one',
      `
      90    hold
      100   leave a-1                                                     | Empty 2
      200   release   → NONE
    `,
    )
    expect(log.summary()).toEqual(['group 0', 'group 1 a-1=x', 'group 2'])
  })

  it('[KG13] may end a join phase', () => {
    playsAfter(
      'two',
      `
      100   join b topics=bar                                             | PreparingRebalance 1: a-1 b-1
      110   leave a-1   → b joined 2 range as b-1, leads b-1; NONE        | CompletingRebalance 2: b-1
    `,
    )
  })

  it('[KG13] may be removed by its instance id, and with others in one request', () => {
    playsAfter(
      'static',
      `
      100   leave @f            → NONE                                    | PreparingRebalance 1: s-1
    `,
    )
    playsAfter(
      'static',
      `
      100   leave @f @s         → NONE NONE                               | Empty 2
    `,
    )
    playsAfter(
      'static',
      `
      100   leave f-1@f @s @t   → NONE NONE UNKNOWN_MEMBER_ID             | Empty 2
    `,
    )
  })

  it('[KG13] must be who it says it is, which is said of each', () => {
    playsAfter(
      'static',
      `
      100   leave z-1 f-9@f f-1@s @ f-1@z   → UNKNOWN_MEMBER_ID FENCED_INSTANCE_ID FENCED_INSTANCE_ID UNKNOWN_MEMBER_ID UNKNOWN_MEMBER_ID
    `,
    )
    plays(`
      0     leave a-1   → all UNKNOWN_MEMBER_ID                           | none
    `)
  })

  it('[KG13] may be pending in a group that is empty, which stays so', () => {
    plays(`
      0     join a v=4   → a is to be a-1                                 | Empty 0: a-1?
      1     leave a-1    → NONE                                           | Empty 0
    `)
  })

  it('[KG13] may be pending, and then ends the wait for it', () => {
    playsAfter(
      'one',
      `
      100   join b v=4   → b is to be b-1                                 | Stable 1: a-1 b-1?
      110   join a                                                        | PreparingRebalance 1: a-1 b-1?
      120   leave b-1    → a joined 2 range as a-1, leads a-1; NONE       | CompletingRebalance 2: a-1
    `,
    )
  })
})

describe('a full group', () => {
  it('[KG14] takes no more members than group.max.size, but lets those rejoin that it has', () => {
    plays(
      `
      0     join a v=4   → a is to be a-1                                 | Empty 0: a-1?
      0     join b v=4   → b is to be b-1                                 | Empty 0: a-1? b-1?
      0     join c v=4   → c is to be c-1                                 | Empty 0: a-1? b-1? c-1?
      1     join a                                                        | PreparingRebalance 0: a-1 b-1? c-1?
      1     join b                                                        | PreparingRebalance 0: a-1 b-1 c-1?
      1     join c       → c GROUP_MAX_SIZE_REACHED                       | PreparingRebalance 0: a-1 b-1
      2     join a
      6001  -            → a joined 1 range as a-1, leads a-1 b-1; b joined 1 range as b-1, led by a-1 | CompletingRebalance 1: a-1 b-1
      6002  join b       → b joined 1 range as b-1, led by a-1
      6002  join c       → c GROUP_MAX_SIZE_REACHED
      6003  sync a       → a gets nothing                                 | Stable 1: a-1 b-1
      6004  join c fresh → c GROUP_MAX_SIZE_REACHED
    `,
      { 'group.max.size': 2 },
    )
  })

  it('[KG14] that is larger than it may be gets smaller by a rebalance, at the cost of who joins last', () => {
    playsAfter(
      'two',
      `
      100    move size=1                                                  | PreparingRebalance 1: a-1 b-1
      200    join b
      300    join a   → a GROUP_MAX_SIZE_REACHED                          | PreparingRebalance 1: b-1
      10100  -        → b joined 2 range as b-1, leads b-1                | CompletingRebalance 2: b-1
    `,
    )
  })
})
