import type { Plain } from '../kernel/value.ts'
import {
  type AvroComplex,
  type AvroRecord,
  type AvroSchema,
  isUnion,
  typeOf,
  unreadable,
  writerField,
} from './avro-schema.ts'

/** Data do not fit a schema, or cannot be what a schema says that they are. */
export class AvroDataError extends Error {
  override readonly name = 'AvroDataError'
}

type Fields = Readonly<Record<string, Plain | undefined>>

/**
 * Writes a value as Avro's binary encoding does: the values of fields one after another, without their names, so that they
 * mean something only to who has the schema. A value of a union comes with the number of its branch.
 * @throws AvroDataError when the value does not fit, with the path to what does not
 */
export function encodeAvro(schema: AvroSchema, value: Plain | undefined, path = 'value'): Plain {
  const refuse = (): never => {
    throw new AvroDataError(`${path}: expected ${typeOf(schema)}, got ${JSON.stringify(value) ?? 'nothing'}`)
  }
  if (isUnion(schema)) {
    const branch = schema.findIndex((each) => fitsAvro(each, value))
    return branch < 0 ? refuse() : [branch, encodeAvro(schema[branch] as AvroSchema, value, path)]
  }
  if (value === undefined || !fitsAvro(schema, value)) return refuse()
  if (typeof schema !== 'object') return value
  switch (schema.type) {
    case 'enum':
      return schema.symbols.indexOf(value as string)
    case 'array':
      return (value as readonly Plain[]).map((item, index) =>
        encodeAvro(schema.items, item, `${path}[${index}]`),
      )
    case 'map':
      return Object.entries(value as Fields).map(([key, item]) => [
        key,
        encodeAvro(schema.values, item, `${path}.${key}`),
      ])
    case 'record':
      return schema.fields.map(({ name, type }) =>
        encodeAvro(type, (value as Fields)[name], `${path}.${name}`),
      )
  }
}

/** Whether a value is of the kind that a schema says, on the surface. */
function fitsAvro(schema: AvroSchema, value: Plain | undefined): boolean {
  switch (typeOf(schema)) {
    case 'null':
      return value === null
    case 'boolean':
      return typeof value === 'boolean'
    case 'int':
      return Number.isInteger(value) && ((value as number) | 0) === value
    case 'long':
      return Number.isSafeInteger(value)
    case 'float':
    case 'double':
      return typeof value === 'number'
    case 'bytes':
    case 'string':
      return typeof value === 'string'
    case 'enum':
      return (schema as { readonly symbols: readonly unknown[] }).symbols.includes(value)
    case 'array':
      return Array.isArray(value)
    default:
      return typeof value === 'object' && value !== null && !Array.isArray(value)
  }
}

/**
 * Reads what was written with one schema as another says (Avro specification, Schema Resolution).
 * @throws AvroDataError when the schemas do not allow it, or these are not data of the writer's schema
 */
export function decodeAvro(reader: AvroSchema, writer: AvroSchema, data: Plain, path = 'value'): Plain {
  if (isUnion(writer)) {
    const [branch, inner] = listOf(data, path)
    return decodeAvro(reader, writer[branch as number] ?? 'null', inner as Plain, path)
  }
  if (isUnion(reader)) {
    const branch = reader.find((each) => unreadable(each, writer).length === 0)
    if (branch === undefined) throw new AvroDataError(`${path}: ${unreadable(reader, writer).join('; ')}`)
    return decodeAvro(branch, writer, data, path)
  }
  if (typeof writer === 'object') return decodeComplex(reader, writer, data, path)
  const [problem] = unreadable(reader, writer)
  if (problem !== undefined) throw new AvroDataError(`${path}: ${problem}`)
  if (!fitsAvro(writer, data))
    throw new AvroDataError(`${path}: ${JSON.stringify(data)} is no ${typeOf(writer)}`)
  return data
}

function decodeComplex(read: AvroSchema, written: AvroComplex, data: Plain, path: string): Plain {
  if (isUnion(read) || typeof read === 'string' || read.type !== written.type)
    throw new AvroDataError(`${path}: ${unreadable(read, written).join('; ')}`)
  if (read.type === 'enum' && written.type === 'enum') {
    const symbol = written.symbols[data as number]
    const known = symbol !== undefined && read.symbols.includes(symbol) ? symbol : read.default
    if (known === undefined)
      throw new AvroDataError(`${path}: ${read.name} does not know ${symbol ?? String(data)}`)
    return known
  }
  if (read.type === 'array' && written.type === 'array')
    return listOf(data, path).map((item, index) =>
      decodeAvro(read.items, written.items, item, `${path}[${index}]`),
    )
  if (read.type === 'map' && written.type === 'map')
    return Object.fromEntries(
      listOf(data, path).map((entry) => {
        const [key, item] = entry as readonly [string, Plain]
        return [key, decodeAvro(read.values, written.values, item, `${path}.${key}`)]
      }),
    )
  return decodeRecord(read as AvroRecord, written as AvroRecord, listOf(data, path), path)
}

function decodeRecord(reader: AvroRecord, writer: AvroRecord, values: readonly Plain[], path: string): Plain {
  if (values.length !== writer.fields.length)
    throw new AvroDataError(
      `${path}: ${values.length} values are no ${writer.name} of ${writer.fields.length} fields`,
    )
  return Object.fromEntries(
    reader.fields.map((field) => {
      const { name, type } = field
      const written = writerField(writer, field)
      if (written !== undefined) {
        const value = values[writer.fields.indexOf(written)] as Plain
        return [name, decodeAvro(type, written.type, value, `${path}.${name}`)]
      }
      if (field.default === undefined)
        throw new AvroDataError(`${path}.${name}: the writer has no such field, and the reader no default`)
      return [name, field.default]
    }),
  )
}

function listOf(data: Plain, path: string): readonly Plain[] {
  if (!Array.isArray(data))
    throw new AvroDataError(`${path}: ${JSON.stringify(data)} is not what was written`)
  return data
}
