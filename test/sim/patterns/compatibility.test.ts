import { type AvroSchema, COMPATIBILITY_MODES, type Compatibility } from 'faultline'
import { describe, expect, it } from 'vitest'
import { incompatibilities } from '../../../sim/patterns/compatibility.ts'

const record = (fields: readonly object[]): AvroSchema =>
  ({ type: 'record', name: 'myrecord', fields }) as AvroSchema
const f1 = { name: 'f1', type: 'string' }

/** The schemas of Confluent's AvroCompatibilityTest, by its numbers. */
const SCHEMAS: Readonly<Record<number, AvroSchema>> = {
  1: record([f1]),
  2: record([f1, { name: 'f2', type: 'string', default: 'foo' }]),
  3: record([f1, { name: 'f2', type: 'string' }]),
  4: record([{ name: 'f1_new', type: 'string', aliases: ['f1'] }]),
  6: record([{ name: 'f1', type: ['null', 'string'] }]),
  7: record([{ name: 'f1', type: ['null', 'string', 'int'] }]),
  8: record([
    f1,
    { name: 'f2', type: 'string', default: 'foo' },
    { name: 'f3', type: 'string', default: 'bar' },
  ]),
}

const isAllowed = (mode: Compatibility, schema: AvroSchema, earlier: readonly AvroSchema[]): boolean =>
  incompatibilities(mode, schema, earlier).length === 0

const numbered = (number: number): AvroSchema => SCHEMAS[number] as AvroSchema

describe('compatibility', () => {
  /** Every assertion of that test: a new schema, those before it, and whether it may follow them. */
  it.each<[Compatibility, number, readonly number[], boolean]>([
    ['BACKWARD', 2, [1], true],
    ['BACKWARD', 3, [1], false],
    ['BACKWARD', 4, [1], true],
    ['BACKWARD', 6, [1], true],
    ['BACKWARD', 1, [6], false],
    ['BACKWARD', 7, [6], true],
    ['BACKWARD', 6, [7], false],
    ['BACKWARD', 3, [1, 2], true],
    ['BACKWARD_TRANSITIVE', 8, [1, 2], true],
    ['BACKWARD_TRANSITIVE', 2, [1], true],
    ['BACKWARD_TRANSITIVE', 3, [2], true],
    ['BACKWARD_TRANSITIVE', 3, [2, 1], false],
    ['FORWARD', 2, [1], true],
    ['FORWARD', 3, [1], true],
    ['FORWARD', 3, [2], true],
    ['FORWARD', 2, [3], true],
    ['FORWARD', 1, [3, 2], true],
    ['FORWARD_TRANSITIVE', 1, [8, 2], true],
    ['FORWARD_TRANSITIVE', 2, [3], true],
    ['FORWARD_TRANSITIVE', 1, [2], true],
    ['FORWARD_TRANSITIVE', 1, [2, 3], false],
    ['FULL', 2, [1], true],
    ['FULL', 3, [1, 2], true],
    ['FULL', 1, [3, 2], true],
    ['FULL_TRANSITIVE', 8, [1, 2], true],
    ['FULL_TRANSITIVE', 1, [8, 2], true],
    ['FULL_TRANSITIVE', 2, [3], true],
    ['FULL_TRANSITIVE', 1, [2], true],
    ['FULL_TRANSITIVE', 2, [1], true],
    ['FULL_TRANSITIVE', 3, [2], true],
    ['FULL_TRANSITIVE', 3, [2, 1], false],
    ['FULL_TRANSITIVE', 1, [2, 3], false],
  ])('[SR3] %s: schema %i after %j is allowed: %s', (mode, schema, earlier, expected) => {
    expect(isAllowed(mode, numbered(schema), earlier.map(numbered))).toBe(expected)
  })

  const orders = (...fields: readonly object[]): AvroSchema => record([f1, ...fields])
  const required = { name: 'f2', type: 'int' }
  const optional = { ...required, default: 0 }

  /** Confluent, Schema Evolution and Compatibility: which changes each kind of mode allows. */
  const CHANGES: readonly (readonly [string, AvroSchema, AvroSchema, readonly string[]])[] = [
    ['delete a field', orders(required), orders(), ['BACKWARD']],
    ['delete an optional field', orders(optional), orders(), ['BACKWARD', 'FORWARD', 'FULL']],
    ['add a field', orders(), orders(required), ['FORWARD']],
    ['add an optional field', orders(), orders(optional), ['BACKWARD', 'FORWARD', 'FULL']],
    ['rename a field', orders(required), orders({ name: 'f3', type: 'int' }), []],
    ['make a number wider', orders(required), orders({ name: 'f2', type: 'long' }), ['BACKWARD']],
    ['make a number narrower', orders({ name: 'f2', type: 'long' }), orders(required), ['FORWARD']],
  ]

  it.each(CHANGES)('[SR3] lets each mode %s as documented', (_what, before, after, allowed) => {
    for (const mode of COMPATIBILITY_MODES) {
      const expected = mode === 'NONE' || allowed.includes(mode.replace('_TRANSITIVE', ''))
      expect([mode, isAllowed(mode, after, [before])]).toEqual([mode, expected])
    }
  })

  it('[SR3] lets anything be the first, and lets everything follow where nothing is checked', () => {
    for (const mode of COMPATIBILITY_MODES) expect(isAllowed(mode, 'int', [])).toBe(true)
    expect(isAllowed('NONE', 'int', ['string', 'bytes'])).toBe(true)
  })

  it('[SR3] says which of the two cannot read the other, and why', () => {
    expect(incompatibilities('FULL', orders(required), [orders()])).toEqual([
      'the new schema cannot read the old one: f2: READER_FIELD_MISSING_DEFAULT_VALUE: the writer has no such field, and the reader no default',
    ])
    expect(incompatibilities('FULL', orders(), [orders(required)])).toEqual([
      'the old schema cannot read the new one: f2: READER_FIELD_MISSING_DEFAULT_VALUE: the writer has no such field, and the reader no default',
    ])
  })
})
