import { isIn } from '../database/predicate.ts'
import type { Row } from '../database/table.ts'
import type { Incarnation } from '../kernel/incarnation.ts'
import type { Context } from '../service/context.ts'
import { states } from '../service/lifecycle.ts'
import type { TransactionScope } from '../service/transaction.ts'
import { type Dispatched, type Failure, keyOf } from './dispatch.ts'

/** The poison policies, the right one first. */
export const POISON_POLICIES = ['park-key', 'park-row', 'block', 'drop'] as const
/** Those of relays that promise no order: there is none for a key to wait for. */
export const UNORDERED_POISON_POLICIES = ['park-row', 'block', 'drop'] as const

/**
 * What becomes of an event that no broker will ever take ("poison policy"): `park-key` sets it and all
 * later ones of its key aside, in sight, and goes on with the others, which is right; `park-row` lets later ones of the key
 * go on (Z51), which is right where no order is promised; `block` tries for ever (Z19); `drop` loses it.
 */
export type PoisonPolicy = (typeof POISON_POLICIES)[number]

/** What becomes of such an event where no order is promised. */
export type UnorderedPoisonPolicy = (typeof UNORDERED_POISON_POLICIES)[number]

/** The states of a row that was set aside. */
export const SET_ASIDE = ['PARKED', 'DROPPED'] as const

/** A parked row stays so until an operator has it sent again: it is due then, and so is what comes behind it. */
const ASIDE = {
  PARKED: { next: ['DUE'], end: true },
  DUE: { next: ['PARKED', 'DROPPED'], by: ['relay'] },
  DROPPED: { end: true },
} as const

/** A column of states for a relay that polls by status. */
export const sendingStates = () =>
  states({
    PENDING: { next: ['SENT', 'PARKED', 'DUE', 'DROPPED'], by: ['relay'] },
    SENT: { end: true },
    ...ASIDE,
    DUE: { next: ['SENT', ...ASIDE.DUE.next], by: ['relay'] },
  })

/** The same for a relay that knows by itself how far it has come: nothing marks what was sent, but for what had waited. */
export const stayingStates = () =>
  states({
    WRITTEN: { next: ['PARKED', 'DUE', 'DROPPED'], by: ['relay'], end: true },
    ...ASIDE,
    DUE: { next: ['SENT', ...ASIDE.DUE.next], by: ['relay'] },
    SENT: { end: true },
  })

/** The rows that a relay by status sends: new ones, and those that an operator has sent again. */
export const SENDABLE = { status: isIn(['PENDING', 'DUE']) } as const

/** What became of a batch: what is left of its failures is tried again. */
export interface Relayed extends Dispatched {
  /** Rows that no broker will ever take, which are parked or dropped by now. */
  readonly setAside: readonly Row[]
}

/** The rows of a batch that are to be sent still, in its order. */
export function unsentOf(rows: readonly Row[], { failures, held }: Relayed): readonly Row[] {
  if (failures.length === 0 && held.length === 0) return []
  const left = new Set([...failures.map(({ row }) => row), ...held])
  return rows.filter((row) => left.has(row))
}

/** Where rows are: a transaction, or the context of a statement of its own. */
type Scope = Pick<TransactionScope, 'table'>

/** The order in which a relay sends the rows of a key: what is behind a parked one is a matter of it. */
export interface RowOrder {
  /** The columns that make it, of rows that were set aside. */
  readonly columns: readonly string[]
  /** Whether a row comes after one that was set aside, or is that one. */
  isBehind(row: Row, aside: Row): boolean
  /**
   * What a row that is set aside keeps of its place, where it does not have it from the start.
   * @param before the rows of its key that wait already, in this order
   */
  placeOf?(row: Row, before: readonly Row[]): Row
}

/** The order of ids. */
const BY_ID: RowOrder = {
  columns: ['id'],
  isBehind: (row, aside) => (row.id as number) >= (aside.id as number),
}

/** Who has a poison policy. */
export interface PoisonOptions {
  /** Whether there is one relay only: it need not look for parked rows before it has parked one in this life. */
  readonly alone: boolean
  /** In which the relay sends the rows of a key. Default: that of their ids. */
  readonly order?: RowOrder | undefined
  /** The rows whose order it keeps among themselves. Default: those of a key. */
  readonly keyOf?: (row: Row) => string
  /**
   * Whether others send what was set aside: it hands over to them what is behind, for they know when that is sent. Default:
   * no.
   */
  readonly handsOver?: boolean
}

/** The poison policy of a relay: one mechanism for all, which goes by the `status` of a row. */
export class Poison {
  private readonly policy: PoisonPolicy
  private readonly alone: boolean
  private readonly order: RowOrder
  private readonly keyOf: (row: Row) => string
  private readonly behind: 'PARKED' | 'DUE'
  private readonly empty = new WeakSet<Incarnation>()

  constructor(
    policy: PoisonPolicy,
    { alone, order = BY_ID, keyOf: of = keyOf, handsOver = false }: PoisonOptions,
  ) {
    this.policy = policy
    this.alone = alone
    this.order = order
    this.keyOf = of
    this.behind = handsOver ? 'DUE' : 'PARKED'
  }

  /** Whether rows are kept that could be sent again. */
  get parks(): boolean {
    return this.policy === 'park-key' || this.policy === 'park-row'
  }

  /** What an operator has sent again, for a relay that does not come to it by itself, in its order. */
  async due(context: Context): Promise<readonly Row[]> {
    if (!this.parks) return []
    const aside = await this.aside(context, context)
    return aside.filter(({ status }) => status === 'DUE')
  }

  /** Whether rows can be sent without a look at what is parked: nothing is, or nothing waits for it. */
  passes({ task: { incarnation } }: Context): boolean {
    return this.policy === 'park-key' ? this.empty.has(incarnation) : this.policy !== 'park-row'
  }

  /** Sets rows aside that come after a parked one of their key, or one that is to be sent again. @returns the others */
  async unparked(context: Context, rows: readonly Row[], scope: Scope = context): Promise<readonly Row[]> {
    if (this.policy === 'park-row') return rows.filter(({ status }) => status !== 'PARKED')
    if (this.policy !== 'park-key' || rows.length === 0) return rows
    const setAside = await this.aside(context, scope)
    if (setAside.length === 0) return rows
    const byKey = new Map<string, readonly Row[]>()
    for (const row of setAside) byKey.set(this.keyOf(row), [...(byKey.get(this.keyOf(row)) ?? []), row])
    await this.agree(scope, byKey)
    // A relay may know rows as they were written: what is due it sends as they are by now.
    const due = new Set(rows.flatMap(({ id, status }) => (status === 'DUE' ? [id] : [])))
    const waiting: Record<'PARKED' | 'DUE', Row[]> = { PARKED: [], DUE: [] }
    const unparked = rows.filter((row) => {
      const before = byKey.get(this.keyOf(row))?.filter((aside) => this.order.isBehind(row, aside)) ?? []
      const isParked = before.some(({ status }) => status === 'PARKED')
      if (!isParked && before.every(({ id }) => due.has(id))) return true
      const place = this.order.placeOf?.(row, byKey.get(this.keyOf(row)) as readonly Row[])
      waiting[isParked ? this.behind : 'DUE'].push(place === undefined ? row : { ...row, ...place })
      return false
    })
    for (const status of ['PARKED', 'DUE'] as const) await this.giveStatus(scope, waiting[status], status)
    return unparked
  }

  /** Parks or drops the rows of a batch that no broker will ever take. @returns what is left to be tried again */
  async setAside(context: Context, sent: Dispatched, scope: Scope = context): Promise<Relayed> {
    const poison = this.policy === 'block' ? [] : sent.failures.filter(isPoison)
    const { acknowledged, failures, held } = sent
    if (poison.length === 0) return { acknowledged, failures, held, setAside: [] }
    const status = this.policy === 'drop' ? 'DROPPED' : 'PARKED'
    for (const { row, error } of poison)
      context.log(`outbox row ${status.toLowerCase()}`, { id: row.id, error: error.message })
    this.empty.delete(context.task.incarnation)
    const setAside = poison.map(({ row }) => row)
    await this.giveStatus(scope, setAside, status)
    return { acknowledged, failures: failures.filter((failure) => !isPoison(failure)), held, setAside }
  }

  /** The rows that wait in sight, in the order of the relay. */
  private async aside(context: Context, scope: Scope): Promise<readonly Row[]> {
    const { incarnation } = context.task
    if (this.empty.has(incarnation)) return []
    const where = { status: isIn(['PARKED', 'DUE']) }
    const aside = await scope.table('outbox').select({ where, orderBy: this.order.columns })
    if (aside.length === 0 && this.alone) this.empty.add(incarnation)
    return aside
  }

  /** Has what was parked behind a row of its key just when that became due go with it. */
  private async agree(scope: Scope, byKey: Map<string, readonly Row[]>): Promise<void> {
    const late: Row[] = []
    for (const [key, aside] of byKey) {
      if (aside[0]?.status !== 'DUE') continue
      late.push(...aside.filter(({ status }) => status === 'PARKED'))
      byKey.set(
        key,
        aside.map((row) => ({ ...row, status: 'DUE' })),
      )
    }
    await this.giveStatus(scope, late, 'DUE')
  }

  /** Gives rows a state in which they are kept, where they still have the one that is known of them. */
  private async giveStatus(scope: Scope, rows: readonly Row[], status: string): Promise<void> {
    const { placeOf } = this.order
    for (const known of new Set(rows.map((row) => row.status))) {
      if (known === status) continue
      const byId = new Map(rows.flatMap((row) => (row.status === known ? [[row.id as number, row]] : [])))
      const where = { id: isIn([...byId.keys()]), status: known }
      const outbox = scope.table('outbox')
      if (placeOf === undefined) await outbox.update(where, { status })
      else
        await outbox.update(where, (row) => {
          Object.assign(row, { status }, placeOf(byId.get(row.id as number) as Row, []))
        })
    }
  }
}

const isPoison = ({ transient }: Failure): boolean => !transient
