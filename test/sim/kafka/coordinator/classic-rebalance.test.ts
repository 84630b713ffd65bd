import { describe, expect, it } from 'vitest'
import { plays, playsAfter } from '../../../fixtures/group-play.ts'

// Facts of GroupMetadataManagerTest of Apache Kafka (classic groups), unless a comment says otherwise.

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
