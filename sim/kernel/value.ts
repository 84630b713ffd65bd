import { SimError } from './error.ts'
import { avalanche, combine, hashText } from './mix.ts'

/** Immutable plain data: what may be sent, stored or answered. */
export type Plain = null | boolean | number | string | readonly Plain[] | { readonly [key: string]: Plain | undefined }

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
  return avalanche(((doubleWords[0] as number) ^ Math.imul(doubleWords[1] as number, 0x9e3779b1)) + 0x1b56c4e9)
}

/** Hashes of objects that were sealed whole and travel on (event envelopes); frozen, so a hash stays true. */
const sealedHashes = new WeakMap<object, number>()

/** Deeper than any sensible event, and far from what exhausts the stack: where that happens differs between engines. */
const MAX_DEPTH = 200

/** Seals an object as `sealPlain` does and remembers its hash, for values that are stored and sent several times. */
export function seal(value: object, path: string): number {
  const hash = sealPlain(value, path)
  sealedHashes.set(value, hash)
  return hash
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
      return value === null ? 0x2c1b3c6d : (sealedHashes.get(value) ?? sealObject(value, path, depth))
    default:
      throw new SimError('value', `${path} is ${typeof value}: only plain data (null, booleans, numbers, strings, arrays, objects) can be sent or stored`)
  }
}

function sealObject(value: object, path: string, depth: number): number {
  if (depth >= MAX_DEPTH) {
    throw new SimError('value', `${path.slice(0, 80)}… lies in more than ${MAX_DEPTH} objects: does something contain itself?`)
  }
  if (Array.isArray(value)) {
    // Salted, lest `[]` hash as 0 does and `[x]` as some small number does.
    let hash = avalanche(value.length ^ 0x52dce729)
    for (let index = 0; index < value.length; index++) {
      hash = avalanche(Math.imul(hash, 31) + sealPlain(value[index], `${path}[${index}]`, depth + 1))
    }
    Object.freeze(value)
    return hash
  }
  const prototype = Object.getPrototypeOf(value)
  if (prototype !== Object.prototype && prototype !== null) {
    throw new SimError('value', `${path} is an instance of ${prototype.constructor?.name ?? 'a class'}: only plain data can be sent or stored`)
  }
  let hash = 0x6b43a9b5
  const entries = value as Record<string, unknown>
  for (const name of Object.keys(entries)) {
    const member = entries[name]
    if (member === undefined) continue
    const memberHash = sealMember(member, path, name, depth)
    hash = (hash + combine(hashName(name), memberHash)) | 0
  }
  Object.freeze(value)
  return avalanche(hash)
}

/** Scalars first: the path of a member is built only for what may need it in an error. */
function sealMember(member: unknown, path: string, name: string, depth: number): number {
  if (typeof member === 'string') return hashText(member, 0x5be0cd19)
  if (typeof member === 'number') return hashNumber(member)
  return sealPlain(member, `${path}.${name}`, depth + 1)
}
