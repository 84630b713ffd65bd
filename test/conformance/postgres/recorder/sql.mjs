import { tables } from '../tables.mjs'

/** @typedef {import('../history.ts').Act} Act */
/** @typedef {import('../history.ts').Where} Where */
/** @typedef {import('../history.ts').Value} Value */

const OPERATORS = { ne: '<>', lt: '<', lte: '<=', gt: '>', gte: '>=' }

/** @param {Value | 'horizon'} value */
function literal(value) {
  if (value === 'horizon') return 'pg_snapshot_xmin(pg_current_snapshot())'
  if (value === null) return 'null'
  return typeof value === 'number' ? String(value) : `'${value.replaceAll("'", "''")}'`
}

/** @param {Where | undefined} where @returns {string} */
function condition(where = {}) {
  const parts = Object.entries(where).map(([column, asked]) => {
    if (column === '$any')
      return `(${/** @type {readonly Where[]} */ (asked).map((each) => `(${condition(each)})`).join(' or ')})`
    if (asked === null) return `${column} is null`
    if (typeof asked !== 'object') return `${column} = ${literal(/** @type {Value} */ (asked))}`
    return Object.entries(asked)
      .map(
        ([how, value]) =>
          `${column} ${OPERATORS[/** @type {keyof typeof OPERATORS} */ (how)]} ${literal(value)}`,
      )
      .join(' and ')
  })
  return parts.length === 0 ? 'true' : parts.join(' and ')
}

/** @param {string} table */
const columns = (table) => tables[table]?.columns.join(', ')

/** @param {Readonly<Record<string, Value>>} [set] @param {Readonly<Record<string, number>>} [add] */
function assignments(set = {}, add = {}) {
  return [
    ...Object.entries(set).map(([column, value]) => `${column} = ${literal(value)}`),
    ...Object.entries(add).map(([column, value]) => `${column} = ${column} + ${value}`),
  ].join(', ')
}

/** The SQL of an act: several commands where PostgreSQL has no single one. @param {Act} act @returns {string[]} */
export function sqlOf(act) {
  switch (act.do) {
    case 'begin': {
      const { isolation, readOnly, lockTimeoutMillis, statementTimeoutMillis } = act
      const commands = [`begin isolation level ${isolation}${readOnly ? ' read only' : ''}`]
      if (lockTimeoutMillis !== undefined) commands.push(`set local lock_timeout = ${lockTimeoutMillis}`)
      if (statementTimeoutMillis !== undefined)
        commands.push(`set local statement_timeout = ${statementTimeoutMillis}`)
      return commands
    }
    case 'commit':
    case 'rollback':
      return [act.do]
    case 'select': {
      const order = (act.orderBy ?? []).map(([column, direction]) => `${column} ${direction}`).join(', ')
      return [
        [
          `select ${columns(act.table)} from ${act.table} where ${condition(act.where)}`,
          order === '' ? '' : `order by ${order}`,
          act.limit === undefined ? '' : `limit ${act.limit}`,
          act.offset === undefined ? '' : `offset ${act.offset}`,
          act.for === undefined ? '' : `for ${act.for} ${act.wait ?? ''}`,
        ]
          .filter((part) => part !== '')
          .join(' ')
          .trim(),
      ]
    }
    case 'insert': {
      const { table, row, onConflict } = act
      const names = Object.keys(row).join(', ')
      const values = Object.values(row).map(literal).join(', ')
      const target = onConflict?.columns === undefined ? '' : ` (${onConflict.columns.join(', ')})`
      const action = onConflict?.set === undefined ? 'nothing' : `update set ${assignments(onConflict.set)}`
      const clause = onConflict === undefined ? '' : ` on conflict${target} do ${action}`
      return [`insert into ${table} (${names}) values (${values})${clause} returning ${columns(table)}`]
    }
    case 'update': {
      const { table, where, set, add, returning } = act
      const answer = returning ? ` returning ${columns(table)}` : ''
      return [`update ${table} set ${assignments(set, add)} where ${condition(where)}${answer}`]
    }
    case 'delete': {
      const { table, where, returning } = act
      return [
        `delete from ${table} where ${condition(where)}${returning ? ` returning ${columns(table)}` : ''}`,
      ]
    }
    case 'savepoint':
      return [`savepoint ${act.savepoint}`]
    case 'rollback to':
      return [`rollback to savepoint ${act.savepoint}`]
    case 'release':
      return [`release savepoint ${act.savepoint}`]
    case 'lock': {
      const scope = act.scope === 'transaction' ? '_xact' : ''
      return [
        `select pg_${act.try ? 'try_' : ''}advisory${scope}_lock${act.shared ? '_shared' : ''}(${act.key})`,
      ]
    }
    case 'unlock':
      return [`select pg_advisory_unlock${act.shared ? '_shared' : ''}(${act.key})`]
  }
}
