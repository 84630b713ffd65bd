import { eq, gt, gte, lt, lte, ne } from '../../../../sim/database/predicate.ts'
import { horizon, transactionId } from '../../../../sim/database/server-value.ts'
import type { Recipe, Statement } from '../../../../sim/database/statement.ts'
import type { Table } from '../../../../sim/database/table.ts'
import type { Act, Where } from '../history.ts'

type AnyWhere = Readonly<Record<string, unknown>>

const COMPARISONS = { eq, ne, lt, lte, gt, gte }

/** The simulator's statement of an act. */
export function statementOf(
  act: Exclude<Act, { readonly do: 'begin' | 'commit' | 'rollback' }>,
  tableOf: (name: string) => Table,
): Statement {
  switch (act.do) {
    case 'select': {
      const { table, where = {}, orderBy = [], limit, offset, wait } = act
      const query = {
        where: conditionOf(where),
        orderBy: orderBy.map(([column, direction]) => ({ column, direction })),
        ...(limit !== undefined && { limit }),
        ...(offset !== undefined && { offset }),
        ...(act.for !== undefined && { for: act.for }),
        ...(wait !== undefined && { wait }),
      }
      return { kind: 'select', table: tableOf(table), query }
    }
    case 'insert': {
      const { table, onConflict } = act
      const row = { ...act.row, ...(table === 'event' && { tx: transactionId() }) }
      if (onConflict === undefined) return { kind: 'insert', table: tableOf(table), row }
      const { columns, set } = onConflict
      return { kind: 'insert', table: tableOf(table), row, onConflict: { columns, update: set } }
    }
    case 'update': {
      const { table, where = {}, set, add, returning = false } = act
      const query = { where: conditionOf(where) }
      return { kind: 'update', table: tableOf(table), query, recipe: recipeOf(set, add), returning }
    }
    case 'delete': {
      const { table, where = {}, returning = false } = act
      return { kind: 'delete', table: tableOf(table), query: { where: conditionOf(where) }, returning }
    }
    case 'savepoint':
    case 'rollback to':
    case 'release':
      return { kind: act.do, savepoint: act.savepoint }
    case 'lock': {
      const { key, scope, shared = false } = act
      return { kind: 'advisory lock', lock: { key, scope, shared }, try: act.try === true }
    }
    case 'unlock':
      return {
        kind: 'advisory unlock',
        lock: { key: act.key, scope: 'session', shared: act.shared === true },
      }
  }
}

function conditionOf(where: Where): AnyWhere {
  return Object.fromEntries(
    Object.entries(where).map(([column, asked]) => {
      if (Array.isArray(asked)) return [column, (asked as readonly Where[]).map(conditionOf)]
      if (typeof asked !== 'object' || asked === null) return [column, asked]
      const comparisons = Object.entries(asked).map(([how, value]) =>
        COMPARISONS[how as keyof typeof COMPARISONS](value === 'horizon' ? horizon() : value),
      )
      return [column, comparisons[0]]
    }),
  )
}

function recipeOf(
  set: Readonly<Record<string, unknown>> = {},
  add: Readonly<Record<string, number>> = {},
): Recipe {
  return (draft) => {
    Object.assign(draft, set)
    for (const [column, by] of Object.entries(add)) {
      const value = draft[column]
      if (typeof value === 'number') draft[column] = value + by
    }
  }
}
