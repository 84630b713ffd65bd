import { describe, expect, it } from 'vitest'
import { isTolerated } from '../../../../sim/kafka/oracle/history-anomaly.ts'
import { checkClientHistory } from '../../../../sim/kafka/oracle/history-check.ts'
import { ClientHistory } from '../../../../sim/kafka/oracle/history-client.ts'
import { jepsenHistory } from '../../../fixtures/jepsen.ts'
import { CANARIES, JEPSEN_CASES } from '../../../fixtures/jepsen-cases.ts'

it.each(JEPSEN_CASES)(
  '[KJ2] [KJ3] [KJ4] [KJ5] [KJ6] [KJ7] [KJ8] [KJ9] [KJ10] [KJ11] Jepsen, %s: %s',
  (_name, type, text, found) => {
    const { history, tell } = jepsenHistory(text)
    const anomalies = checkClientHistory(history).filter((anomaly) => anomaly.type === type)
    expect(anomalies.map(tell).join('; ')).toBe(found)
  },
)

it.each(CANARIES)(
  '[KJ2] [KJ3] [KJ4] [KJ5] [KJ6] [KJ7] [KJ8] [KJ10] [KJ11] %s is reported alone',
  (type, broken) => {
    const anomalies = checkClientHistory(jepsenHistory(broken).history)
    expect(new Set(anomalies.map((anomaly) => anomaly.type))).toEqual(new Set([type]))
  },
)

it.each(CANARIES)(
  '[KJ2] [KJ3] [KJ4] [KJ5] [KJ6] [KJ7] [KJ8] [KJ10] [KJ11] without %s nothing is reported',
  (_type, _broken, clean) => {
    expect(checkClientHistory(jepsenHistory(clean).history)).toEqual([])
  },
)

describe('what happens to a record', () => {
  it('[KJ5] is no loss when it may be gone in order', () => {
    const { history } = jepsenHistory('0 ok x+a@0; 0 ok x+b@1; 1 ok x?1:b')
    expect(checkClientHistory(history)).toHaveLength(1)
    expect(checkClientHistory(history, (partition, offset) => partition === 'x' && offset === 0)).toEqual([])
  })

  it('[KJ8] is skipped in order when it may be gone', () => {
    const { history } = jepsenHistory('1 ok x?0:a,1:b,2:c; 2 ok x?0:a; 2 ok x?2:c')
    expect(checkClientHistory(history)).toHaveLength(1)
    expect(checkClientHistory(history, (_, offset) => offset === 1)).toEqual([])
  })

  it.each([
    { offset: 1, types: [] },
    { offset: 2, types: ['nonmonotonic-poll'] },
    { offset: 0, types: ['poll-skip'] },
  ])('[KJ8] a consumer that was put at $offset and is given 1: $types', ({ offset, types }) => {
    const history = new ClientHistory()
    history.poll(
      'other',
      [0, 1, 2].map((at) => ({ partition: 'x', offset: at, value: at })),
    )
    history.seek('consumer', 'x', offset)
    history.poll('consumer', [{ partition: 'x', offset: 1, value: 1 }])
    expect(checkClientHistory(history).map(({ type }) => type)).toEqual(types)
  })

  it('[KJ8] a consumer at read_committed does not skip what was aborted, though another reads it', () => {
    const history = new ClientHistory()
    const transaction = history.begin('producer')
    const send = history.send('producer', 'x', 'aborted', transaction)
    history.sent(send, 'ok', 1)
    history.ending(transaction)
    history.ended(transaction, 'fail')
    const [first, aborted, last] = ['a', 'aborted', 'b'].map((value, offset) => ({
      partition: 'x',
      offset,
      value,
    }))
    if (first === undefined || aborted === undefined || last === undefined) throw new Error('three records')
    history.poll('dirty', [first, aborted, last], '', 'read_uncommitted')
    history.poll('clean', [first, last], '', 'read_committed')
    expect(checkClientHistory(history).map(({ type }) => type)).toEqual(['G1a'])
    history.poll('late', [first, last], '', 'read_uncommitted')
    expect(checkClientHistory(history).map(({ type }) => type)).toEqual(['G1a', 'int-poll-skip'])
  })

  it('[KJ4] a read at read_uncommitted proves no commit', () => {
    const history = new ClientHistory()
    const transaction = history.begin('producer')
    history.sent(history.send('producer', 'x', 'a', transaction), 'info', 0)
    history.sent(history.send('producer', 'y', 'b', transaction), 'info', 0)
    history.poll('dirty', [{ partition: 'x', offset: 0, value: 'a' }], '', 'read_uncommitted')
    expect(checkClientHistory(history)).toEqual([])
    history.poll('clean', [{ partition: 'x', offset: 0, value: 'a' }])
    expect(checkClientHistory(history).map(({ type }) => type)).toEqual(['unseen'])
  })

  it('[KJ4] a value that was sent again is aborted only if every send of it was', () => {
    const history = new ClientHistory()
    history.sent(history.send('producer', 'x', 'a'), 'fail')
    const again = history.send('producer', 'x', 'a')
    history.poll('consumer', [{ partition: 'x', offset: 0, value: 'a' }])
    expect(checkClientHistory(history)).toEqual([])
    history.sent(again, 'fail')
    expect(checkClientHistory(history).map(({ type }) => type)).toEqual(['G1a'])
  })
})

describe('what is legal', () => {
  it.each([
    ['int-send-skip', true, true, true],
    ['G0', true, true, true],
    ['G1c-ww', true, true, true],
    ['G1a', false, true, false],
    ['G1c', false, true, false],
    ['precommitted-read', false, true, false],
    ['unseen', true, true, false],
    ['lost-write', false, false, false],
    ['poll-skip', false, false, false],
    ['duplicate', false, false, false],
  ] as const)(
    '[KJ12] %s: %s, at read_uncommitted %s, when all was read %s',
    (type, always, uncommitted, drained) => {
      expect(isTolerated(type)).toBe(always)
      expect(isTolerated(type, { readUncommitted: true })).toBe(uncommitted)
      expect(isTolerated(type, { drained: true })).toBe(drained)
    },
  )
})

it('[KJ1] a chain of 50,000 transactions is checked without recursion', () => {
  const history = new ClientHistory()
  for (let at = 0; at < 50_000; at++) {
    const transaction = history.begin(`p${at}`)
    if (at > 0)
      history.poll(
        'c',
        [{ partition: 'x', offset: at - 1, value: at - 1 }],
        '',
        'read_committed',
        transaction,
      )
    history.sent(history.send(`p${at}`, 'x', at, transaction), 'ok', at)
    history.ending(transaction)
    history.ended(transaction, 'ok')
  }
  expect(checkClientHistory(history).map(({ type }) => type)).toEqual(['unseen'])
})
