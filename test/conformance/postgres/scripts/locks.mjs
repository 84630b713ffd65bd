import { a, b, begin, c, commit, ITEMS, insert, remove, rollback, script, select, update } from './acts.mjs'

const RULES = ['PG3']
/** @type {readonly ('update' | 'no key update' | 'share' | 'key share')[]} */
const MODES = ['key share', 'share', 'no key update', 'update']
const set = (/** @type {number} */ count) => ({ set: { count } })
const queue = { for: 'update', wait: 'skip locked' }

/** @typedef {import('../history.ts').Script} Script */

/** Row locks: which conflict, how long they last, and what a query does where it finds one. @type {Script[]} */
export const locks = [
  ...MODES.map((mode) =>
    script(
      `lock-for-${mode.replaceAll(' ', '-')}`,
      `which locks conflict with one for ${mode}`,
      RULES,
      ITEMS,
      a(begin(), select('item', { id: 1 }, { for: mode })),
      ...MODES.map((other) =>
        b(begin(), select('item', { id: 1 }, { for: other, wait: 'nowait' }), rollback),
      ),
      b(select('item', { id: 1 })),
      a(commit),
    ),
  ),
  ...MODES.map((mode) =>
    script(
      `write-against-${mode.replaceAll(' ', '-')}`,
      `an update and a delete of a row that is locked for ${mode}`,
      RULES,
      ITEMS,
      a(begin(), select('item', { id: 1 }, { for: mode })),
      b(begin(), update('item', { id: 1 }, set(11))),
      a(commit),
      b(rollback),
      a(begin(), select('item', { id: 1 }, { for: mode })),
      b(begin(), remove('item', { id: 1 })),
      a(commit),
      b(rollback),
    ),
  ),
  script(
    'skip-locked-queue',
    'two workers take different rows of a queue, in order, and what is left out does not count for the limit',
    RULES,
    ITEMS,
    a(begin(), select('item', {}, { ...queue, limit: 2 })),
    b(begin(), select('item', {}, { ...queue, limit: 2 })),
    c(begin(), select('item', {}, { ...queue, limit: 2 })),
    a(remove('item', { id: 1 }), commit),
    c(select('item', {}, { ...queue, limit: 2 }), commit),
    b(commit),
  ),
  script(
    'skip-locked-per-statement',
    'a lock that is taken outside a transaction is gone when the statement ends',
    RULES,
    ITEMS,
    a(select('item', {}, { ...queue, limit: 1 })),
    b(select('item', {}, { ...queue, limit: 1 })),
  ),
  script(
    'skip-locked-leaves-changes-out',
    'a row that somebody updates or deletes is skipped, one that somebody inserts is not seen',
    RULES,
    ITEMS,
    a(begin(), update('item', { id: 1 }, set(11)), remove('item', { id: 2 })),
    a(insert('item', { id: 4, kind: 'x', count: 40 })),
    b(select('item', {}, queue)),
    a(commit),
    b(select('item', {}, queue)),
  ),
  script(
    'nowait',
    'fails at once where a row is locked, and not where it is free',
    RULES,
    ITEMS,
    a(begin(), update('item', { id: 1 }, set(11))),
    b(begin(), select('item', { id: 2 }, { for: 'update', wait: 'nowait' })),
    b(select('item', { id: 1 }, { for: 'update', wait: 'nowait' }), select('item'), commit),
    a(commit),
  ),
  script(
    'lock-with-offset',
    'rows before the offset are locked too, those after the limit are not',
    RULES,
    ITEMS,
    a(begin(), select('item', {}, { for: 'update', limit: 1, offset: 1 })),
    b(begin(), select('item', {}, { for: 'update', wait: 'skip locked' }), commit),
    a(commit),
  ),
  script(
    'locks-last-until-the-end',
    'a lock lasts until commit, and until a failed transaction fails',
    RULES,
    ITEMS,
    a(begin(), select('item', { id: 1 }, { for: 'update' })),
    b(update('item', { id: 1 }, set(11))),
    a(insert('item', { id: 2, kind: 'x', count: 0 })),
    a(select('item'), commit),
    b(select('item', { id: 1 })),
  ),
  script(
    'shared-locks-jump-the-queue',
    'who wants to share a row that is shared does not wait behind a writer who waits',
    RULES,
    ITEMS,
    a(begin(), select('item', { id: 1 }, { for: 'share' })),
    b(begin(), update('item', { id: 1 }, set(11))),
    c(begin(), select('item', { id: 1 }, { for: 'share' })),
    a(commit),
    c(commit),
    b(commit),
  ),
  script(
    'upgrade-of-a-shared-lock',
    'who shares a row waits for the others before changing it',
    RULES,
    ITEMS,
    a(begin(), select('item', { id: 1 }, { for: 'share' })),
    b(begin(), select('item', { id: 1 }, { for: 'share' })),
    a(update('item', { id: 1 }, set(11))),
    b(commit),
    a(commit, select('item', { id: 1 })),
  ),
  script(
    'locked-above-read-committed',
    'a lock of a row that was changed since the snapshot fails, one that was only locked does not',
    RULES,
    ITEMS,
    a(begin('repeatable read'), select('item', { id: 3 })),
    b(update('item', { id: 1 }, set(11)), begin(), select('item', { id: 2 }, { for: 'update' }), commit),
    a(select('item', { id: 2 }, { for: 'update' })),
    a(select('item', { id: 1 }, { for: 'update', wait: 'skip locked' }), rollback),
  ),
]
