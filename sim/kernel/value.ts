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

/** Names of columns with their hashes, for rows of one table. */
export class RowSealer {
  private readonly table: string
  private readonly columns: readonly string[]
  private readonly hashes: Int32Array

  constructor(table: string, columns: readonly string[]) {
    this.table = table
    this.columns = columns
    this.hashes = Int32Array.from(columns, hashName)
  }

  /**
   * Seals a row as `sealPlain` does, to the same hash, without asking it for its columns.
   * @throws SimError 'value' for what is not plain data, and for columns that the table does not have
   */
  seal(row: Readonly<Record<string, unknown>>): number {
    const { columns, hashes } = this
    let hash = 0x6b43a9b5
    let present = 0
    for (let index = 0; index < columns.length; index++) {
      const name = columns[index] as string
      const member = row[name]
      if (member === undefined) continue
      present++
      hash = (hash + combine(hashes[index] as number, sealMember(member, this.table, name, 0))) | 0
    }
    for (const name in row) if (row[name] !== undefined) present--
    if (present !== 0) throw this.unknownColumn(row)
    Object.freeze(row)
    return avalanche(hash)
  }

  private unknownColumn(row: Readonly<Record<string, unknown>>): SimError {
    const unknown = Object.keys(row).filter((name) => !this.columns.includes(name))
    return new SimError(
      'value',
      `table ${this.table} has no column ${unknown.join(', ')}: it has ${this.columns.join(', ')}`,
    )
  }
}

/** Scalars first: the path of a member is built only for what may need it in an error. */
function sealMember(member: unknown, path: string, name: string, depth: number): number {
  if (typeof member === 'string') return hashText(member, 0x5be0cd19)
  if (typeof member === 'number') return hashNumber(member)
  return sealPlain(member, `${path}.${name}`, depth + 1)
}
