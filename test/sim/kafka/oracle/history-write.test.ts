import { expect, it } from 'vitest'
import { checkClientHistory } from '../../../../sim/kafka/oracle/history-check.ts'
import { jepsenHistory } from '../../../fixtures/jepsen.ts'

const types = (text: string): string[] =>
  checkClientHistory(jepsenHistory(text).history).map(({ type }) => type)

it.each([
  [
    'its place was read with another value',
    '0 ok x+a@0; 1 ok x+b@0; 2 ok x?0:b',
    ['inconsistent-offsets', 'lost-write'],
  ],
  [
    'what was read behind it may be a duplicate of what is before it',
    '0 ok x+a@0; 0 ok x+b@3; 1 ok x?0:a; 2 ok x?5:a',
    ['duplicate', 'unseen', 'G0'],
  ],
  [
    'it is also further on, where nobody has read',
    '0 ok x+a@0; 1 ok x+a@5; 2 ok x+b@3; 3 ok x?3:b',
    ['duplicate', 'unseen', 'G0'],
  ],
  ['two sends could have been what proves it', '0 info x+a y+b@0; 1 info x+a; 2 ok x?0:a; 3 ok y?1:c', []],
])('[KJ5] an unread record when %s: %s: %j', (_case, text, expected) => {
  expect(types(text)).toEqual(expected)
})

it.each([
  ['an aborted send has no order', '0 ok x+b@1; 0 fail x+a@0; 1 ok x?0:a,1:b', ['G1a']],
  ['nor a value that was sent twice', '0 ok x+b@1; 0 info x+a; 0 info x+a; 1 ok x?0:a,1:b', []],
])('[KJ10] %s: %s: %j', (_case, text, expected) => {
  expect(types(text)).toEqual(expected)
})

it('[KJ11] an aborted transaction depends on nothing', () => {
  expect(types('0 fail x+a@0 y?0:b; 1 ok y+b@0 x?0:a')).toEqual(['G1a'])
})

it('[KJ9] what only an aborted transaction has read is to be read again, from the first poll on', () => {
  expect(types('1 fail x?0:a,1:b; 1 ok x?2:c')).toEqual(['poll-skip'])
  expect(types('1 fail x?0:a,1:b; 1 ok x?0:a,1:b,2:c')).toEqual([])
})
