import {
  a,
  b,
  begin,
  c,
  commit,
  ITEMS,
  lock,
  pause,
  rollback,
  script,
  select,
  unlock,
  update,
} from './acts.mjs'

const RULES = ['PG13']
const session = { scope: 'session' }
const shared = { shared: true }
const attempt = { try: true }

/** @typedef {import('../history.ts').Script} Script */

/** Advisory locks. @type {Script[]} */
export const advisory = [
  script(
    'lasts-for-the-transaction',
    'one of a transaction is free when that ends',
    RULES,
    ITEMS,
    a(begin(), lock(1)),
    b(begin(), lock(1, attempt), lock(2, attempt), lock(1)),
    a(commit),
    b(commit),
  ),
  script(
    'lasts-for-the-session',
    'one of a session outlives its transactions, until it is unlocked as often',
    RULES,
    ITEMS,
    a(begin(), lock(1, session), lock(1, session), rollback),
    b(lock(1, { ...session, ...attempt })),
    a(unlock(1)),
    b(lock(1, { ...session, ...attempt })),
    a(unlock(1)),
    b(lock(1, { ...session, ...attempt })),
    a(unlock(1)),
  ),
  script(
    'shared',
    'shared ones exclude only exclusive ones, and one that comes after a waiting exclusive one waits',
    RULES,
    ITEMS,
    a(begin(), lock(1, shared)),
    b(begin(), lock(1, { ...shared, ...attempt }), commit),
    b(begin(), lock(1)),
    c(begin(), lock(1, { ...shared, ...attempt }), lock(1, shared)),
    a(commit),
    b(commit),
    c(commit),
  ),
  script(
    'circle',
    'they take part in deadlocks, with row locks too',
    ['PG6', 'PG13'],
    ITEMS,
    a(begin(), lock(1)),
    b(begin(), update('item', { id: 1 }, { set: { count: 0 } })),
    a(update('item', { id: 1 }, { set: { count: 1 } })),
    b(lock(1)),
    pause(1500),
    b(commit),
    a(rollback, select('item', { id: 1 })),
  ),
  script(
    'snapshot-before-the-lock',
    'the statement that waits for the lock has taken the snapshot',
    RULES,
    ITEMS,
    a(begin(), lock(1)),
    b(begin('repeatable read'), lock(1)),
    a(update('item', { id: 1 }, { set: { count: 11 } }), commit),
    b(select('item', { id: 1 }), commit),
  ),
]
