import { Account } from './account.ts'
import type { Entity } from './choice.ts'
import type { Kernel } from './kernel.ts'
import { hashText } from './mix.ts'
import { type Plain, sealPlain } from './value.ts'

/**
 * Something that properties read: a table of a service or a ledger of the outside world. A specification is an object
 * known by identity; the rows exist once per run.
 */
export interface Readable<Row> {
  readonly name: string
  /** Carries the type of a row; never set. */
  readonly row?: Row
}

/** Names a ledger before any run. */
export function ledger<Row extends { readonly [column: string]: Plain }>(name: string): Readable<Row> {
  return { name }
}

/** An append-only account of what really happened in the outside world: no service can see it, properties can. */
export class Ledger extends Account {
  readonly name: string
  private readonly kernel: Kernel
  private readonly hash: number

  constructor(kernel: Kernel, name: string) {
    super()
    this.kernel = kernel
    this.name = name
    this.hash = hashText(name, 0)
  }

  /** Appends an entry and returns the trace id of its record. */
  append(entry: Readonly<Record<string, Plain>>, entity: Entity, cause: number): number {
    const { kernel } = this
    kernel.digest.word(this.hash)
    kernel.digest.word(sealPlain(entry, this.name))
    this.insert(entry)
    const record = kernel.record('ledger', this.name, entity, cause, entry)
    this.tell(entry, record)
    return record
  }
}
