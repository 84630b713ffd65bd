import { a, b, begin, c, commit, insert, ITEMS, remove, rollback, script, select, update } from './acts.mjs'

const RULES = ['PG8']
const SEATS = {
  seat: [
    [1, 'red', 1, 'ann'],
    [2, 'red', 2, null],
  ],
}
const item = (/** @type {number} */ id, kind = 'new') => insert('item', { id, kind, count: 0 })
const seat = (/** @type {number} */ id, hall = 'blue', number = id, /** @type {string | null} */ holder = null) =>
  insert('seat', { id, hall, number, holder })
const ticket = (/** @type {string} */ what) => insert('ticket', { what })
const event = (/** @type {string} */ what) => insert('event', { what })
const below = select('event', { tx: { lt: 'horizon' } })

/** @typedef {import('../history.ts').Script} Script */

/** Unique constraints, sequences and transaction ids. @type {Script[]} */
export const unique = [
  script('key-commits', 'a second inserter waits and fails when the first commits', RULES, ITEMS,
    a(begin(), item(9)), b(begin(), item(9, 'second')), a(commit), b(select('item'), rollback), b(select('item')),
  ),
  script('key-rolls-back', 'a second inserter waits and succeeds when the first rolls back', RULES, ITEMS,
    a(begin(), item(9)), b(item(9, 'second')), a(rollback), b(select('item')),
  ),
  script('key-exists', 'a key that exists is refused at once, and so it is by its own transaction', RULES, ITEMS,
    a(item(1)), a(begin(), item(9), item(9), rollback), a(begin(), remove('item', { id: 1 }), item(1), commit), a(select('item')),
  ),
  script('key-deleted', 'an inserter waits for whoever deletes the row, and has its key if that commits', RULES, ITEMS,
    a(begin(), remove('item', { id: 1 })), b(item(1)), a(commit), b(select('item')),
  ),
  script('key-delete-rolled-back', 'and fails if that rolls back', RULES, ITEMS,
    a(begin(), remove('item', { id: 1 })), b(item(1)), a(rollback),
  ),
  script('key-of-a-row-that-changes', 'it waits for an update of the row too, but not for a lock', RULES, ITEMS,
    a(begin(), select('item', { id: 1 }, { for: 'update' })), b(item(1)),
    a(update('item', { id: 1 }, { set: { count: 1 } })), b(item(1)), a(commit),
  ),
  script('key-unseen', 'a key is taken although the snapshot does not see its row', RULES, ITEMS,
    a(begin('repeatable read'), select('item')), b(item(9)), a(select('item'), item(9), rollback),
  ),
  script('three-inserters', 'the next one waits for the one that got the key', RULES, ITEMS,
    a(begin(), item(9)), b(begin(), item(9, 'b')), a(rollback), c(item(9, 'c')), b(commit), c(select('item', { id: 9 })),
  ),
  script('columns-together', 'a constraint over two columns compares both', RULES, SEATS,
    a(seat(3, 'red', 2)), a(seat(3, 'red', 3), seat(4, 'green', 1)), a(begin(), seat(5, 'blue', 1)), b(seat(6, 'blue', 1)), a(commit),
  ),
  script('nulls-are-distinct', 'nothing is not the same as nothing', RULES, SEATS,
    a(seat(3), seat(4), seat(5, 'blue', 5, 'bob'), seat(6, 'blue', 6, 'bob'), select('seat')),
  ),
  script('update-to-a-taken-value', 'an update is refused as an insert is, and waits as it does', RULES, SEATS,
    a(update('seat', { id: 2 }, { set: { holder: 'ann' } })),
    a(begin(), update('seat', { id: 2 }, { set: { holder: 'bob' } })),
    b(seat(3, 'blue', 1, 'bob')), a(rollback), b(select('seat')),
    a(begin(), update('seat', { id: 2 }, { set: { number: 9 } })),
    b(update('seat', { id: 3 }, { set: { hall: 'red', number: 9 } })), a(commit),
  ),
  script('value-freed', 'a value that its row gives up is free when that commits', RULES, SEATS,
    a(begin(), update('seat', { id: 1 }, { set: { holder: 'cid' } })), b(seat(3, 'blue', 1, 'ann')), a(commit), b(select('seat')),
  ),
  script('second-constraint', 'who waits for its second constraint holds up others at its first', RULES, SEATS,
    a(begin(), seat(3, 'blue', 1)), b(begin(), seat(4, 'blue', 1)), c(begin(), seat(4, 'green', 7)), a(rollback), b(commit), c(rollback),
  ),
  script('sequence-gaps', 'values of a sequence are not given back', ['PG9'], {},
    a(begin(), ticket('a')), b(ticket('b')), a(rollback, ticket('c'), select('ticket')),
  ),
  script('sequence-order', 'values are given out at insert and seen at commit: the larger one first', ['PG9'], {},
    a(begin(), ticket('a')), b(begin(), ticket('b'), commit), c(select('ticket')), a(commit), c(select('ticket')),
  ),
  script('horizon', 'what lies below the oldest open transaction is all there, and nothing comes in below it later', ['PG10'], {},
    a(event('first'), begin(), event('a')), b(event('b'), select('event'), below), a(commit), b(below),
  ),
  script('horizon-of-a-reader', 'a transaction that writes nothing has no id and holds nothing up', ['PG10'], ITEMS,
    a(begin('repeatable read'), select('item')), b(event('b'), below), a(commit),
    a(begin(), select('item', { id: 1 }, { for: 'share' })), b(event('c'), below), a(commit), b(below),
  ),
]
