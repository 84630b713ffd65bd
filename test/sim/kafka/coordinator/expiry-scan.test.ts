import { describe, expect, it } from 'vitest'
import { plays, playsAfter } from '../../../fixtures/group-play.ts'

// Facts of OffsetMetadataManagerTest of Apache Kafka, unless a comment says otherwise.

const DAY = 86_400_000

describe('expiry', () => {
  it('[KO6] of an empty group comes offsets.retention.minutes after it became empty, at the next scan', () => {
    const { log } = playsAfter(
      'one',
      `
      100           commit a foo-0=1   → a NONE
      500           leave a-1          → NONE                             | Empty 2
      604800499     fetch              → foo-0=1
      605399999     fetch              → foo-0=1
      605400000     fetch              → no offsets                       | none
    `,
    )
    expect(log.summary().slice(-2)).toEqual(['foo-0=none', 'group none'])
  })

  it('[KO6] of a group that becomes empty later is noticed all the same', () => {
    playsAfter(
      'one',
      `
      100       join a session=1000000   → a joined 2 range as a-1, leads a-1 | CompletingRebalance 2: a-1
      110       sync a             → a gets nothing                       | Stable 2: a-1
      120       commit a foo-0=1   → a NONE
      650000    leave a-1          → NONE                                 | Empty 3
      1199999   fetch              → foo-0=1
      1200000   fetch              → no offsets                           | none
    `,
      { 'offsets.retention.minutes': 1 },
    )
  })

  it('[KO6] leaves groups alone that have members, but no offsets', () => {
    playsAfter(
      'one',
      `
      100       join a session=1000000   → a joined 2 range as a-1, leads a-1 | CompletingRebalance 2: a-1
      110       sync a             → a gets nothing                       | Stable 2: a-1
      900000    beat a             → a NONE
    `,
    )
  })

  it('[KO6] takes a group along whose last offset was deleted', () => {
    plays(`
      0         commit - foo-0=1   → - NONE                               | Empty 0
      700000    forget foo-0       → NONE
      1199999   -
      1200000   -                                                         | none
    `)
  })

  it('[KO6] counts a partition once that a transaction has committed twice', () => {
    plays(
      `
      0         txn 10 - foo-0=1   → - NONE                               | Empty 0
      1         txn 10 - foo-0=2   → - NONE
      2         end 10 COMMIT      → NONE
      3         fetch              → foo-0=2
      60000     fetch              → foo-0=2
      120000    fetch              → no offsets                           | none
    `,
      { 'offsets.retention.minutes': 1, 'offsets.retention.check.interval.ms': 60_000 },
    )
  })

  it('[KO6] does not touch what a stable group reads, nor anything while a rebalance goes on', () => {
    const config = { 'offsets.retention.minutes': 1, 'offsets.retention.check.interval.ms': 1_000 }
    playsAfter(
      'one',
      `
      100       join a session=1000000   → a joined 2 range as a-1, leads a-1 | CompletingRebalance 2: a-1
      110       sync a         → a gets nothing                           | Stable 2: a-1
      120       commit a foo-0=1 bar-0=2   → a NONE
      50000     join b rebalance=60000                                    | PreparingRebalance 2: a-1 b-1
      109999    fetch          → foo-0=1 bar-0=2
      110010    beat a   → b joined 3 range as b-1, leads b-1 @110000; a UNKNOWN_MEMBER_ID | CompletingRebalance 3: b-1
      110020    sync b         → b gets nothing                           | Stable 3: b-1
      110999    fetch          → foo-0=1 bar-0=2
      111000    fetch          → foo-0=1
    `,
      config,
    )
  })

  it('[KO6] of a consumer that is no member counts from the commit, offset by offset', () => {
    plays(
      `
      0         commit - foo-0=1   → - NONE                               | Empty 0
      30000     commit - foo-1=2   → - NONE
      60000     fetch              → foo-1=2
      120000    fetch              → no offsets                           | none
    `,
      { 'offsets.retention.minutes': 1, 'offsets.retention.check.interval.ms': 60_000 },
    )
  })

  it('[KO6] of a topic that a stable group does not read any more counts from the commit', () => {
    playsAfter(
      'one',
      `
      100       commit a foo-0=1 bar-0=2   → a NONE
      4000      beat a   → a NONE
      8000      beat a   → a NONE
      12000     fetch    → foo-0=1
    `,
      { 'offsets.retention.minutes': 0.1, 'offsets.retention.check.interval.ms': 1_000 },
    )
  })

  it('[KO6] waits for transactions, and so does the group', () => {
    plays(
      `
      0         commit - foo-0=1           → - NONE                       | Empty 0
      0         txn 10 - foo-0=2           → - NONE
      200000    fetch                      → foo-0=1
      200001    end 10 ABORT               → NONE
      239999    fetch                      → foo-0=1
      240000    fetch                      → no offsets                   | none
    `,
      { 'offsets.retention.minutes': 1, 'offsets.retention.check.interval.ms': 60_000 },
    )
    plays(
      `
      0         txn 10 - foo-0=2           → - NONE                       | Empty 0
      300000    fetch foo-0 stable         → foo-0=UNSTABLE_OFFSET_COMMIT
    `,
      { 'offsets.retention.minutes': 1, 'offsets.retention.check.interval.ms': 60_000 },
    )
  })

  it('[KO6] comes when the request says so, if it is an old one', () => {
    plays(
      `
      0         commit - foo-0=1 retention=30000 v=4   → - NONE           | Empty 0
      1         commit - foo-1=1                       → - NONE
      59999     fetch              → foo-0=1 foo-1=1
      60000     fetch              → foo-1=1
    `,
      { 'offsets.retention.check.interval.ms': 60_000 },
    )
  })

  it('[KO6] takes groups along that have neither members nor offsets', () => {
    const { log } = plays(`
      0         join a v=4         → a is to be a-1                       | Empty 0: a-1?
      600000    -                                                         | none
    `)
    expect(log.summary()).toEqual(['group 0', 'group none'])
  })

  it('[KO6] costs nothing while nothing can expire', () => {
    const { coordinator } = playsAfter('one', '100 commit a foo-0=1   → a NONE')
    coordinator.advance(4_000)
    expect(coordinator.nextDeadlineMillis()).toBe(5_100)
    const simple = plays('0 commit - foo-0=1   → - NONE   | Empty 0').coordinator
    expect(simple.nextDeadlineMillis()).toBe(600_000)
    simple.advance(600_000)
    expect(simple.nextDeadlineMillis()).toBe(7 * DAY)
  })
})
