// A small language for scripts: what sessions ask for, one after another.

/** @typedef {import('../history.ts').Act} Act */
/** @typedef {import('../history.ts').Script} Script */
/** @typedef {import('../history.ts').ScriptStep} ScriptStep */
/** @typedef {import('../history.ts').Where} Where */

/** @type {readonly ('read committed' | 'repeatable read' | 'serializable')[]} */
export const LEVELS = ['read committed', 'repeatable read', 'serializable']

/** Three items, as most scripts have them. */
export const ITEMS = {
  item: [
    [1, 'x', 10],
    [2, 'x', 20],
    [3, 'y', 30],
  ],
}

/** @type {Act} */
export const commit = { do: 'commit' }
/** @type {Act} */
export const rollback = { do: 'rollback' }

/** @param {typeof LEVELS[number]} [isolation] @param {object} [rest] @returns {Act} */
export const begin = (isolation = 'read committed', rest = {}) => ({ do: 'begin', isolation, ...rest })
/** @param {string} table @param {Where} [where] @param {object} [rest] @returns {Act} */
export const select = (table, where, rest = {}) => ({
  do: 'select',
  table,
  where: where ?? {},
  orderBy: [['id', 'asc']],
  ...rest,
})
/** @param {string} table @param {object} row @param {object} [onConflict] @returns {Act} */
export const insert = (table, row, onConflict) =>
  /** @type {Act} */ ({ do: 'insert', table, row, ...(onConflict && { onConflict }) })
/** @param {string} table @param {Where} where @param {object} change @returns {Act} */
export const update = (table, where, change) => ({ do: 'update', table, where, ...change })
/** @param {string} table @param {Where} where @param {object} [rest] @returns {Act} */
export const remove = (table, where, rest = {}) => ({ do: 'delete', table, where, ...rest })
/** @param {string} savepoint @returns {Act} */
export const save = (savepoint) => ({ do: 'savepoint', savepoint })
/** @param {string} savepoint @returns {Act} */
export const backTo = (savepoint) => ({ do: 'rollback to', savepoint })
/** @param {string} savepoint @returns {Act} */
export const release = (savepoint) => ({ do: 'release', savepoint })
/** @param {number} key @param {object} [rest] @returns {Act} */
export const lock = (key, rest = {}) => ({ do: 'lock', key, scope: 'transaction', ...rest })
/** @param {number} key @param {object} [rest] @returns {Act} */
export const unlock = (key, rest = {}) => ({ do: 'unlock', key, ...rest })

/** @param {...Act} acts */
export const a = (...acts) => acts.map((act) => ({ session: 'a', act }))
/** @param {...Act} acts */
export const b = (...acts) => acts.map((act) => ({ session: 'b', act }))
/** @param {...Act} acts */
export const c = (...acts) => acts.map((act) => ({ session: 'c', act }))
/** @param {number} millis */
export const pause = (millis) => [{ pause: millis }]

/**
 * @param {string} name
 * @param {string} title
 * @param {readonly string[]} rules
 * @param {Script['given']} given
 * @param {...readonly ScriptStep[]} steps
 * @returns {Script}
 */
export const script = (name, title, rules, given, ...steps) => ({
  name,
  title,
  rules,
  given,
  steps: steps.flat(),
})
