import { describe, expect, it } from 'vitest'
import { ClassicGroup, type ClassicGroupState } from '../../../../sim/kafka/coordinator/classic-group.ts'
import { ClassicMember } from '../../../../sim/kafka/coordinator/classic-member.ts'
import { samePlain } from '../../../../sim/kafka/coordinator/equality.ts'
import { plays, playsAfter } from '../../../fixtures/group-play.ts'

// Facts of ClassicGroupTest and ClassicGroupMemberTest of Apache Kafka.

const topicsOf = (metadata: unknown): readonly string[] | undefined =>
  Array.isArray(metadata) ? metadata : undefined

const member = (memberId: string, protocols: readonly string[], protocolType = 'consumer'): ClassicMember =>
  new ClassicMember({
    memberId,
    groupInstanceId: null,
    clientId: 'client',
    clientHost: 'host',
    rebalanceTimeoutMs: 60_000,
    sessionTimeoutMs: 10_000,
    protocolType,
    protocols: protocols.map((name) => ({ name, metadata: ['foo'] })),
    assignment: null,
  })

const empty = (): ClassicGroup => new ClassicGroup('g', 0, topicsOf)

/** The shortest way into each state. */
const WAYS: Readonly<Record<ClassicGroupState, readonly ClassicGroupState[]>> = {
  Empty: [],
  PreparingRebalance: ['PreparingRebalance'],
  CompletingRebalance: ['PreparingRebalance', 'CompletingRebalance'],
  Stable: ['PreparingRebalance', 'CompletingRebalance', 'Stable'],
  Dead: ['Dead'],
}

const inState = (state: ClassicGroupState): ClassicGroup => {
  const group = empty()
  for (const [at, next] of WAYS[state].entries()) group.transitionTo(next, at)
  return group
}

const STATES: readonly ClassicGroupState[] = [
  'Empty',
  'PreparingRebalance',
  'CompletingRebalance',
  'Stable',
  'Dead',
]

describe('the states of a group', () => {
  const allowed = [
    'Empty PreparingRebalance',
    'PreparingRebalance Empty',
    'PreparingRebalance CompletingRebalance',
    'CompletingRebalance PreparingRebalance',
    'CompletingRebalance Stable',
    'Stable PreparingRebalance',
    ...STATES.map((state) => `${state} Dead`),
  ]

  it('[KG1] follow each other as Kafka has them, and in no other way', () => {
    const possible = STATES.flatMap((from) =>
      STATES.filter((to) => {
        try {
          inState(from).transitionTo(to, 9)
          return true
        } catch {
          return false
        }
      }).map((to) => `${from} ${to}`),
    )
    expect(possible.sort()).toEqual(allowed.sort())
  })

  it.each([
    { state: 'Empty', can: true },
    { state: 'PreparingRebalance', can: false },
    { state: 'CompletingRebalance', can: true },
    { state: 'Stable', can: true },
    { state: 'Dead', can: false },
  ] as const)('[KG1] a rebalance can begin in $state: $can', ({ state, can }) => {
    expect(inState(state).canRebalance).toBe(can)
  })

  it('[KG1] begin at a moment of their own', () => {
    const group = empty()
    group.transitionTo('PreparingRebalance', 70)
    expect(group).toMatchObject({ state: 'PreparingRebalance', previousState: 'Empty', stateSinceMillis: 70 })
  })
})

describe('the protocol of a group', () => {
  const offers = [
    { members: [['range', 'roundrobin']], selected: 'range' },
    {
      members: [
        ['range', 'roundrobin'],
        ['roundrobin', 'range'],
      ],
      selected: 'range',
    },
    {
      members: [
        ['range', 'roundrobin'],
        ['roundrobin', 'range'],
        ['roundrobin', 'range'],
      ],
      selected: 'roundrobin',
    },
    {
      members: [
        ['range', 'roundrobin'],
        ['roundrobin', 'foo'],
      ],
      selected: 'roundrobin',
    },
  ]

  it.each(offers)('[KG5] of members that offer $members is $selected', ({ members, selected }) => {
    const group = empty()
    members.forEach((protocols, index) => {
      group.add(member(`m${index}`, protocols))
    })
    expect(group.selectProtocol()).toBe(selected)
  })

  it('[KG5] of nobody does not exist', () => {
    expect(() => empty().selectProtocol()).toThrow('no members')
  })

  it('[KG5] of an empty group may be any, of another one must be supported by all', () => {
    const group = empty()
    const supports = (...names: string[]): boolean =>
      group.supportsProtocols(
        'consumer',
        names.map((name) => ({ name, metadata: null })),
      )
    expect(supports('range', 'roundrobin')).toBe(true)
    group.add(member('m1', ['range', 'roundrobin']))
    group.transitionTo('PreparingRebalance', 1)
    expect([supports('roundrobin', 'foo'), supports('range', 'bar'), supports('foo', 'bar')]).toEqual([
      true,
      true,
      false,
    ])
    group.add(member('m2', ['roundrobin']))
    expect([supports('range'), supports('roundrobin')]).toEqual([false, true])
    group.remove('m2')
    expect(supports('range')).toBe(true)
  })

  it('[KG6] offers match if names, order and metadata do', () => {
    const one = member('m1', ['range', 'roundrobin'])
    const offer = (...names: string[]) => names.map((name) => ({ name, metadata: ['foo'] }))
    expect(one.matches(offer('range', 'roundrobin'), samePlain)).toBe(true)
    expect(one.matches(offer('roundrobin', 'range'), samePlain)).toBe(false)
    expect(one.matches(offer('range'), samePlain)).toBe(false)
    expect(one.matches(offer('range', 'roundrobin', 'sticky'), samePlain)).toBe(false)
    const other = [
      { name: 'range', metadata: ['foo'] },
      { name: 'roundrobin', metadata: ['bar'] },
    ]
    expect(one.matches(other, samePlain)).toBe(false)
  })

  it('[KG5] is a vote for the first of the candidates', () => {
    const one = member('m1', ['range', 'roundrobin'])
    expect(one.vote(new Set(['range', 'roundrobin']))).toBe('range')
    expect(one.vote(new Set(['blah', 'roundrobin']))).toBe('roundrobin')
    expect(() => one.vote(new Set(['blah']))).toThrow('none of the candidate')
  })
})

describe('the topics of a group', () => {
  it('[KO6] are those of its members, none when it is empty, and unknown when somebody does not say', () => {
    const group = empty()
    group.transitionTo('PreparingRebalance', 0)
    group.add(member('m1', ['range']))
    group.initNextGeneration(1)
    expect([group.isSubscribedTo('foo'), group.isSubscribedTo('bar')]).toEqual([true, false])
    group.transitionTo('PreparingRebalance', 2)
    group.remove('m1')
    group.initNextGeneration(3)
    expect(group.isSubscribedTo('foo')).toBe(false)
    group.transitionTo('PreparingRebalance', 4)
    const faulty = member('m2', ['range'])
    faulty.protocols = [{ name: 'range', metadata: 'faulty' }]
    group.add(faulty)
    group.initNextGeneration(5)
    expect(group.isSubscribedTo('bar')).toBe(true)
  })

  it('[KO6] are unknown where members are no consumers, and then nothing is subscribed to', () => {
    const group = empty()
    group.transitionTo('PreparingRebalance', 0)
    group.add(member('m1', ['range'], 'connect'))
    group.initNextGeneration(1)
    expect(group.isSubscribedTo('foo')).toBe(false)
  })
})

describe('what a group lets be done to its offsets', () => {
  it.each([
    { state: 'Empty', remove: 'NONE', drop: 'NONE' },
    { state: 'PreparingRebalance', remove: 'NON_EMPTY_GROUP', drop: 'NON_EMPTY_GROUP' },
    { state: 'CompletingRebalance', remove: 'NON_EMPTY_GROUP', drop: 'NON_EMPTY_GROUP' },
    { state: 'Stable', remove: 'NON_EMPTY_GROUP', drop: 'NON_EMPTY_GROUP' },
    { state: 'Dead', remove: 'GROUP_ID_NOT_FOUND', drop: 'GROUP_ID_NOT_FOUND' },
  ] as const)('[KO9] in $state without consumers: OffsetDelete $remove, DeleteGroups $drop', (row) => {
    const group = inState(row.state)
    expect([group.validateOffsetDelete(), group.validateDelete()]).toEqual([row.remove, row.drop])
  })

  it.each([{ state: 'PreparingRebalance' }, { state: 'CompletingRebalance' }, { state: 'Stable' }] as const)(
    '[KO9] in $state with consumers: OffsetDelete is allowed',
    ({ state }) => {
      const group = inState(state)
      group.protocolType = 'consumer'
      expect([group.validateOffsetDelete(), group.validateDelete()]).toEqual(['NONE', 'NON_EMPTY_GROUP'])
    },
  )

  it('[KO4] a dead group takes no offsets and has none', () => {
    const group = inState('Dead')
    expect(group.validateOffsetCommit('', null, -1, false)).toBe('COORDINATOR_NOT_AVAILABLE')
    expect(group.validateOffsetFetch()).toBe('GROUP_ID_NOT_FOUND')
  })

  it.each([
    { memberId: '', generation: -1, txn: false, empty: 'NONE', stable: 'UNKNOWN_MEMBER_ID' },
    { memberId: '', generation: -1, txn: true, empty: 'NONE', stable: 'NONE' },
    { memberId: 'm1', generation: -1, txn: false, empty: 'NONE', stable: 'ILLEGAL_GENERATION' },
    { memberId: 'm1', generation: 0, txn: false, empty: 'UNKNOWN_MEMBER_ID', stable: 'NONE' },
    { memberId: 'm1', generation: 1, txn: false, empty: 'UNKNOWN_MEMBER_ID', stable: 'ILLEGAL_GENERATION' },
    { memberId: 'm1', generation: 0, txn: true, empty: 'UNKNOWN_MEMBER_ID', stable: 'NONE' },
    { memberId: 'm9', generation: 0, txn: false, empty: 'UNKNOWN_MEMBER_ID', stable: 'UNKNOWN_MEMBER_ID' },
  ] as const)(
    '[KO4] commit of "$memberId", generation $generation, transactional $txn: $empty in an empty group, $stable in a stable one',
    (row) => {
      const stable = inState('Stable')
      stable.add(member('m1', ['range']))
      const asked = [row.memberId, null, row.generation, row.txn] as const
      expect(empty().validateOffsetCommit(...asked)).toBe(row.empty)
      expect(stable.validateOffsetCommit(...asked)).toBe(row.stable)
    },
  )

  it('[KO6] retention counts from the commit, from when the group was empty, or not at all', () => {
    const simple = inState('Empty')
    expect(simple.retainedSinceMillis(5)).toBe(5)
    const group = empty()
    group.transitionTo('PreparingRebalance', 10)
    group.add(member('m1', ['range']))
    expect(group.retainedSinceMillis(5)).toBeUndefined()
    group.initNextGeneration(11)
    expect(group.retainedSinceMillis(5)).toBeUndefined()
    group.transitionTo('Stable', 12)
    expect(group.retainedSinceMillis(5)).toBe(5)
    group.transitionTo('PreparingRebalance', 13)
    group.remove('m1')
    group.initNextGeneration(14)
    expect(group.retainedSinceMillis(5)).toBe(14)
    group.stateSinceMillis = -1
    expect(group.retainedSinceMillis(5)).toBe(5)
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

  it('[KG5] that keeps its place without rejoining, being static, leads no more', () => {
    playsAfter(
      'static',
      `
      100    join f protocols=range session=30000                         | PreparingRebalance 1: s-1 f-1
      4000   beat s   → s REBALANCE_IN_PROGRESS
      8000   beat s   → s REBALANCE_IN_PROGRESS
      10100  -        → f joined 2 range as f-1, leads s-1 f-1            | CompletingRebalance 2: s-1 f-1
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
