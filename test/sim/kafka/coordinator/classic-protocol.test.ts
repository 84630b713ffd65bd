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
      0     leave a-1   → UNKNOWN_MEMBER_ID                               | none
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
