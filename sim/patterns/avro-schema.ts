import type { Plain } from '../kernel/value.ts'

/**
 * Avro's primitive types (Avro specification 1.12, Primitive Types). Of the complex ones there are no fixed ones, no references by
 * name and no logical types here.
 */
export type AvroPrimitive = (typeof AVRO_PRIMITIVES)[number]

/** Their names. */
export const AVRO_PRIMITIVES = [
  'null',
  'boolean',
  'int',
  'long',
  'float',
  'double',
  'bytes',
  'string',
] as const

/** A record: fields in the order in which they are written. */
export interface AvroRecord {
  readonly type: 'record'
  readonly name: string
  /** Names that it once had. */
  readonly aliases?: readonly string[]
  readonly fields: readonly AvroField[]
}

/** A field of a record. */
export interface AvroField {
  readonly name: string
  readonly type: AvroSchema
  /** What a reader takes where the writer has no such field. */
  readonly default?: Plain
  /** Names that it once had. */
  readonly aliases?: readonly string[]
}

/** One of some words. */
export interface AvroEnum {
  readonly type: 'enum'
  readonly name: string
  readonly symbols: readonly string[]
  /** What a reader takes for a symbol that it does not know. */
  readonly default?: string
}

/** A schema: of a record, mostly. A list is a union. */
export type AvroSchema =
  | AvroPrimitive
  | AvroRecord
  | AvroEnum
  | { readonly type: 'array'; readonly items: AvroSchema }
  | { readonly type: 'map'; readonly values: AvroSchema }
  | readonly AvroSchema[]

/** A schema with members. */
export type AvroComplex = Exclude<AvroSchema, AvroPrimitive | readonly AvroSchema[]>

/** What a reader makes of another type (Avro specification, Schema Resolution). */
const PROMOTIONS: Readonly<Partial<Record<AvroPrimitive, readonly AvroPrimitive[]>>> = {
  int: ['long', 'float', 'double'],
  long: ['float', 'double'],
  float: ['double'],
  string: ['bytes'],
  bytes: ['string'],
}

/** Whether a schema is one of several. */
export const isUnion = (schema: AvroSchema): schema is readonly AvroSchema[] => Array.isArray(schema)

/** The name of a type: `union`, `record`, `int`, … */
export const typeOf = (schema: AvroSchema): string =>
  isUnion(schema) ? 'union' : typeof schema === 'string' ? schema : schema.type

/** Whether what was written as one primitive type is read as another. */
const isPromoted = (writer: string, reader: string): boolean =>
  PROMOTIONS[writer as AvroPrimitive]?.includes(reader as AvroPrimitive) === true

/** The field of a writer that a reader's field stands for: by its name, or one that it once had. */
export function writerField(
  { fields }: AvroRecord,
  { name, aliases = [] }: AvroField,
): AvroField | undefined {
  return fields.find((field) => field.name === name) ?? fields.find((field) => aliases.includes(field.name))
}

/**
 * Why data of one schema cannot be read with another; nothing when they can (Avro specification, Schema Resolution; the
 * reasons are those of Avro's SchemaCompatibility).
 * @param path where in the schema: `order.lines`
 */
export function unreadable(reader: AvroSchema, writer: AvroSchema, path = ''): readonly string[] {
  if (isUnion(writer)) return writer.flatMap((branch) => unreadable(reader, branch, path))
  if (isUnion(reader)) {
    if (reader.some((branch) => unreadable(branch, writer, path).length === 0)) return []
    return [`${at(path)}MISSING_UNION_BRANCH: the reader's union has no ${typeOf(writer)}`]
  }
  const [read, written] = [typeOf(reader), typeOf(writer)]
  if (read !== written) {
    if (isPromoted(written, read)) return []
    return [`${at(path)}TYPE_MISMATCH: ${written} cannot be read as ${read}`]
  }
  if (typeof reader === 'string' || typeof writer === 'string') return []
  if (reader.type === 'array' && writer.type === 'array')
    return unreadable(reader.items, writer.items, `${path}[]`)
  if (reader.type === 'map' && writer.type === 'map')
    return unreadable(reader.values, writer.values, `${path}{}`)
  if (reader.type === 'enum' && writer.type === 'enum') return unreadableSymbols(reader, writer, path)
  return unreadableFields(reader as AvroRecord, writer as AvroRecord, path)
}

const at = (path: string): string => (path === '' ? '' : `${path}: `)

function unreadableSymbols(reader: AvroEnum, writer: AvroEnum, path: string): readonly string[] {
  if (reader.name !== writer.name) return [`${at(path)}NAME_MISMATCH: ${writer.name} is no ${reader.name}`]
  const missing = writer.symbols.filter((symbol) => !reader.symbols.includes(symbol))
  if (missing.length === 0 || reader.default !== undefined) return []
  return [`${at(path)}MISSING_ENUM_SYMBOLS: the reader does not know ${missing.join(', ')}`]
}

function unreadableFields(reader: AvroRecord, writer: AvroRecord, path: string): readonly string[] {
  if (reader.name !== writer.name && reader.aliases?.includes(writer.name) !== true)
    return [`${at(path)}NAME_MISMATCH: ${writer.name} is no ${reader.name}`]
  return reader.fields.flatMap((field) => {
    const inside = path === '' ? field.name : `${path}.${field.name}`
    const written = writerField(writer, field)
    if (written !== undefined) return unreadable(field.type, written.type, inside)
    if (field.default !== undefined) return []
    return [
      `${inside}: READER_FIELD_MISSING_DEFAULT_VALUE: the writer has no such field, and the reader no default`,
    ]
  })
}
