import { SimError } from './error.ts'
import { avalanche, combine, hashText } from './mix.ts'

/** Immutable plain data: what may be sent, stored or answered. */
export type Plain =
  | null
  | boolean
  | number
  | string
  | readonly Plain[]
  | { readonly [key: string]: Plain | undefined }

const doubles = new Float64Array(1)
const doubleWords = new Uint32Array(doubles.buffer)

/** Property names recur millions of times; a name's hash never changes, so the cache cannot influence a run. */
const nameHashes = new Map<string, number>()

function hashName(name: string): number {
  let hash = nameHashes.get(name)
  if (hash === undefined) {
    hash = hashText(name, 0x1f83d9ab)
    if (nameHashes.size < 10_000) nameHashes.set(name, hash)
  }
  return hash
}

/** Hashes a number by value: -0 and 0 are one number, every NaN is the same. */
export function hashNumber(value: number): number {
  if ((value | 0) === value) return avalanche(value)
  // The bits of a computed NaN are the machine's choice: x86 and ARM differ in its sign.
  if (Number.isNaN(value)) return 0x7feb352d
  doubles[0] = value
  // Salted, lest the smallest fractions hash as small integers do.
  return avalanche(
    ((doubleWords[0] as number) ^ Math.imul(doubleWords[1] as number, 0x9e3779b1)) + 0x1b56c4e9,
  )
}

/**
 * Where an object that was sealed whole and travels on (an event envelope) keeps its hash: sealing it again costs
 * nothing. A copy of it has the mark too, but is not frozen and so is hashed anew.
 */
const SEALED: unique symbol = Symbol('sealed')

/** Deeper than any sensible event, and far from what exhausts the stack: where that happens differs between engines. */
const MAX_DEPTH = 200

/**
 * Seals a fresh object as `sealPlain` does and remembers its hash, for values that are stored and sent several times.
 * @param value not frozen yet
 */
export function sealWhole(value: object, path: string): number {
  const hash = hashObject(value, path, 0)
  ;(value as { [SEALED]?: number })[SEALED] = hash
  Object.freeze(value)
  return hash
}

function sealedHash(value: object): number | undefined {
  const hash = (value as { readonly [SEALED]?: number })[SEALED]
  return hash !== undefined && Object.isFrozen(value) ? hash : undefined
}

/**
 * Checks that a value is plain data, freezes it in depth and hashes it, in one pass. Objects hash by their entries
 * whatever the order they were written in; members that are undefined count as absent.
 * @param path named in the error, such as `OrderCreated`
 * @param depth how many objects it lies in
 * @throws SimError 'value' for functions, class instances, symbols, bigints, undefined elements and circles
 */
export function sealPlain(value: unknown, path: string, depth = 0): number {
  switch (typeof value) {
    case 'string':
      return hashText(value, 0x5be0cd19)
    case 'number':
      return hashNumber(value)
    case 'boolean':
      return value ? 0x3f84d5b5 : 0x1b873593
    case 'object':
      return value === null ? 0x2c1b3c6d : (sealedHash(value) ?? sealObject(value, path, depth))
    default:
      throw new SimError(
        'value',
        `${path} is ${typeof value}: only plain data (null, booleans, numbers, strings, arrays, objects) can be sent or stored`,
      )
  }
}

function sealObject(value: object, path: string, depth: number): number {
  const hash = hashObject(value, path, depth)
  Object.freeze(value)
  return hash
}

/** Hashes an object and seals what it contains. */
function hashObject(value: object, path: string, depth: number): number {
  if (depth >= MAX_DEPTH) {
    throw new SimError(
      'value',
      `${path.slice(0, 80)}… lies in more than ${MAX_DEPTH} objects: does something contain itself?`,
    )
  }
  if (Array.isArray(value)) {
    // Salted, lest `[]` hash as 0 does and `[x]` as some small number does.
    let hash = avalanche(value.length ^ 0x52dce729)
    for (let index = 0; index < value.length; index++) {
      hash = avalanche(Math.imul(hash, 31) + sealPlain(value[index], `${path}[${index}]`, depth + 1))
    }
    return hash
  }
  const prototype = Object.getPrototypeOf(value)
  if (prototype !== Object.prototype && prototype !== null) {
    throw new SimError(
      'value',
      `${path} is an instance of ${prototype.constructor?.name ?? 'a class'}: only plain data can be sent or stored`,
    )
  }
  let hash = 0x6b43a9b5
  const entries = value as Record<string, unknown>
  // The sum does not depend on the order, and plain objects inherit nothing: the allocation-free loop is safe here.
  for (const name in entries) {
    const member = entries[name]
    if (member === undefined) continue
    const memberHash = sealMember(member, path, name, depth)
    hash = (hash + combine(hashName(name), memberHash)) | 0
  }
  return avalanche(hash)
}

/** Whether some member is more than a scalar. */
export function hasObjects(entries: Readonly<Record<string, unknown>>): boolean {
  for (const name in entries) if (typeof entries[name] === 'object' && entries[name] !== null) return true
  return false
}

/** What a column of a table holds. */
export interface ColumnType {
  readonly name: string
  /** `integer` and `money` are whole numbers. */
  readonly type: 'text' | 'integer' | 'money' | 'flag' | 'oneOf' | 'plain'
  /** The words that `oneOf` allows. */
  readonly values?: readonly string[] | undefined
  /** Whether it may be null. */
  readonly optional?: boolean | undefined
}

/** Knows the columns of one table: checks, freezes and hashes its rows. */
export class RowSealer {
  /** Tells rows of this table from equal rows of others. */
  readonly salt: number
  private readonly table: string
  private readonly columns: readonly ColumnType[]
  /** The columns of the table. */
  readonly names: readonly string[]
  private readonly hashes: Int32Array

  constructor(table: string, columns: readonly ColumnType[]) {
    this.table = table
    this.columns = columns
    this.names = columns.map(({ name }) => name)
    this.hashes = Int32Array.from(this.names, hashName)
    this.salt = hashText(table, 0x510e527f)
  }

  /**
   * Seals a row as `sealPlain` does, to the same hash, without asking it for its columns.
   * @throws SimError 'value' for columns that the table does not have, that are missing, or that hold something else
   */
  seal(row: Readonly<Record<string, unknown>>): number {
    const { columns, names, hashes } = this
    let hash = 0x6b43a9b5
    let found = 0
    let next = 0
    // The sum does not depend on the order. The engine reads a member fast where its loop names it; rows mostly name their
    // columns as the table does, so that the next one is the first to look at.
    for (const name in row) {
      const member = row[name]
      if (member === undefined) continue
      const index = names[next] === name ? next : names.indexOf(name)
      if (index < 0) throw this.refusal(row)
      const memberHash = this.sealColumn(columns[index] as ColumnType, member, row)
      hash = (hash + combine(hashes[index] as number, memberHash)) | 0
      found++
      next = index + 1
    }
    if (found !== names.length) throw this.refusal(row)
    Object.freeze(row)
    return avalanche(hash)
  }

  /** What is wrong with a row: the first column that is not as it should be counts. */
  private refusal(row: Readonly<Record<string, unknown>>): SimError {
    for (const column of this.columns) {
      const member = row[column.name]
      if (member === undefined) return this.wrongColumn(column, member)
      this.sealColumn(column, member)
    }
    return this.unknownColumn(row)
  }

  /** Scalars first, and the check in the same breath as the hash. @param of the row, if another column may count first */
  private sealColumn(column: ColumnType, member: unknown, of?: Readonly<Record<string, unknown>>): number {
    const { type } = column
    if (typeof member === 'string') {
      if (type === 'text' || (type === 'oneOf' && column.values?.includes(member)))
        return hashText(member, 0x5be0cd19)
    } else if (typeof member === 'number') {
      if ((type === 'integer' || type === 'money') && Number.isSafeInteger(member)) return hashNumber(member)
    } else if ((type === 'flag' && typeof member === 'boolean') || (member === null && column.optional)) {
      return sealPlain(member, this.table)
    }
    if (type !== 'plain' || member === undefined)
      throw of === undefined ? this.wrongColumn(column, member) : this.refusal(of)
    return sealPlain(member, `${this.table}.${column.name}`, 1)
  }

  private wrongColumn(column: ColumnType, member: unknown): SimError {
    return new SimError('value', `table ${this.table}: column ${column.name} ${deviation(column, member)}`)
  }

  private unknownColumn(row: Readonly<Record<string, unknown>>): SimError {
    const unknown = Object.keys(row).filter((name) => !this.names.includes(name))
    const got = unknown.map((name) => `${name} (${shown(row[name])})`)
    return new SimError(
      'value',
      `table ${this.table} has no column ${got.join(', ')}: expected ${this.names.join(', ')}`,
    )
  }
}

/** Whether a value is what a column or a field of this type holds; of plain data only whether there is any. */
export function fits({ type, values, optional }: Omit<ColumnType, 'name'>, value: unknown): boolean {
  if (value === null && optional) return true
  switch (type) {
    case 'text':
      return typeof value === 'string'
    case 'oneOf':
      return typeof value === 'string' && values?.includes(value) === true
    case 'integer':
    case 'money':
      return Number.isSafeInteger(value)
    case 'flag':
      return typeof value === 'boolean'
    case 'plain':
      return value !== undefined
  }
}

/** What a column or a field of this type expects, and what came instead. */
export function deviation({ type, values = [], optional }: Omit<ColumnType, 'name'>, value: unknown): string {
  const expected = {
    text: 'text',
    integer: 'a whole number',
    money: 'a whole number of the smallest unit of its currency',
    flag: 'true or false',
    oneOf: values.map((word) => `'${word}'`).join(' or '),
    plain: 'plain data',
  }[type]
  return `expected ${expected}${optional ? ' or null' : ''}, got ${shown(value)}`
}

/** A value in an error, in short. */
function shown(value: unknown): string {
  if (value === undefined) return 'nothing'
  if (typeof value === 'string') return `'${value}'`
  return typeof value === 'object' && value !== null ? kindOf(value) : String(value)
}

function kindOf(value: object): string {
  if (Array.isArray(value)) return 'a list'
  const name = Object.getPrototypeOf(value)?.constructor?.name ?? 'Object'
  return name === 'Object' ? 'an object' : `an instance of ${name}`
}

/** Scalars first: the path of a member is built only for what may need it in an error. */
function sealMember(member: unknown, path: string, name: string, depth: number): number {
  if (typeof member === 'string') return hashText(member, 0x5be0cd19)
  if (typeof member === 'number') return hashNumber(member)
  return sealPlain(member, `${path}.${name}`, depth + 1)
}
