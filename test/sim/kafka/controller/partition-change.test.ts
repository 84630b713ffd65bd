import { describe, expect, it } from 'vitest'
import {
  type Election,
  electLeader,
  type PartitionTarget,
  partitionChange,
} from '../../../../sim/kafka/controller/partition-change.ts'
import { reassignmentTo, reverted } from '../../../../sim/kafka/controller/reassignment.ts'
import { changed, type PartitionChange } from '../../../../sim/kafka/controller/registration.ts'
import { partition } from '../../../fixtures/controller.ts'

/** Facts of Kafka 4.1's PartitionChangeBuilderTest. */
const FOO = partition({ replicas: [2, 1, 3], isr: [2, 1, 3], leader: 1 })
const BAR = partition({
  replicas: [1, 2, 3, 4],
  isr: [1, 2, 3],
  removingReplicas: [1],
  addingReplicas: [4],
  leader: 1,
})
const BAZ = partition({ replicas: [2, 1, 3], isr: [1, 3], leader: 3 })
const OFFLINE = partition({ replicas: [2, 1, 3], isr: [3], leader: -1 })
const OFFLINE_WITH_ELR = partition({ replicas: [2, 1, 3], isr: [], elr: [3], lastKnownElr: [2], leader: -1 })

const but = (dead: number) => (id: number) => id !== dead
const only = (alive: number) => (id: number) => id === alive
const everybody = () => true
const nobody = () => false

interface Rules {
  readonly alive: (id: number) => boolean
  readonly minIsr?: number
  readonly elr: boolean
}

const change = (from: typeof FOO, target: PartitionTarget, { alive, minIsr = 2, elr }: Rules) =>
  partitionChange(from, target, {
    isAcceptableLeader: alive,
    minInsyncReplicas: minIsr,
    eligibleLeaderReplicas: elr,
  })

/** What a change says, without what it leaves as it is. */
const said = (found: PartitionChange | undefined) =>
  found && Object.fromEntries(Object.entries(found).filter(([, value]) => value !== undefined))

describe.each([{ elr: false }, { elr: true }])('with eligible leader replicas: $elr', ({ elr }) => {
  const foo = { alive: but(3), elr }
  const baz = { alive: everybody, elr }

  it.each([
    { from: FOO, rules: foo, target: { election: 'PREFERRED' }, leader: 2, unclean: false },
    { from: FOO, rules: foo, target: {}, leader: 1, unclean: false },
    { from: FOO, rules: foo, target: { election: 'UNCLEAN' }, leader: 1, unclean: false },
    { from: FOO, rules: foo, target: { isr: [1, 3] }, leader: 1, unclean: false },
    { from: FOO, rules: foo, target: { election: 'UNCLEAN', isr: [1, 3] }, leader: 1, unclean: false },
    { from: FOO, rules: foo, target: { isr: [3] }, leader: -1, unclean: false },
    { from: FOO, rules: foo, target: { election: 'UNCLEAN', isr: [3] }, leader: 2, unclean: true },
    {
      from: FOO,
      rules: foo,
      target: { election: 'UNCLEAN', isr: [4], replicas: [2, 1, 3, 4] },
      leader: 4,
      unclean: false,
    },
    { from: BAZ, rules: baz, target: { election: 'PREFERRED' }, leader: 3, unclean: false },
    { from: BAZ, rules: baz, target: {}, leader: 3, unclean: false },
    { from: BAZ, rules: baz, target: { election: 'UNCLEAN' }, leader: 3, unclean: false },
  ] as const)('[KC1] [KC2] elects $leader for $target', ({ from, rules, target, leader, unclean }) => {
    expect(
      electLeader(from, target, {
        isAcceptableLeader: rules.alive,
        minInsyncReplicas: 2,
        eligibleLeaderReplicas: elr,
      }),
    ).toEqual({ leader, unclean })
  })

  it.each([
    { from: FOO, rules: foo, target: {} },
    { from: FOO, rules: foo, target: { election: 'UNCLEAN' } },
    { from: BAR, rules: foo, target: {} },
    { from: BAR, rules: foo, target: { election: 'UNCLEAN' } },
    { from: BAZ, rules: baz, target: { election: 'PREFERRED' } },
  ] as const)('[KC5] changes nothing that is right: $target', ({ from, rules, target }) => {
    expect(change(from, target, rules)).toBeUndefined()
  })

  it.each([
    { what: 'a smaller ISR', from: FOO, target: { isr: [2, 1] }, says: { isr: [2, 1] } },
    { what: 'a larger ISR', from: FOO, target: { isr: [2, 1, 3, 4] }, says: { isr: [2, 1, 3, 4] } },
    {
      what: 'an ISR without its leader',
      from: FOO,
      target: { isr: [2, 3] },
      says: { isr: [2, 3], leader: 2 },
    },
    { what: 'another order', from: FOO, target: { replicas: [3, 2, 1] }, says: { replicas: [3, 2, 1] } },
    {
      what: 'the end of a reassignment',
      from: BAR,
      target: { isr: [1, 2, 3, 4] },
      says: { replicas: [2, 3, 4], isr: [2, 3, 4], leader: 2, removingReplicas: [], addingReplicas: [] },
    },
    {
      what: 'a reassignment taken back',
      from: BAR,
      target: { ...withoutUnclean(reverted(BAR)), addingReplicas: [], removingReplicas: [] },
      says: { replicas: [1, 2, 3], leader: 1, removingReplicas: [], addingReplicas: [] },
    },
    {
      what: 'the removal of a replica',
      from: FOO,
      target: { replicas: [1, 2, 3], removingReplicas: [3] },
      says: { replicas: [1, 2], isr: [2, 1], leader: 1 },
    },
    {
      what: 'the addition of a replica',
      from: FOO,
      target: { replicas: reassignmentTo(FOO.replicas, [1, 2, 3, 4]).replicas, addingReplicas: [4] },
      says: { replicas: [1, 2, 3, 4], addingReplicas: [4] },
    },
  ])('[KC5] $what: $says', ({ from, target, says }) => {
    expect(said(change(from, target, foo))).toEqual(says)
  })

  it('[KC5] other replicas start a leader epoch, the same ones do not', () => {
    const bumped = partitionChange(
      FOO,
      { replicas: [2, 1, 4] },
      { isAcceptableLeader: but(3), minInsyncReplicas: 2, eligibleLeaderReplicas: elr },
    )
    expect(changed(FOO, bumped as PartitionChange)).toMatchObject({
      leader: 1,
      leaderEpoch: 101,
      partitionEpoch: 201,
    })
    const rearranged = change(FOO, { replicas: [3, 2, 1] }, foo) as PartitionChange
    expect(changed(FOO, rearranged)).toMatchObject({ leaderEpoch: 100, partitionEpoch: 201 })
  })

  it('[KC2] an unclean election leaves the new leader alone in the ISR, recovering', () => {
    const cleared = elr ? { elr: [], lastKnownElr: [] } : {}
    const alone = (leader: number) => ({ leader, isr: [leader], leaderRecoveryState: 'RECOVERING' })
    expect(said(change(FOO, { election: 'UNCLEAN', isr: [3] }, foo))).toEqual(alone(2))
    const offline = elr ? OFFLINE_WITH_ELR : OFFLINE
    const rules = { alive: only(1), elr }
    const expected = { ...alone(1), ...cleared }
    expect(said(change(offline, { election: 'UNCLEAN' }, rules))).toEqual(expected)
    expect(said(change(offline, { election: 'UNCLEAN', isr: [2] }, rules))).toEqual(expected)
  })

  it('[KC1] a leader that a reassignment removes leads no more, even if nobody else may', () => {
    const from = partition({
      replicas: [2, 3, 0, 1],
      isr: [0, 1],
      removingReplicas: [0, 1],
      addingReplicas: [2, 3],
      leader: 0,
    })
    expect(said(change(from, { isr: [0, 1, 2, 3] }, { alive: nobody, elr }))).toEqual({
      replicas: [2, 3],
      isr: [2, 3],
      removingReplicas: [],
      addingReplicas: [],
      leader: -1,
    })
  })
})

describe('recovery', () => {
  const from = partition({ replicas: [1, 2, 3], isr: [1], leader: 1, leaderRecoveryState: 'RECOVERING' })

  it('[KC2] [KC3] goes on whoever leads: the last member of the ISR stays, and leads again', () => {
    const off = change(from, { isr: [] }, { alive: nobody, elr: false }) as PartitionChange
    const offline = changed(from, off)
    expect(offline).toMatchObject({ leader: -1, isr: [1], leaderRecoveryState: 'RECOVERING' })
    const online = changed(offline, change(offline, {}, { alive: everybody, elr: false }) as PartitionChange)
    expect(online).toMatchObject({ leader: 1, isr: [1], leaderRecoveryState: 'RECOVERING' })
  })

  it('[KC2] begins with an unclean election', () => {
    const offline = partition({ replicas: [1, 2, 3], isr: [2, 3], leader: -1 })
    const next = changed(
      offline,
      change(offline, { election: 'UNCLEAN' }, { alive: only(1), elr: false }) as PartitionChange,
    )
    expect(next).toMatchObject({ leader: 1, isr: [1], leaderRecoveryState: 'RECOVERING' })
  })
})

describe('eligible leader replicas', () => {
  const rules = (alive: (id: number) => boolean, elr = true) => ({ alive, minIsr: 3, elr })
  const four = (fields: Partial<typeof FOO>) => partition({ replicas: [1, 2, 3, 4], leader: 1, ...fields })
  const PREFERRED = { election: 'PREFERRED' } as const

  it.each([
    { elr: true, eligible: [3, 4] },
    { elr: false, eligible: [] },
  ])('[KC4] are those that leave an ISR that becomes too small, enabled $elr', ({ elr, eligible }) => {
    const from = four({ isr: [1, 2, 3, 4] })
    const found = change(from, { ...PREFERRED, isr: [1, 2] }, rules(but(3), elr)) as PartitionChange
    expect(changed(from, found)).toMatchObject({ isr: [1, 2], elr: eligible, lastKnownElr: [] })
  })

  it.each([true, false])('[KC4] are none when the ISR is large enough, enabled %s', (elr) => {
    const from = four({ isr: [1, 2], elr: [3] })
    expect(said(change(from, { ...PREFERRED, isr: [1, 2, 3] }, rules(but(3), elr)))).toEqual({
      isr: [1, 2, 3],
      elr: [],
    })
  })

  it.each([
    { elr: true, eligible: [3] },
    { elr: false, eligible: [] },
  ])('[KC4] stay while the ISR is too small, enabled $elr', ({ elr, eligible }) => {
    const from = four({ isr: [1], elr: [3] })
    const found = change(from, { ...PREFERRED, isr: [1, 4] }, rules(but(3), elr)) as PartitionChange
    expect(changed(from, found)).toMatchObject({ isr: [1, 4], elr: eligible })
  })

  it('[KC4] [KC7] are not those that may have lost what they had', () => {
    const from = four({ isr: [1], elr: [2, 3] })
    expect(said(change(from, { ...PREFERRED, uncleanShutdownReplicas: [3] }, rules(but(3))))).toEqual({
      elr: [2],
    })
  })

  it('[KC1] [KC4] lead when the ISR is empty, and are in it then', () => {
    const from = four({ isr: [1], elr: [3] })
    expect(said(change(from, { ...PREFERRED, isr: [] }, rules(but(1))))).toEqual({
      isr: [3],
      elr: [1],
      leader: 3,
    })
  })

  it('[KC1] do not lead while the ISR has a member, though it is not alive', () => {
    expect(said(change(four({ isr: [1], elr: [3] }), {}, rules(but(1))))).toEqual({ leader: -1 })
  })

  it('[KC4] may be all replicas, with the last leader remembered', () => {
    const from = four({ isr: [1, 2, 3, 4] })
    const found = change(from, { ...PREFERRED, isr: [] }, rules(nobody)) as PartitionChange
    expect(said(found)).toEqual({ isr: [], leader: -1, elr: [1, 2, 3, 4], lastKnownElr: [1] })
    const empty = changed(from, found)
    const next = change(empty, { ...PREFERRED, uncleanShutdownReplicas: [2] }, rules(nobody))
    expect(next).toMatchObject({ elr: [1, 3, 4], lastKnownElr: undefined })
  })

  it('[KC2] that are none make the last known leader lead, in recovery', () => {
    const from = four({ isr: [], lastKnownElr: [1], leader: -1 })
    expect(said(change(from, { ...PREFERRED, isr: [] }, rules(everybody)))).toEqual({
      isr: [1],
      leader: 1,
      leaderRecoveryState: 'RECOVERING',
      lastKnownElr: [],
    })
  })

  it('[KC2] that are not alive are waited for', () => {
    const from = four({ isr: [], elr: [3], lastKnownElr: [1], leader: -1 })
    expect(change(from, { ...PREFERRED, isr: [] }, rules(but(3)))).toBeUndefined()
  })

  it.each<Election>(['PREFERRED', 'ONLINE', 'UNCLEAN'])(
    '[KC2] KAFKA-19522: a last known leader that is not alive does not lead (%s)',
    (election) => {
      const from = four({ isr: [], lastKnownElr: [1], leader: -1 })
      expect(change(from, { election, isr: [] }, rules(nobody))).toBeUndefined()
    },
  )
})

function withoutUnclean({ replicas, isr }: ReturnType<typeof reverted>) {
  return { replicas, isr }
}
