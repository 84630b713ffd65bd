import { SchemaSerde, type SchemaSerdeOptions, schemaRegistry } from 'faultline'
import { describe, expect, it } from 'vitest'

const serde = (schema: unknown) =>
  new SchemaSerde({ registry: schemaRegistry(), subject: 'orders', schema } as SchemaSerdeOptions)

const order = (...fields: readonly unknown[]) => ({ type: 'record', name: 'Order', fields })
const field = (type: unknown, more: object = {}) => ({ name: 'lines', type, ...more })
const kind = (...symbols: readonly unknown[]) => ({ type: 'enum', name: 'Kind', symbols })

describe('the schema of a serde', () => {
  it.each<readonly [unknown, string]>([
    [
      'strnig',
      'schema: expected one of null, boolean, int, long, float, double, bytes, string, a list or an object with a type, got "strnig"',
    ],
    [7, 'schema: expected an Avro schema, got 7'],
    [{}, 'schema.type: expected one of record, enum, array, map, got none'],
    [{ type: 'fixed' }, 'schema.type: expected one of record, enum, array, map, got "fixed"'],
    [{ type: 'record', name: 'Order' }, 'schema.fields: expected a list, got none'],
    [{ ...order(), name: '7th' }, 'schema.name: expected a name of letters, digits and _, got "7th"'],
    [
      { ...order(), aliases: ['a b'] },
      'schema.aliases[0]: expected a name of letters, digits and _, got "a b"',
    ],
    [order(null), 'schema.fields[0]: expected an Avro schema, got null'],
    [order({ type: 'int' }), 'schema.fields[0].name: expected a name of letters, digits and _, got none'],
    [order(field('int'), field('long')), "schema.fields[1]: 'lines' is there twice"],
    [order(field({ type: 'array' })), 'schema.fields[0].type.items: expected an Avro schema, got none'],
    [
      order(field({ type: 'map', values: order(field('Int')) })),
      'schema.fields[0].type.values.fields[0].type: expected one of null, boolean,',
    ],
    [order(field('int', { default: 'none' })), 'schema.fields[0].default: expected int, got "none"'],
    [order(field('int', { default: null })), 'schema.fields[0].default: expected int, got null'],
    [[], 'schema: expected at least one branch, got []'],
    [['null', ['int']], 'schema[1]: expected no union within a union, got ["int"]'],
    [['int', 'null', 'int'], "schema[2]: 'int' is there twice"],
    [[kind('A'), kind('B')], "schema[1]: 'Kind' is there twice"],
    [{ type: 'enum', name: 'Kind' }, 'schema.symbols: expected a list, got none'],
    [kind('A', 'A'), "schema.symbols[1]: 'A' is there twice"],
    [{ ...kind('A', 'B'), default: 'C' }, 'schema.default: expected one of A, B, got "C"'],
  ])('[SR9] must be one: %j', (schema, message) => {
    expect(() => serde(schema)).toThrow(`schema serde: ${message}`)
  })

  it.each<readonly [unknown]>([
    ['string'],
    [['null', 'string', kind('A'), order()]],
    [{ ...order(field(['null', 'int'], { default: null })), name: 'shop.Order', doc: 'said by a user' }],
    [order(field({ type: 'array', items: { type: 'map', values: 'double' } }, { default: [] }))],
    [{ ...kind('A', 'B'), default: 'B' }],
  ])('[SR9] may be %j', (schema) => {
    expect(() => serde(schema)).not.toThrow()
  })
})
