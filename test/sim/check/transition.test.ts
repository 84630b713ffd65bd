import { changesOf, ledger, oneSagaAtATime, transitionsOnly, versionsRise } from 'faultline'
import { describe, expect, it } from 'vitest'
import { breachesOf } from '../../fixtures/books.ts'

type Row = { id: string; status: string; version: number }
const table = ledger<Row>('shop.orders')
const changes = changesOf(table)

type State = readonly [status: string, by: string, version?: number]

/** A row's way through states, each with who brought it there. */
const way = (...states: readonly State[]) =>
  states.map(([status, correlationId, version], at) => {
    const [before] = states[at - 1] ?? []
    return {
      row: 'o1',
      before: before && { status: before, version: states[at - 1]?.[2] },
      after: { status, version },
      correlationId,
      atMicros: at * 1e6,
    }
  })

/** What is said of the last change, as a run would ask after it. */
const said = (property: Parameters<typeof breachesOf>[0], ...states: readonly State[]) =>
  breachesOf(property, [[changes, way(...states)]])

describe('the state of a row', () => {
  const only = transitionsOnly('reservations', {
    changes,
    state: 'status',
    begins: ['RESERVED'],
    next: { RESERVED: ['COMMITTED', 'RELEASED'] },
  })

  it('[PL7] changes as it may', () => {
    expect(said(only, ['RESERVED', 'a'], ['COMMITTED', 'a'])).toEqual([])
    expect(said(only, ['RESERVED', 'a'], ['RESERVED', 'a'])).toEqual([])
  })

  it('[PL7] that leaves an end, or begins where it must not, is found', () => {
    expect(said(only, ['RESERVED', 'a'], ['RELEASED', 'a'], ['COMMITTED', 'a'])).toEqual([
      'o1 became COMMITTED, and was RELEASED',
    ])
    expect(said(only, ['COMMITTED', 'a'])).toEqual(['o1 became COMMITTED, and was nothing'])
  })
})

describe('two transitions', () => {
  const rise = versionsRise('no lost update', { changes, version: 'version' })
  const alone = oneSagaAtATime('semantic lock', { changes, state: 'status', pending: ['PENDING'] })

  it('[PL8] from one version are found: the later one has won', () => {
    expect(said(rise, ['A', 'saga-1', 1], ['B', 'saga-1', 2])).toEqual([])
    expect(said(rise, ['A', 'saga-1', 2], ['B', 'saga-2', 2])).toEqual([
      'o1: version 2 was written over 2 (saga-1 at 0.000 s, saga-2 at 1.000 s)',
    ])
  })

  it('[PL8] of two sagas that interleave on a row are found', () => {
    expect(said(alone, ['NEW', 'a'], ['PENDING', 'b'], ['DONE', 'b'], ['NEW', 'c'])).toEqual([])
    expect(said(alone, ['NEW', 'a'], ['PENDING', 'b'], ['DONE', 'c'])).toEqual([
      'o1 was PENDING for b when c changed it',
    ])
  })
})
