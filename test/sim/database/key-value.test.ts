import { describe, expect, it } from 'vitest'
import { type KeyValueCommand, KeyValueStore } from '../../../sim/database/key-value.ts'

const MILLIS = 1_000
const set = (key: string, value: string, more: object = {}): KeyValueCommand => ({
  command: 'set',
  key,
  value,
  ...more,
})
const of = (command: 'get' | 'del' | 'ttl', key: string): KeyValueCommand => ({ command, key })

describe('a key-value store', () => {
  it.each<[string, readonly (readonly [atMillis: number, command: KeyValueCommand, answer: unknown])[]]>([
    [
      'SET and GET',
      [
        [0, of('get', 'k'), null],
        [0, set('k', 'v'), true],
        [9, of('get', 'k'), 'v'],
        [9, of('ttl', 'k'), -1],
      ],
    ],
    [
      'SETEX',
      [
        [0, set('k', 'v', { expireMillis: 10 }), true],
        [9, of('get', 'k'), 'v'],
        [9, of('ttl', 'k'), 1],
        [10, of('get', 'k'), null],
        [10, of('ttl', 'k'), -2],
      ],
    ],
    [
      'SET forgets an expiry',
      [
        [0, set('k', 'v', { expireMillis: 10 }), true],
        [5, set('k', 'w'), true],
        [20, of('get', 'k'), 'w'],
      ],
    ],
    [
      'SETNX',
      [
        [0, set('k', 'v', { only: 'absent', expireMillis: 10 }), true],
        [5, set('k', 'w', { only: 'absent' }), false],
        [10, set('k', 'w', { only: 'absent' }), true],
      ],
    ],
    [
      'SET XX',
      [
        [0, set('k', 'v', { only: 'present' }), false],
        [0, set('k', 'v'), true],
        [0, set('k', 'w', { only: 'present' }), true],
        [0, of('get', 'k'), 'w'],
      ],
    ],
    [
      'DEL',
      [
        [0, of('del', 'k'), false],
        [0, set('k', 'v', { expireMillis: 10 }), true],
        [10, of('del', 'k'), false],
        [10, set('k', 'v'), true],
        [11, of('del', 'k'), true],
        [11, of('get', 'k'), null],
      ],
    ],
    [
      'DEL if it is mine',
      [
        [0, { command: 'del if equal', key: 'k', value: 'a' }, false],
        [0, set('k', 'a'), true],
        [0, { command: 'del if equal', key: 'k', value: 'b' }, false],
        [0, { command: 'del if equal', key: 'k', value: 'a' }, true],
      ],
    ],
    [
      'EXPIRE',
      [
        [0, { command: 'expire', key: 'k', expireMillis: 5 }, false],
        [0, set('k', 'v'), true],
        [1, { command: 'expire', key: 'k', expireMillis: 5 }, true],
        [2, of('ttl', 'k'), 4],
        [6, of('get', 'k'), null],
      ],
    ],
    [
      'INCR',
      [
        [0, { command: 'incr', key: 'k', by: 1 }, 1],
        [0, { command: 'incr', key: 'k', by: 4 }, 5],
        [0, of('get', 'k'), '5'],
        [0, { command: 'expire', key: 'k', expireMillis: 5 }, true],
        [1, { command: 'incr', key: 'k', by: -6 }, -1],
        [5, { command: 'incr', key: 'k', by: 1 }, 1],
      ],
    ],
  ])('[KY1] [KY2] %s', (_name, steps) => {
    const store = new KeyValueStore(Number.POSITIVE_INFINITY)
    for (const [atMillis, command, answer] of steps)
      expect(store.execute(command, atMillis * MILLIS)).toBe(answer)
  })

  it('[KY2] counts whole numbers only', () => {
    const store = new KeyValueStore(Number.POSITIVE_INFINITY)
    store.execute(set('k', 'one'), 0)
    expect(() => store.execute({ command: 'incr', key: 'k', by: 1 }, 0)).toThrow(
      'value is not an integer or out of range',
    )
  })

  it('[KY3] evicts the key that was used longest ago when it is full', () => {
    const store = new KeyValueStore(2)
    for (const key of ['a', 'b']) store.execute(set(key, key), 0)
    store.execute(of('get', 'a'), 1)
    store.execute(set('c', 'c'), 2)
    expect(['a', 'b', 'c'].map((key) => store.execute(of('get', key), 3))).toEqual(['a', null, 'c'])
  })

  it('[KY3] loses the keys with a prefix', () => {
    const store = new KeyValueStore(Number.POSITIVE_INFINITY)
    for (const key of ['lock:1', 'lock:2', 'seen:1']) store.execute(set(key, key), 0)
    expect(store.evict('lock:')).toBe(2)
    expect(store.execute(of('get', 'seen:1'), 1)).toBe('seen:1')
    expect(store.evict('')).toBe(1)
  })
})
