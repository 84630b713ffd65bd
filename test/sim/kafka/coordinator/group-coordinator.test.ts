import { describe, expect, it } from 'vitest'
import { GROUP_CONFIG } from '../../../../sim/kafka/coordinator/group-config.ts'
import { GroupCoordinator } from '../../../../sim/kafka/coordinator/group-coordinator.ts'
import type { JoinGroupRequest, JoinGroupResponse } from '../../../../sim/kafka/coordinator/group-message.ts'
import { MemoryGroupLog } from '../../../fixtures/group-log.ts'
import { plays, playsAfter } from '../../../fixtures/group-play.ts'

const JOIN: JoinGroupRequest = {
  groupId: 'g',
  sessionTimeoutMs: 10_000,
  rebalanceTimeoutMs: 60_000,
  memberId: '',
  groupInstanceId: null,
  protocolType: 'consumer',
  protocols: [{ name: 'range', metadata: null }],
}

/** What a JoinGroup is answered at once, undefined when it is parked. */
function join(request: Partial<JoinGroupRequest>): JoinGroupResponse | undefined {
  const newMemberId = (prefix: string): string => `${prefix}-id`
  const options = { config: GROUP_CONFIG, log: new MemoryGroupLog(), newMemberId, subscribedTopics: () => [] }
  let answer: JoinGroupResponse | undefined
  const header = { apiVersion: 5, clientId: 'client', clientHost: 'host' }
  new GroupCoordinator(options, 0).joinGroup({ ...JOIN, ...request }, header, 0, (response) => {
    answer = response
  })
  return answer
}

describe('a coordinator', () => {
  it.each([
    { sessionTimeoutMs: 5_999, errorCode: 'INVALID_SESSION_TIMEOUT' },
    { sessionTimeoutMs: 6_000, errorCode: 'MEMBER_ID_REQUIRED' },
    { sessionTimeoutMs: 1_800_000, errorCode: 'MEMBER_ID_REQUIRED' },
    { sessionTimeoutMs: 1_800_001, errorCode: 'INVALID_SESSION_TIMEOUT' },
    { groupId: '', errorCode: 'INVALID_GROUP_ID' },
  ])('[KG2] checks a JoinGroup before anything else: $sessionTimeoutMs ms is answered $errorCode', (row) => {
    const { errorCode, ...request } = row
    expect(join(request)).toMatchObject({
      errorCode,
      generationId: -1,
      protocolType: null,
      protocolName: null,
    })
  })

  it('[KG2] makes member ids of the client id, and those of static members of the instance id', () => {
    expect(join({})?.memberId).toBe('client-id')
  })

  it('[KG2] that cannot write down a new group has none', () => {
    plays(`
      0     refuse NOT_LEADER_OR_FOLLOWER                                 | none
      1     join a   → a NOT_COORDINATOR
      2     accept
      3     join a                                                        | PreparingRebalance 0: a-2
    `)
  })
})

describe('a coordinator that takes over', () => {
  it('[KG15] knows members, assignments and offsets from the log, and gives every session its time again', () => {
    playsAfter(
      'two',
      `
      100    commit a foo-0=7   → a NONE
      4000   move
      4001   fetch              → foo-0=7
      8999   sync b             → b gets y
      8999   beat a             → a NONE
      9000   -                                                            | PreparingRebalance 1: a-1
    `,
    )
  })

  it('[KG15] knows nothing of pending members, nor of a rebalance that was not written down', () => {
    playsAfter(
      'two',
      `
      100    join b topics=bar                                            | PreparingRebalance 1: a-1 b-1
      110    join c v=4   → c is to be c-1                                | PreparingRebalance 1: a-1 b-1 c-1?
      200    move         → b NOT_COORDINATOR                             | Stable 1: a-1 b-1
      210    join c       → c UNKNOWN_MEMBER_ID
      220    join b topics=foo   → b joined 1 range as b-1, led by a-1
    `,
    )
  })

  it('[KG15] tells those that waited to find the new one', () => {
    playsAfter(
      'joined',
      `
      100    sync b
      200    move         → b NOT_COORDINATOR                             | Empty 0
    `,
    )
  })

  it('[KG15] knows what transactions have in store, and groups of which there are only offsets', () => {
    plays(`
      0    commit - foo-0=1       → - NONE                                | Empty 0
      1    txn 10 - foo-0=2       → - NONE
      2    txn 11 - foo-1=3       → - NONE
      3    end 11 COMMIT          → NONE
      4    commit - foo-2=4       → - NONE
      5    forget foo-2           → NONE
      6    move
      7    fetch                  → foo-0=1 foo-1=3
      8    fetch foo-0 foo-2 stable   → foo-0=UNSTABLE_OFFSET_COMMIT foo-2=-1
      9    end 10 COMMIT          → NONE
      10   fetch                  → foo-0=2 foo-1=3
    `)
  })

  it('[KG15] forgets what was deleted', () => {
    plays(`
      0    commit - foo-0=1       → - NONE                                | Empty 0
      1    txn 10 - foo-1=1       → - NONE
      2    drop                   → NONE                                  | none
      3    move
      4    end 10 COMMIT          → NONE
      5    fetch foo-0 foo-1      → foo-0=-1 foo-1=-1
    `)
  })

  it('[KG15] has no groups that were deleted, nor of which there is nothing but an aborted transaction', () => {
    playsAfter(
      'one',
      `
      100    leave a-1            → NONE                                  | Empty 2
      110    drop                 → NONE                                  | none
      120    move
    `,
    )
    plays(`
      0    txn 10 - foo-0=1       → - NONE                                | Empty 0
      1    end 10 ABORT           → NONE
      2    move                                                           | none
    `)
  })

  it('[KG15] takes the session time-out where a member has no rebalance time-out', () => {
    const script = plays('0 - | none')
    const member = {
      memberId: 'm',
      groupInstanceId: null,
      clientId: 'm',
      clientHost: 'host',
      rebalanceTimeout: -1,
      sessionTimeout: 4_000,
      subscription: 'foo',
      assignment: 'x',
    }
    const group = { protocolType: 'consumer', generation: 1, protocol: 'range', leader: 'm' }
    const value = { ...group, currentStateTimestamp: 0, members: [member] }
    const record = { kind: 'GroupMetadata', group: 'g', value } as const
    script.coordinator.load([{ offset: 0, producerId: -1, record }], 0)
    expect(script.coordinator.classicGroup('g')).toMatchObject({ state: 'Stable', rebalanceTimeoutMs: 4_000 })
  })

  it('[KG15] leaves nothing to do for the old one', () => {
    const { coordinator } = playsAfter('two', '100 join a | PreparingRebalance 1: a-1 b-1')
    coordinator.unload(200)
    expect(coordinator.nextDeadlineMillis()).toBe(Number.POSITIVE_INFINITY)
  })

  it('[KO6] goes on counting the retention of offsets', () => {
    plays(
      `
      0        commit - foo-0=1   → - NONE                                | Empty 0
      50000    move
      109999   fetch              → foo-0=1
      110000   fetch              → no offsets                            | none
    `,
      { 'offsets.retention.minutes': 1, 'offsets.retention.check.interval.ms': 60_000 },
    )
  })
})

describe('administration', () => {
  it('[KG16] deletes groups without members, with all their offsets', () => {
    const { log } = playsAfter(
      'one',
      `
      100    commit a foo-0=1     → a NONE
      110    txn 10 a foo-1=2     → a NONE
      120    drop                 → NON_EMPTY_GROUP
      130    leave a-1            → NONE                                  | Empty 2
      140    drop                 → NONE                                  | none
      150    drop                 → GROUP_ID_NOT_FOUND
      160    fetch                → no offsets
    `,
    )
    expect(log.summary().slice(-3)).toEqual(['foo-0=none', 'foo-1=none', 'group none'])
  })

  it('[KG16] answers a deletion when it is replicated, and does not do what cannot be written', () => {
    plays(`
      0    commit - foo-0=1       → - NONE                                | Empty 0
      1    refuse NOT_ENOUGH_REPLICAS
      2    drop                   → COORDINATOR_NOT_AVAILABLE
      3    accept
      4    hold
      5    drop                                                           | none
      6    release                → NONE
    `)
  })

  it('[KG16] describes members and, in a stable group, what they said of themselves', () => {
    const { coordinator } = playsAfter('static', '')
    const [described] = coordinator.describeGroups(['g'], 5)
    expect(described).toMatchObject({
      errorCode: 'NONE',
      groupState: 'Stable',
      protocolType: 'consumer',
      protocolData: 'range',
      members: [
        {
          memberId: 's-1',
          groupInstanceId: 's',
          clientId: 's',
          memberMetadata: 'foo',
          memberAssignment: 'x',
        },
        {
          memberId: 'f-1',
          groupInstanceId: 'f',
          clientId: 'f',
          memberMetadata: 'foo',
          memberAssignment: 'y',
        },
      ],
    })
    const joined = playsAfter('joined', '').coordinator.describeGroups(['g'], 5)[0]
    expect(joined).toMatchObject({ groupState: 'CompletingRebalance', protocolData: '' })
    expect(joined?.members.map(({ memberMetadata }) => memberMetadata)).toEqual([null, null])
  })

  it('[KG16] describes members without an assignment when their sync has failed', () => {
    const { coordinator } = playsAfter(
      'two',
      `
      100   join a                                                        | PreparingRebalance 1: a-1 b-1
      110   join b   → a joined 2 range as a-1, leads a-1 b-1; b joined 2 range as b-1, led by a-1 | CompletingRebalance 2: a-1 b-1
      120   join b topics=bar                                             | PreparingRebalance 2: a-1 b-1
    `,
    )
    const members = coordinator.describeGroups(['g'], 5)[0]?.members
    expect(members?.map(({ memberAssignment }) => memberAssignment)).toEqual([null, null])
  })

  it('[KG16] describes a group that does not exist as dead, from version 6 on with an error', () => {
    const { coordinator } = plays('0 - | none')
    const dead = { groupId: 'x', groupState: 'Dead', protocolType: '', protocolData: '', members: [] }
    expect(coordinator.describeGroups(['x'], 5)).toEqual([{ ...dead, errorCode: 'NONE' }])
    expect(coordinator.describeGroups(['x'], 6)).toEqual([{ ...dead, errorCode: 'GROUP_ID_NOT_FOUND' }])
  })

  it.each([
    { states: [], types: [], found: true },
    { states: ['stable'], types: ['Classic'], found: true },
    { states: ['Empty', 'Dead'], types: [], found: false },
    { states: [], types: ['consumer'], found: false },
  ])('[KG16] lists groups in states $states and of types $types: $found', ({ states, types, found }) => {
    const { coordinator } = playsAfter('one', '')
    const listed = { groupId: 'g', protocolType: 'consumer', groupState: 'Stable', groupType: 'classic' }
    expect(coordinator.listGroups({ statesFilter: states, typesFilter: types })).toEqual(
      found ? [listed] : [],
    )
  })
})
