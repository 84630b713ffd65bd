import { enablePatches, Immer } from 'immer'
import { Network } from '../../sim/cluster/network.ts'
import { Answer } from '../../sim/database/answer.ts'
import { Database } from '../../sim/database/database.ts'
import type { Evaluation } from '../../sim/database/evaluation.ts'
import { execute } from '../../sim/database/execute.ts'
import type { Recipe, Statement } from '../../sim/database/statement.ts'
import type { Table } from '../../sim/database/table.ts'
import { Transaction } from '../../sim/database/transaction.ts'
import { invariant } from '../../sim/kernel/error.ts'
import type { Kernel } from '../../sim/kernel/kernel.ts'
import { RowSealer } from '../../sim/kernel/value.ts'
import { perSecond } from './bare.ts'

enablePatches()
const immer = new Immer({ autoFreeze: false })

const TRANSACTIONS = 100_000
/** Of the orders that are updated in turn. */
const ORDERS = 1_000

type Order = { orderId: string; customerId: string; amount: number; status: string; version: number }
type Note = { id: string; orderId: string; kind: string; at: number }

const order = (n: number): Order => ({
  orderId: `order-${n}`,
  customerId: `customer-${n % 17}`,
  amount: 4_200 + n,
  status: 'PLACED',
  version: 0,
})
const note = (n: number, kind: string): Note => ({
  id: `${kind}-${n}`,
  orderId: `order-${n % ORDERS}`,
  kind,
  at: n,
})

/** Transactions a second on plain objects: one row changed, two added, and what would undo it. */
export function plainTransactions(): number {
  const orders = new Map(Array.from({ length: ORDERS }, (_, n) => [`order-${n}`, order(n)]))
  const inbox = new Map<string, Note>()
  const outbox = new Map<string, Note>()
  const start = performance.now()
  for (let n = 0; n < TRANSACTIONS; n++) {
    const undo: (() => void)[] = []
    const row = orders.get(`order-${n % ORDERS}`) as Order
    const { status, version } = row
    undo.push(() => Object.assign(row, { status, version }))
    row.status = n % 2 === 0 ? 'PAID' : 'PLACED'
    row.version++
    add(inbox, note(n, 'in'), undo)
    add(outbox, note(n, 'out'), undo)
    // What no longer matters is deleted, as the tables of the other loop are.
    if (n >= ORDERS) {
      inbox.delete(`in-${n - ORDERS}`)
      outbox.delete(`out-${n - ORDERS}`)
    }
    undo.length = 0
  }
  const rate = perSecond(TRANSACTIONS, start)
  invariant(inbox.size + outbox.size === 2 * ORDERS, 'the plain tables have grown')
  return rate
}

function add(notes: Map<string, Note>, row: Note, undo: (() => void)[]): void {
  if (notes.has(row.id)) throw new Error(`${row.id} exists`)
  notes.set(row.id, row)
  undo.push(() => notes.delete(row.id))
}

function openTable(
  database: Database,
  name: string,
  key: string,
  types: Record<string, 'text' | 'integer'>,
): Table {
  const columns = Object.entries(types).map(([column, type]) => ({ name: column, type }))
  const sealer = new RowSealer(name, columns)
  return database.create({ name, key, indexes: [], unique: [], sequence: false, sealer }, [])
}

const answer = new Answer()

class Statements implements Evaluation {
  readonly transaction: Transaction
  progress = undefined
  row = undefined
  entry = undefined
  checked = 0

  constructor(transaction: Transaction) {
    this.transaction = transaction
  }

  retry(): void {}

  run(statement: Statement): void {
    this.row = undefined
    answer.reset(false)
    invariant(execute(statement, this.transaction, this, answer), 'a statement waits')
  }
}

/** The same transactions in the database, without its network. @param patches whether the update asks immer for patches */
export function databaseTransactions(kernel: Kernel, patches: boolean): number {
  const database = new Database(new Network(kernel), 'db')
  const notes = { id: 'text', orderId: 'text', kind: 'text', at: 'integer' } as const
  const inbox = openTable(database, 'inbox', 'id', notes)
  const outbox = openTable(database, 'outbox', 'id', notes)
  const columns = {
    orderId: 'text',
    customerId: 'text',
    amount: 'integer',
    status: 'text',
    version: 'integer',
  } as const
  const orders = openTable(database, 'orders', 'orderId', columns)
  for (let n = 0; n < ORDERS; n++) orders.load(order(n))
  const entity = kernel.choices.entity('bench')
  const connection = {}
  let held = 0
  const start = performance.now()
  for (let n = 0; n < TRANSACTIONS; n++) {
    const transaction = new Transaction(database, {}, connection)
    const statements = new Statements(transaction)
    const where = { orderId: `order-${n % ORDERS}` }
    const change = (draft: Record<string, unknown>): void => {
      draft.status = n % 2 === 0 ? 'PAID' : 'PLACED'
      ;(draft as Order).version++
    }
    // What the database would do if the trace had patches instead of rows.
    const patched: Recipe = (draft) => {
      const row = orders.entries.get(where.orderId)?.committed ?? {}
      const [, forth, back] = immer.produceWithPatches(row, change)
      held += forth.length + back.length
      change(draft)
    }
    statements.run({ kind: 'update', table: orders, query: { where }, recipe: patches ? patched : change })
    statements.run({ kind: 'insert', table: inbox, row: note(n, 'in') })
    statements.run({ kind: 'insert', table: outbox, row: note(n, 'out') })
    transaction.prepare()
    transaction.commit(0, entity)
    if (n >= ORDERS) {
      forget(inbox, `in-${n - ORDERS}`)
      forget(outbox, `out-${n - ORDERS}`)
    }
  }
  const rate = perSecond(TRANSACTIONS, start)
  invariant(inbox.entries.size + outbox.entries.size === 2 * ORDERS, 'the tables have grown')
  invariant(patches === held > 0, 'patches were made where none were asked for')
  return rate
}

/** Makes room without a transaction, as the plain loop does. */
function forget(table: Table, key: string): void {
  table.entries.delete(key)
}
