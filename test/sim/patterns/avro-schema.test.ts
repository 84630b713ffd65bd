import type { AvroSchema } from 'faultline'
import { describe, expect, it } from 'vitest'
import { unreadable } from '../../../sim/patterns/avro-schema.ts'

const record = (name: string, fields: readonly object[], aliases?: readonly string[]): AvroSchema =>
  ({ type: 'record', name, fields, ...(aliases && { aliases }) }) as AvroSchema
const colours = (symbols: readonly string[], more: object = {}): AvroSchema =>
  ({ type: 'enum', name: 'Colour', symbols, ...more }) as AvroSchema

/** The reasons, without where and how. */
const reasons = (reader: AvroSchema, writer: AvroSchema): string[] =>
  unreadable(reader, writer).map((problem) => /[A-Z_]{8,}/.exec(problem)?.[0] ?? problem)

const PRIMITIVES = ['null', 'boolean', 'int', 'long', 'float', 'double', 'bytes', 'string'] as const

/** Avro specification 1.12, Schema Resolution: what the writer's type is promoted to. */
const PROMOTED: Readonly<Record<string, readonly string[]>> = {
  int: ['long', 'float', 'double'],
  long: ['float', 'double'],
  float: ['double'],
  string: ['bytes'],
  bytes: ['string'],
}

describe('schema resolution', () => {
  it.each(PRIMITIVES)(
    '[SR1] reads %s as itself and what it is promoted to, and as nothing else',
    (writer) => {
      for (const reader of PRIMITIVES) {
        const isAllowed = reader === writer || PROMOTED[writer]?.includes(reader) === true
        expect([reader, reasons(reader, writer)]).toEqual([reader, isAllowed ? [] : ['TYPE_MISMATCH']])
      }
    },
  )

  it.each<[string, AvroSchema, AvroSchema, readonly string[]]>([
    ['a field that only the writer has', record('R', []), record('R', [{ name: 'a', type: 'int' }]), []],
    [
      'a field with a default that only the reader has',
      record('R', [{ name: 'a', type: 'int', default: 0 }]),
      record('R', []),
      [],
    ],
    [
      'a field without one',
      record('R', [{ name: 'a', type: 'int' }]),
      record('R', []),
      ['READER_FIELD_MISSING_DEFAULT_VALUE'],
    ],
    [
      'a field that the reader knows by its old name',
      record('R', [{ name: 'b', type: 'long', aliases: ['a'] }]),
      record('R', [{ name: 'a', type: 'int' }]),
      [],
    ],
    [
      'fields in another order',
      record('R', [
        { name: 'a', type: 'int' },
        { name: 'b', type: 'string' },
      ]),
      record('R', [
        { name: 'b', type: 'string' },
        { name: 'a', type: 'int' },
      ]),
      [],
    ],
    ['a record of another name', record('R', []), record('S', []), ['NAME_MISMATCH']],
    ['a record that was renamed', record('R', [], ['S']), record('S', []), []],
    ['symbols that the reader has', colours(['RED', 'BLUE']), colours(['RED']), []],
    ['a symbol that it has not', colours(['RED']), colours(['RED', 'BLUE']), ['MISSING_ENUM_SYMBOLS']],
    [
      'a symbol for which it has a default',
      colours(['RED'], { default: 'RED' }),
      colours(['RED', 'BLUE']),
      [],
    ],
    ['an enum of another name', colours(['RED'], { name: 'Color' }), colours(['RED']), ['NAME_MISMATCH']],
    ['one type as a union with it', ['null', 'string'], 'string', []],
    ['one type as a union without it', ['null', 'boolean'], 'string', ['MISSING_UNION_BRANCH']],
    ['a union as one of its types', 'string', ['null', 'string'], ['TYPE_MISMATCH']],
    ['a union of types that are all promoted', 'long', ['int', 'long'], []],
    ['items', { type: 'array', items: 'long' }, { type: 'array', items: 'int' }, []],
    [
      'items that do not fit',
      { type: 'array', items: 'int' },
      { type: 'array', items: 'long' },
      ['TYPE_MISMATCH'],
    ],
    ['values of a map', { type: 'map', values: 'long' }, { type: 'map', values: 'int' }, []],
    ['a map as a list', { type: 'array', items: 'int' }, { type: 'map', values: 'int' }, ['TYPE_MISMATCH']],
  ])('[SR1] of %s', (_what, reader, writer, expected) => {
    expect(reasons(reader, writer)).toEqual(expected)
  })

  it('[SR1] says where', () => {
    const of = (type: string) =>
      record('Order', [
        { name: 'lines', type: { type: 'array', items: record('Line', [{ name: 'price', type }]) } },
      ])
    expect(unreadable(of('int'), of('long'))).toEqual([
      'lines[].price: TYPE_MISMATCH: long cannot be read as int',
    ])
  })
})
