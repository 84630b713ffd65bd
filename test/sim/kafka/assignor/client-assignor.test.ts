import { describe, expect, it } from 'vitest'
import {
  CLIENT_ASSIGNORS,
  type ClientAssignor,
  rebalanceProtocol,
  subscriptionMetadata,
} from '../../../../sim/kafka/assignor/client-assignor.ts'
import { classicMember, countsOf, partitions, shares } from '../../../fixtures/assignors.ts'

function assignor(name: string): ClientAssignor {
  const found = CLIENT_ASSIGNORS.get(name)
  if (found === undefined) throw new Error(`No assignor ${name}`)
  return found
}

const EAGER_ONLY: ClientAssignor['supportedProtocols'] = ['EAGER']

describe('the registry of client assignors', () => {
  it('[KX12] knows them by the names under which members vote', () => {
    const names = ['range', 'roundrobin', 'sticky', 'cooperative-sticky', 'RoundRobinAssigner']
    expect([...CLIENT_ASSIGNORS.keys()]).toEqual(names)
    expect([...CLIENT_ASSIGNORS.values()].map(({ name }) => name)).toEqual(names)
  })

  it.each([
    { name: 'range', expected: { c1: 't1-0 t1-1 t2-0', c2: 't1-2' } },
    { name: 'roundrobin', expected: { c1: 't1-0 t1-2', c2: 't1-1 t2-0' } },
    { name: 'sticky', expected: { c1: 't1-0 t1-2', c2: 't1-1 t2-0' } },
    { name: 'cooperative-sticky', expected: { c1: 't1-0 t2-0', c2: 't1-2' } },
    { name: 'RoundRobinAssigner', expected: { c1: 't2-0 t1-1', c2: 't1-0 t1-2' } },
  ])('[KX12] runs $name by its name', ({ name, expected }) => {
    const members = [
      { memberId: 'c1', topics: 't2 t1', owned: 't1-1 t2-0 t1-0', generation: 3 },
      { memberId: 'c2', topics: 't2 t1', owned: 't1-2', generation: 3 },
    ].map(classicMember)
    // `cooperative-sticky` keeps c1 at two of four partitions, and lets c2 wait for the third one of c1.
    expect(shares(assignor(name).assign(countsOf('t1=3 t2=1'), members, 'c1'))).toEqual(expected)
  })
})

describe('the rebalance protocol', () => {
  it.each([
    { names: ['cooperative-sticky'], expected: 'COOPERATIVE' },
    { names: ['range', 'cooperative-sticky'], expected: 'EAGER' },
    { names: ['cooperative-sticky', 'sticky'], expected: 'EAGER' },
    { names: ['roundrobin'], expected: 'EAGER' },
    { names: ['RoundRobinAssigner'], expected: 'EAGER' },
  ])('[KX13] of $names is $expected', ({ names, expected }) =>
    expect(rebalanceProtocol(names.map(assignor))).toBe(expected),
  )

  it('[KX13] is refused where assignors have none in common', () => {
    const cooperative: ClientAssignor = {
      ...assignor('sticky'),
      name: 'own',
      supportedProtocols: ['COOPERATIVE'],
    }
    const eager: ClientAssignor = { ...assignor('range'), supportedProtocols: EAGER_ONLY }
    expect(() => rebalanceProtocol([cooperative, eager])).toThrow(
      'Specified assignors [own, range] do not have commonly supported rebalance protocol',
    )
  })
})

describe('subscription metadata', () => {
  const last = { partitions: partitions('t2-1 t1-0'), generationId: 4 }

  it.each([
    { name: 'range', userData: null },
    { name: 'roundrobin', userData: null },
    { name: 'sticky', userData: { previousAssignment: partitions('t1-0 t2-1'), generation: 4 } },
    { name: 'cooperative-sticky', userData: { generation: 4 } },
    { name: 'RoundRobinAssigner', userData: null },
  ])('[KX12] of $name carries its user data, and topics and partitions in order', ({ name, userData }) =>
    expect(
      subscriptionMetadata(assignor(name), ['t2', 't10', 't1'], partitions('t2-1 t1-3 t1-0'), 5, last),
    ).toEqual({
      topics: ['t1', 't10', 't2'],
      ownedPartitions: partitions('t1-0 t1-3 t2-1'),
      generationId: 5,
      userData,
    }),
  )
})
