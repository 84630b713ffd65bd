import { a, b, backTo, begin, commit, ITEMS, insert, release, save, script, select, update } from './acts.mjs'

const RULES = ['PG12']
const set = (/** @type {number} */ count) => ({ set: { count } })
const item = (/** @type {number} */ id) => insert('item', { id, kind: 'new', count: 0 })

/** @typedef {import('../history.ts').Script} Script */

/** Savepoints. @type {Script[]} */
export const savepoints = [
  script(
    'go-back',
    'undoes what came after the savepoint and nothing else',
    RULES,
    ITEMS,
    a(begin(), update('item', { id: 1 }, set(1)), save('s'), update('item', { id: 1 }, set(2)), item(9)),
    a(backTo('s'), select('item'), update('item', { id: 2 }, set(2)), commit, select('item')),
  ),
  script(
    'go-on-after-an-error',
    'a statement that failed after a savepoint fails only what came after it',
    RULES,
    ITEMS,
    a(begin(), item(8), save('s'), item(1), select('item'), backTo('s'), item(9), commit, select('item')),
  ),
  script(
    'free-locks',
    'frees the locks that were taken after it',
    RULES,
    ITEMS,
    a(begin(), update('item', { id: 1 }, set(1)), save('s'), update('item', { id: 2 }, set(2))),
    b(update('item', { id: 2 }, set(22))),
    a(backTo('s')),
    b(update('item', { id: 1 }, set(11))),
    a(commit),
    b(select('item')),
  ),
  script(
    'nested',
    'a savepoint of the same name hides the older one until it is released',
    RULES,
    ITEMS,
    a(begin(), save('s'), item(7), save('s'), item(8), backTo('s'), select('item', { kind: 'new' })),
    a(release('s'), backTo('s'), select('item', { kind: 'new' }), commit),
  ),
  script(
    'unknown',
    'one that does not exist fails the transaction',
    RULES,
    ITEMS,
    a(begin(), save('s'), release('s'), backTo('s'), select('item'), commit),
  ),
  script(
    'key-given-up',
    'a key that was inserted after it is free again',
    RULES,
    ITEMS,
    a(begin(), save('s'), item(9)),
    b(item(9)),
    a(backTo('s'), commit),
  ),
]
