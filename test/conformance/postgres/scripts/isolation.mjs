import {
  a,
  b,
  begin,
  commit,
  ITEMS,
  insert,
  LEVELS,
  remove,
  rollback,
  script,
  select,
  update,
} from './acts.mjs'

/** @typedef {import('../history.ts').Script} Script */
/** @typedef {(typeof LEVELS)[number]} Level */

const add = (/** @type {number} */ by) => ({ add: { count: by } })
const set = (/** @type {number} */ count) => ({ set: { count } })

/** The anomalies of the literature (Berenson et al. 1995, Adya 1999, Fekete et al. 2004), tried at a level. */
const anomalies = {
  'dirty-write': (/** @type {Level} */ level) => [
    a(begin(level)),
    b(begin(level)),
    a(update('item', { id: 1 }, set(11))),
    b(update('item', { id: 1 }, set(12))),
    a(update('item', { id: 2 }, set(21)), commit, select('item')),
    b(update('item', { id: 2 }, set(22)), commit),
    a(select('item')),
  ],
  'dirty-read': (/** @type {Level} */ level) => [
    a(begin(level)),
    b(begin(level)),
    a(update('item', { id: 1 }, set(101))),
    b(select('item', { id: 1 })),
    a(rollback),
    b(select('item', { id: 1 }), commit),
  ],
  'intermediate-read': (/** @type {Level} */ level) => [
    a(begin(level)),
    b(begin(level)),
    a(update('item', { id: 1 }, set(101))),
    b(select('item')),
    a(update('item', { id: 1 }, set(11)), commit),
    b(select('item'), commit),
  ],
  'lost-update': (/** @type {Level} */ level) => [
    a(begin(level)),
    b(begin(level)),
    a(select('item', { id: 1 })),
    b(select('item', { id: 1 })),
    a(update('item', { id: 1 }, set(11))),
    b(update('item', { id: 1 }, set(12))),
    a(commit),
    b(commit),
    a(select('item', { id: 1 })),
  ],
  increments: (/** @type {Level} */ level) => [
    a(begin(level)),
    b(begin(level)),
    a(update('item', { id: 1 }, add(1))),
    b(update('item', { id: 1 }, add(1))),
    a(commit),
    b(commit),
    a(select('item', { id: 1 })),
  ],
  'non-repeatable-read': (/** @type {Level} */ level) => [
    a(begin(level), select('item', { id: 1 })),
    b(update('item', { id: 1 }, set(11))),
    a(select('item', { id: 1 }), commit, select('item', { id: 1 })),
  ],
  phantom: (/** @type {Level} */ level) => [
    a(begin(level), select('item', { kind: 'x' })),
    b(insert('item', { id: 4, kind: 'x', count: 40 }), remove('item', { id: 1 })),
    a(select('item', { kind: 'x' }), commit, select('item', { kind: 'x' })),
  ],
  'phantom-write': (/** @type {Level} */ level) => [
    a(begin(level)),
    b(begin(level)),
    a(select('item', { kind: 'x' })),
    b(insert('item', { id: 4, kind: 'x', count: 40 }), commit),
    a(update('item', { kind: 'x' }, add(1)), select('item', { kind: 'x' }), commit),
    b(select('item')),
  ],
  'read-skew': (/** @type {Level} */ level) => [
    a(begin(level)),
    b(begin(level)),
    a(select('item', { id: 1 })),
    b(select('item', { id: 1 }), select('item', { id: 2 })),
    b(update('item', { id: 1 }, set(12)), update('item', { id: 2 }, set(18)), commit),
    a(select('item', { id: 2 }), commit),
  ],
  'read-skew-delete': (/** @type {Level} */ level) => [
    a(begin(level)),
    b(begin(level)),
    a(select('item', { id: 1 })),
    b(update('item', { id: 1 }, set(12)), update('item', { id: 2 }, set(18)), commit),
    a(remove('item', { count: 20 }), rollback),
  ],
  'write-skew': (/** @type {Level} */ level) => [
    a(begin(level)),
    b(begin(level)),
    a(select('item', { kind: 'x' })),
    b(select('item', { kind: 'x' })),
    a(update('item', { id: 1 }, { set: { kind: 'z' } })),
    b(update('item', { id: 2 }, { set: { kind: 'z' } })),
    a(commit),
    b(commit),
    a(select('item')),
  ],
  'anti-dependency-cycle': (/** @type {Level} */ level) => [
    a(begin(level)),
    b(begin(level)),
    a(select('item', { kind: 'z' })),
    b(select('item', { kind: 'z' })),
    a(insert('item', { id: 4, kind: 'z', count: 1 })),
    b(insert('item', { id: 5, kind: 'z', count: 2 })),
    a(commit),
    b(commit),
    a(select('item', { kind: 'z' })),
  ],
}

/** A transaction that may not write. */
const readOnly = script(
  'read-only',
  'a read-only transaction refuses to write and to lock rows, and fails by that',
  ['PG2'],
  ITEMS,
  a(begin('read committed', { readOnly: true }), select('item'), update('item', { id: 1 }, set(0)), commit),
  a(
    begin('repeatable read', { readOnly: true }),
    select('item', {}, { for: 'share' }),
    select('item'),
    rollback,
  ),
  a(begin('read committed', { readOnly: true }), insert('item', { id: 9, kind: 'x', count: 0 }), rollback),
)

const tried = Object.entries(anomalies).flatMap(([anomaly, steps]) =>
  LEVELS.map((level) =>
    script(
      `${anomaly}-at-${level.replace(' ', '-')}`,
      `${anomaly.replaceAll('-', ' ')}, tried at ${level}`,
      ['PG1', 'PG2'],
      ITEMS,
      ...steps(level),
    ),
  ),
)

/** Every anomaly at every level, and a transaction that may not write. @type {Script[]} */
export const isolation = [...tried, readOnly]
