import { SimError } from '../kernel/error.ts'
import type { Plain } from '../kernel/value.ts'
import { AvroDataError, encodeAvro } from './avro-data.ts'
import { AVRO_PRIMITIVES, type AvroSchema, typeOf } from './avro-schema.ts'

type Members = Readonly<Record<string, unknown>>

/** Avro specification 1.12, Names: names of records and enums may have a namespace before them. */
const NAME = /^[A-Za-z_]\w*$/
const FULL_NAME = /^[A-Za-z_]\w*(\.[A-Za-z_]\w*)*$/

/**
 * Demands that a value is a schema as they are here (Avro specification 1.12, Schema Declaration).
 * @param place what it is for, and then where in it: `schema.fields[2].type.items`
 * @throws SimError 'definition' that names the place
 */
export function checkAvroSchema(schema: unknown, place: string): asserts schema is AvroSchema {
  if (Array.isArray(schema)) return checkUnion(schema, place)
  if (typeof schema === 'string') {
    if ((AVRO_PRIMITIVES as readonly string[]).includes(schema)) return
    return refuse(place, `one of ${AVRO_PRIMITIVES.join(', ')}, a list or an object with a type`, schema)
  }
  const { type, ...members } = membersOf(schema, place)
  switch (type) {
    case 'record':
      return checkRecord(members, place)
    case 'enum':
      return checkEnum(members, place)
    case 'array':
      return checkAvroSchema(members.items, `${place}.items`)
    case 'map':
      return checkAvroSchema(members.values, `${place}.values`)
    default:
      return refuse(`${place}.type`, 'one of record, enum, array, map', type)
  }
}

function refuse(place: string, expected: string, got: unknown): never {
  throw new SimError('definition', `${place}: expected ${expected}, got ${JSON.stringify(got) ?? 'none'}`)
}

function membersOf(value: unknown, place: string): Members {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    return refuse(place, 'an Avro schema', value)
  return value as Members
}

function checkName(name: unknown, place: string, form: RegExp): string {
  if (typeof name === 'string' && form.test(name)) return name
  return refuse(place, 'a name of letters, digits and _', name)
}

function listIn(value: unknown, place: string): readonly unknown[] {
  return Array.isArray(value) ? value : refuse(place, 'a list', value)
}

function checkOnce(names: readonly string[], place: string): void {
  const second = names.findIndex((name, index) => names.indexOf(name) < index)
  if (second >= 0)
    throw new SimError('definition', `${place}[${second}]: '${names[second] as string}' is there twice`)
}

/** A union has no two branches that data could not be told apart by, and no union in it. */
function checkUnion(branches: readonly unknown[], place: string): void {
  if (branches.length === 0) refuse(place, 'at least one branch', branches)
  const kinds = branches.map((branch, index) => {
    if (Array.isArray(branch)) return refuse(`${place}[${index}]`, 'no union within a union', branch)
    checkAvroSchema(branch, `${place}[${index}]`)
    return typeof branch === 'object' && 'name' in branch ? branch.name : typeOf(branch)
  })
  checkOnce(kinds, place)
}

function checkRecord({ name, aliases = [], fields }: Members, place: string): void {
  checkName(name, `${place}.name`, FULL_NAME)
  checkAliases(aliases, place)
  const names = listIn(fields, `${place}.fields`).map((field, index) =>
    checkField(field, `${place}.fields[${index}]`),
  )
  checkOnce(names, `${place}.fields`)
}

const checkAliases = (aliases: unknown, place: string): void => {
  for (const [index, alias] of listIn(aliases, `${place}.aliases`).entries())
    checkName(alias, `${place}.aliases[${index}]`, FULL_NAME)
}

function checkField(field: unknown, place: string): string {
  const { name, type, aliases = [], default: standIn } = membersOf(field, place)
  const checked = checkName(name, `${place}.name`, NAME)
  checkAliases(aliases, place)
  checkAvroSchema(type, `${place}.type`)
  if (standIn === undefined) return checked
  try {
    encodeAvro(type, standIn as Plain, `${place}.default`)
  } catch (error) {
    if (error instanceof AvroDataError) throw new SimError('definition', error.message)
    throw error
  }
  return checked
}

function checkEnum({ name, symbols, default: standIn }: Members, place: string): void {
  checkName(name, `${place}.name`, FULL_NAME)
  const words = listIn(symbols, `${place}.symbols`).map((symbol, index) =>
    checkName(symbol, `${place}.symbols[${index}]`, NAME),
  )
  checkOnce(words, `${place}.symbols`)
  if (standIn !== undefined && !words.includes(standIn as string))
    refuse(`${place}.default`, `one of ${words.join(', ')}`, standIn)
}
