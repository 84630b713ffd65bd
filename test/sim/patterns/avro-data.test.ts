import { AvroDataError, type AvroSchema } from 'faultline'
import { describe, expect, it } from 'vitest'
import type { Plain } from '../../../sim/kernel/value.ts'
import { decodeAvro, encodeAvro } from '../../../sim/patterns/avro-data.ts'

const order: AvroSchema = {
  type: 'record',
  name: 'Order',
  fields: [
    { name: 'orderId', type: 'string' },
    { name: 'state', type: { type: 'enum', name: 'State', symbols: ['OPEN', 'CLOSED'], default: 'OPEN' } },
    {
      name: 'lines',
      type: {
        type: 'array',
        items: { type: 'record', name: 'Line', fields: [{ name: 'cents', type: 'int' }] },
      },
    },
    { name: 'labels', type: { type: 'map', values: 'string' } },
    { name: 'note', type: ['null', 'string'] },
  ],
}
const value = {
  orderId: 'o',
  state: 'CLOSED',
  lines: [{ cents: 1 }, { cents: 2 }],
  labels: { a: 'b' },
  note: 'n',
}

const changed = (fields: readonly object[]): AvroSchema =>
  ({ type: 'record', name: 'Order', fields }) as AvroSchema

describe('data by a schema', () => {
  it('[SR2] are values without names, and come back', () => {
    const written = encodeAvro(order, value)
    expect(written).toEqual(['o', 1, [[1], [2]], [['a', 'b']], [1, 'n']])
    expect(decodeAvro(order, order, written)).toEqual(value)
    expect(decodeAvro(order, order, encodeAvro(order, { ...value, note: null }))).toEqual({
      ...value,
      note: null,
    })
  })

  it('[SR2] are read as another schema says: names, order, defaults, what is not known', () => {
    const reader = changed([
      { name: 'currency', type: 'string', default: 'EUR' },
      { name: 'id', type: ['null', 'string'], aliases: ['orderId'] },
      { name: 'state', type: { type: 'enum', name: 'State', symbols: ['OPEN', 'LOST'], default: 'LOST' } },
    ])
    expect(decodeAvro(reader, order, encodeAvro(order, value))).toEqual({
      currency: 'EUR',
      id: 'o',
      state: 'LOST',
    })
  })

  it.each<[string, Plain, string]>([
    [
      'a member that is missing',
      { ...value, orderId: undefined },
      'value.orderId: expected string, got nothing',
    ],
    ['a member of another type', { ...value, note: 3 }, 'value.note: expected union, got 3'],
    [
      'an item',
      { ...value, lines: [{ cents: 2 ** 31 }] },
      'value.lines[0].cents: expected int, got 2147483648',
    ],
    ['a word that is none', { ...value, state: 'LOST' }, 'value.state: expected enum, got "LOST"'],
    ['something else', 'o', 'value: expected record, got "o"'],
  ])('[SR2] are refused when they do not fit: %s', (_what, wrong, message) => {
    expect(() => encodeAvro(order, wrong)).toThrow(new AvroDataError(message))
  })

  it.each<[string, AvroSchema, AvroSchema, Plain, string]>([
    [
      'another number of fields',
      order,
      changed([{ name: 'orderId', type: 'string' }]),
      ['a', 'b'],
      '2 values are no Order of 1',
    ],
    ['values that are none of these', 'int', 'int', 'x', '"x" is no int'],
    [
      'a field that nobody wrote',
      changed([{ name: 'a', type: 'int' }]),
      changed([]),
      [],
      'the writer has no such field',
    ],
    ['a type that cannot be read', 'int', 'string', 'x', 'string cannot be read as int'],
    ['a record where there was none', order, 'int', 3, 'int cannot be read as record'],
    ['no branch that fits', ['null', 'int'], 'string', 'x', 'MISSING_UNION_BRANCH'],
    ['a scalar where a list was written', order, order, 3, 'is not what was written'],
  ])('[SR2] are not taken for what they are not: %s', (_what, reader, writer, data, message) => {
    expect(() => decodeAvro(reader, writer, data)).toThrow(message)
  })
})
