import { expect, it } from 'vitest'
import { ClientHistory } from '../../../../sim/kafka/oracle/history-client.ts'
import type { IsolationLevel, Outcome } from '../../../../sim/kafka/oracle/history-operation.ts'
import { checkVisibility } from '../../../../sim/kafka/oracle/transaction-visibility.ts'

/** A transaction writes a to x and b to y, both at 0; another consumer of y is at 1. */
function history(
  outcome: Outcome,
  reads: readonly string[],
  isolation: IsolationLevel = 'read_committed',
): ClientHistory {
  const history = new ClientHistory()
  const transaction = history.begin('producer')
  history.sent(history.send('producer', 'x', 'a', transaction), 'ok', 0)
  history.sent(history.send('producer', 'y', 'b', transaction), 'ok', 0)
  history.ending(transaction)
  history.ended(transaction, outcome)
  for (const read of reads) {
    const [partition = '', offset, value = ''] = read.split(' ')
    history.poll('consumer', [{ partition, offset: Number(offset), value }], '', isolation)
  }
  return history
}

it.each<[Outcome, string[], boolean]>([
  ['ok', ['x 0 a', 'y 1 c'], true],
  ['info', ['x 0 a', 'y 1 c'], true],
  ['ok', ['x 0 a'], false],
  ['ok', ['x 0 a', 'y 0 b', 'y 1 c'], false],
  ['info', ['x 1 d', 'y 1 c'], false],
  ['ok', ['y 1 c'], false],
])('[KW1] of a transaction that ended %s is read %j: torn %s', (outcome, reads, isTorn) => {
  const anomalies = checkVisibility(history(outcome, reads))
  expect(anomalies.map(({ type }) => type)).toEqual(isTorn ? ['torn-transaction'] : [])
  if (isTorn)
    expect(anomalies[0]).toMatchObject({ values: ['a', 'b'], operations: [1, 2, 3, 4], partition: 'y' })
})

it('[KW1] at read_uncommitted a transaction may be read in part', () => {
  expect(checkVisibility(history('ok', ['x 0 a', 'y 1 c'], 'read_uncommitted'))).toEqual([])
})

it('[KW1] what may be gone tears nothing', () => {
  expect(checkVisibility(history('ok', ['x 0 a', 'y 1 c']), (partition) => partition === 'y')).toEqual([])
})

it.each([
  { end: 'before', isolation: 'read_committed', early: [] },
  { end: 'after', isolation: 'read_committed', early: [{ type: 'early-read', operations: [1, 2] }] },
  { end: 'after', isolation: 'read_uncommitted', early: [] },
  { end: 'never', isolation: 'read_committed', early: [{ type: 'early-read', operations: [1, 2] }] },
] as const)('[KW2] a read at $isolation, the end $end: $early', ({ end, isolation, early }) => {
  const history = new ClientHistory()
  const transaction = history.begin('producer')
  history.sent(history.send('producer', 'x', 'a', transaction), 'ok', 0)
  if (end === 'before') history.ending(transaction)
  history.poll('consumer', [{ partition: 'x', offset: 0, value: 'a' }], '', isolation)
  if (end !== 'never') {
    history.ending(transaction)
    history.ended(transaction, 'ok')
  }
  expect(checkVisibility(history)).toMatchObject(early)
})

it('[KW1] what nobody has passed yet tears nothing, nor what was read at read_uncommitted', () => {
  const behind = history('ok', ['x 0 a'])
  const transaction = behind.begin('producer')
  behind.sent(behind.send('producer', 'x', 'c', transaction), 'ok', 5)
  behind.sent(behind.send('producer', 'y', 'd', transaction), 'ok', 5)
  behind.ending(transaction)
  behind.ended(transaction, 'ok')
  behind.poll('consumer', [{ partition: 'x', offset: 5, value: 'c' }])
  behind.poll('other', [{ partition: 'y', offset: 0, value: 'b' }])
  expect(checkVisibility(behind)).toEqual([])
  const dirty = history('ok', ['x 0 a'], 'read_uncommitted')
  dirty.poll('other', [{ partition: 'y', offset: 1, value: 'c' }])
  expect(checkVisibility(dirty)).toEqual([])
})
