import {
  asc,
  databaseNow,
  desc,
  eq,
  gt,
  horizon,
  integer,
  isIn,
  lt,
  ne,
  table,
  text,
  transactionId,
} from 'faultline'
import { describe, expect, it } from 'vitest'
import { byName, named } from '../../../sim/service/schema.ts'
import type { TransactionScope } from '../../../sim/service/transaction.ts'
import type { PlayContext } from '../../fixtures/play.ts'

type Tx = Parameters<Parameters<PlayContext['transaction']>[0]>[0]

describe('a table as service code sees it', () => {
  it('[T23] takes what its columns take, say the types', () => {
    const types = ({ things, tickets }: Tx, ctx: PlayContext): unknown[] => [
      () => things.insert({ id: 'a', kind: 'b', count: databaseNow() }),
      () => things.insertIfAbsent({ id: 'a', kind: 'b', count: null }, ['kind', 'count']),
      () => things.upsert({ id: 'a', kind: 'b', count: 1 }, { count: transactionId() }, ['id']),
      () => things.get('a', { for: 'update', wait: 'nowait' }),
      () =>
        things.select({ where: { count: lt(horizon()), kind: ne('x') }, orderBy: ['kind', desc('count')] }),
      () =>
        things.select({ where: { $any: [{ kind: 'a' }, { count: gt(3) }], id: isIn(['a']) }, for: 'share' }),
      () => things.update({ count: eq(databaseNow(-1_000)) }, { kind: 'b' }),
      () => things.updateReturning({ id: 'a' }, (row) => void row.kind.concat('b')),
      () => things.deleteReturning({ $all: [{ id: 'a' }, { kind: 'b' }] }),
      () => tickets.select({ orderBy: asc('what'), limit: 3, offset: 2 }),
      () => ctx.db.things.select({ where: { kind: 'a' } }),
    ]
    expect(types).toBeDefined()
  })

  it('[T23] refuses tables and columns that were not declared, and values of another type, say the types', () => {
    const types = ({ things, tickets, ...rest }: Tx, ctx: PlayContext): unknown[] => [
      // @ts-expect-error no such table
      () => rest.nothings.select(),
      // @ts-expect-error no such table to read either
      () => ctx.db.nothings.select(),
      // @ts-expect-error what is read outside transactions is not written there
      () => ctx.db.things.insert({ id: 'a', kind: 'b', count: 1 }),
      // @ts-expect-error no such column to insert
      () => things.insert({ id: 'a', kind: 'b', count: 1, colour: 'red' }),
      // @ts-expect-error a text is no value that only the server knows
      () => things.insert({ id: 'a', kind: databaseNow(), count: 1 }),
      // @ts-expect-error no such column to ask for
      () => things.select({ where: { colour: 'red' } }),
      // @ts-expect-error nor in a part of a condition
      () => things.select({ where: { $any: [{ colour: 'red' }] } }),
      // @ts-expect-error a text is not compared with a number
      () => things.select({ where: { kind: lt(3) } }),
      // @ts-expect-error a text is not compared with the horizon
      () => things.select({ where: { kind: lt(horizon()) } }),
      // @ts-expect-error no such column to order by
      () => things.select({ orderBy: 'colour' }),
      // @ts-expect-error nor among several
      () => things.select({ orderBy: ['id', desc('colour')] }),
      // @ts-expect-error no such strength of a lock
      () => things.select({ for: 'ever' }),
      // @ts-expect-error no such column to change
      () => things.update({ id: 'a' }, { colour: 'red' }),
      // @ts-expect-error a count is no text
      () => things.update({ id: 'a' }, { count: 'red' }),
      // @ts-expect-error no such column of a draft
      () => things.update({ id: 'a' }, (row) => void row.colour),
      // @ts-expect-error no such column of a row
      () => things.get('a').then((row) => row?.colour),
      // @ts-expect-error no such columns of a constraint
      () => things.insertIfAbsent({ id: 'a', kind: 'b', count: 1 }, ['colour']),
      // @ts-expect-error no such column to delete by
      () => tickets.delete({ colour: 'red' }),
    ]
    expect(types).toBeDefined()
  })

  it('[T23] knows the columns of a table that a component brings along, say the types', () => {
    const CURSOR = named('cursor', table({ name: text, position: integer }, { key: 'name' }))
    expect(byName(CURSOR)).toEqual({ cursor: CURSOR })
    const types = (tx: TransactionScope): unknown[] => [
      () => tx.table(CURSOR).insert({ name: 'a', position: transactionId() }),
      () => tx.table(CURSOR).select({ where: { position: gt(3) }, orderBy: 'position' }),
      // @ts-expect-error no such column
      () => tx.table(CURSOR).insert({ name: 'a', position: 1, colour: 'red' }),
      // @ts-expect-error a position is no text
      () => tx.table(CURSOR).update({ name: 'a' }, { position: 'b' }),
      // @ts-expect-error no such column to delete by
      () => tx.table(CURSOR).delete({ colour: 'red' }),
    ]
    expect(types).toBeDefined()
  })
})
