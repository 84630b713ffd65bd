import { describe, expect, it } from 'vitest'
import { plays, playsAfter } from '../../../fixtures/group-play.ts'

// Facts of GroupMetadataManagerTest of Apache Kafka (classic groups), unless a comment says otherwise.

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
