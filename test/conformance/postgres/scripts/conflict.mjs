import { a, b, begin, commit, ITEMS, insert, rollback, script, select, update } from './acts.mjs'

const RULES = ['PG11']
const SEATS = { seat: [[1, 'red', 1, 'ann']] }
const NOTHING = {}
const item = (/** @type {number} */ id, /** @type {object} */ onConflict, kind = 'new') =>
  insert('item', { id, kind, count: 0 }, onConflict)
const SET = { columns: ['id'], set: { kind: 'met' } }

/** @typedef {import('../history.ts').Script} Script */

/** `on conflict`. @type {Script[]} */
export const conflict = [
  script(
    'nothing',
    'does nothing where a row exists, and says so',
    RULES,
    ITEMS,
    a(item(1, NOTHING), item(9, NOTHING), select('item')),
  ),
  script(
    'update',
    'changes the row that exists, or inserts one',
    RULES,
    ITEMS,
    a(item(1, SET), item(9, SET), select('item')),
  ),
  script(
    'nothing-waits',
    'waits for who has inserted the key',
    RULES,
    ITEMS,
    a(begin(), item(9, NOTHING)),
    b(item(9, NOTHING, 'b')),
    a(commit),
    b(select('item', { id: 9 })),
  ),
  script(
    'nothing-waits-for-a-rollback',
    'and inserts if that rolls back',
    RULES,
    ITEMS,
    a(begin(), item(9, NOTHING)),
    b(item(9, NOTHING, 'b')),
    a(rollback),
    b(select('item', { id: 9 })),
  ),
  script(
    'update-waits',
    'updates what was inserted during the wait',
    RULES,
    ITEMS,
    a(begin(), item(9, SET)),
    b(item(9, SET, 'b')),
    a(commit),
    b(select('item', { id: 9 })),
  ),
  script(
    'update-waits-for-a-lock',
    'waits for the lock of the row',
    RULES,
    ITEMS,
    a(begin(), update('item', { id: 1 }, { set: { count: 5 } })),
    b(item(1, SET)),
    a(commit),
    b(select('item', { id: 1 })),
  ),
  script(
    'nothing-unseen',
    'above READ COMMITTED a row that the snapshot does not see fails to serialize',
    RULES,
    ITEMS,
    a(begin('repeatable read'), select('item')),
    b(item(9, NOTHING)),
    a(item(9, NOTHING), rollback),
  ),
  script(
    'update-unseen',
    'an update of it likewise',
    RULES,
    ITEMS,
    a(begin('repeatable read'), select('item')),
    b(item(9, NOTHING)),
    a(item(9, SET), rollback),
  ),
  script(
    'other-constraint',
    'another constraint than the one that is named is refused',
    RULES,
    SEATS,
    a(insert('seat', { id: 2, hall: 'red', number: 1, holder: null }, { columns: ['id'] })),
    a(insert('seat', { id: 2, hall: 'red', number: 1, holder: null }, { columns: ['hall', 'number'] })),
    a(
      insert(
        'seat',
        { id: 2, hall: 'red', number: 2, holder: 'ann' },
        { columns: ['holder'], set: { number: 8 } },
      ),
      select('seat'),
    ),
  ),
  script(
    'sequence-of-conflicts',
    'a conflict takes a value of the sequence all the same',
    ['PG9'],
    { ticket: [[2, 'there']] },
    a(
      insert('ticket', { what: 'one' }),
      insert('ticket', { what: 'two' }, NOTHING),
      insert('ticket', { what: 'three' }),
      select('ticket'),
    ),
  ),
]
