import type { ColumnWriter } from './columns.ts'
import { isJson } from './json-bytes.ts'

const [QUOTE, BACKSLASH, COMMA, CLOSE_LIST, CLOSE_OBJECT, ZERO] = [34, 92, 44, 93, 125, 48]
const ASCII = 128

const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text)
const [ID, AT, KIND, LANE, ENTITY, PARENTS, PARENTS_AFTER, DATA] = [
  '{"id":',
  ',"atMicros":',
  ',"kind":"',
  ',"lane":"',
  ',"entity":"',
  ',"parents":[',
  '],',
  '"data":',
].map(bytesOf) as [
  Uint8Array,
  Uint8Array,
  Uint8Array,
  Uint8Array,
  Uint8Array,
  Uint8Array,
  Uint8Array,
  Uint8Array,
]

/** Numbers of names, found by their bytes: names repeat, and making a text for each time would cost most of the time. */
export class NameTable {
  private readonly names: { id(text: string): number }
  private readonly found = new Map<number, { readonly bytes: Uint8Array; readonly id: number }[]>()
  private readonly decoder = new TextDecoder()

  constructor(names: { id(text: string): number }) {
    this.names = names
  }

  /** @param hash of these bytes */
  id(bytes: Uint8Array, from: number, to: number, hash: number): number {
    const known = this.found.get(hash)
    if (known !== undefined)
      for (const name of known)
        if (name.bytes.length === to - from && holds(bytes, from, name.bytes)) return name.id
    const own = bytes.slice(from, to)
    const id = this.names.id(this.decoder.decode(own))
    if (known === undefined) this.found.set(hash, [{ bytes: own, id }])
    else known.push({ bytes: own, id })
    return id
  }
}

/** The tables of the names in a record. */
export interface NameTables {
  readonly kind: NameTable
  readonly lane: NameTable
  readonly entity: NameTable
}

const parents: number[] = []

/**
 * Reads a record as trace files have it, with its members in their order and without white space.
 * @returns false, and does nothing, where a line is anything else: then it must be read as any JSON, or is none
 */
export function readRecord(
  bytes: Uint8Array,
  from: number,
  to: number,
  writer: ColumnWriter,
  tables: NameTables,
): boolean {
  const line = new Cursor(bytes, from, to)
  const number = writer.count + 1
  if (!line.passes(ID) || line.integer() !== number || !line.passes(AT)) return false
  const atMicros = line.integer()
  if (atMicros < 0 || !line.passes(KIND)) return false
  const kind = line.name(tables.kind)
  if (kind < 0 || !line.passes(LANE)) return false
  const lane = line.name(tables.lane)
  if (lane < 0) return false
  const entity = line.passes(ENTITY) ? line.name(tables.entity) : 0
  if (entity < 0 || !line.passes(PARENTS) || !line.parents(number)) return false
  const data = line.data()
  if (data < 0) return false
  for (const parent of parents) writer.addParent(parent)
  writer.addBytes(atMicros, [kind, lane, entity], bytes, data, data === to ? to : to - 1)
  return true
}

class Cursor {
  private readonly bytes: Uint8Array
  private readonly to: number
  private at: number

  constructor(bytes: Uint8Array, from: number, to: number) {
    this.bytes = bytes
    this.at = from
    this.to = to
  }

  /** Passes over these bytes if they are next. */
  passes(expected: Uint8Array): boolean {
    if (!holds(this.bytes, this.at, expected)) return false
    this.at += expected.length
    return true
  }

  /** The whole number that is next; -1: there is none. */
  integer(): number {
    const { bytes } = this
    const from = this.at
    let value = 0
    for (let digit = (bytes[this.at] as number) - ZERO; digit >= 0 && digit <= 9; ) {
      value = value * 10 + digit
      digit = (bytes[++this.at] as number) - ZERO
    }
    return this.at === from || this.at - from > 15 ? -1 : value
  }

  /** The number of the name that is next, and its quotation mark; -1: it takes more to read it. */
  name(table: NameTable): number {
    const { bytes } = this
    const from = this.at
    let hash = 5381
    for (let byte = bytes[this.at] as number; byte !== QUOTE; byte = bytes[++this.at] as number) {
      if (byte === BACKSLASH || byte >= ASCII || byte < 32 || this.at >= this.to) return -1
      hash = (Math.imul(hash, 33) + byte) | 0
    }
    this.at++
    return table.id(bytes, from, this.at - 1, hash)
  }

  /** The causes that are next, each an earlier record. */
  parents(number: number): boolean {
    parents.length = 0
    if (this.bytes[this.at] === CLOSE_LIST) return true
    for (;;) {
      const parent = this.integer()
      if (parent < 1 || parent >= number) return false
      parents.push(parent)
      if (this.bytes[this.at] === CLOSE_LIST) return true
      if (this.bytes[this.at] !== COMMA) return false
      this.at++
    }
  }

  /** Where data begin that go on to the end of the record; the end of the line: there are none; -1: neither. */
  data(): number {
    const { bytes, to } = this
    if (bytes[to - 1] !== CLOSE_OBJECT) return -1
    if (this.at + 2 === to) return bytes[this.at] === CLOSE_LIST ? to : -1
    if (!this.passes(PARENTS_AFTER) || !this.passes(DATA)) return -1
    return isJson(bytes, this.at, to - 1) ? this.at : -1
  }
}

function holds(bytes: Uint8Array, at: number, expected: Uint8Array): boolean {
  for (let index = 0; index < expected.length; index++)
    if (bytes[at + index] !== expected[index]) return false
  return true
}
