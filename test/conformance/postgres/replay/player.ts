import { Network } from '../../../../sim/cluster/network.ts'
import { Process } from '../../../../sim/cluster/process.ts'
import { Database } from '../../../../sim/database/database.ts'
import { DatabaseError } from '../../../../sim/database/error.ts'
import type { TransactionOptions } from '../../../../sim/database/options.ts'
import { ReadCall } from '../../../../sim/database/read-call.ts'
import { Session } from '../../../../sim/database/session.ts'
import { onlyReads, type Statement } from '../../../../sim/database/statement.ts'
import type { Row } from '../../../../sim/database/table.ts'
import { Kernel } from '../../../../sim/kernel/kernel.ts'
import type { Actor } from '../../../../sim/kernel/queue.ts'
import { operationNumber } from '../../../../sim/kernel/step.ts'
import { HandlerSite, type Operation, Task } from '../../../../sim/kernel/task.ts'
import { RowSealer } from '../../../../sim/kernel/value.ts'
import type { Act, Answer, Script, Value } from '../history.ts'
import { statementOf } from './statement.ts'

/** Between two steps. */
const GAP_MICROS = 200_000
const BUDGET = { maxEvents: 1e6, maxMicros: 1e12, maxTraceRecords: 0 }
const STEP = operationNumber('step')

const integer = { type: 'integer', optional: true } as const
const text = { type: 'text', optional: true } as const

/** The tables, as the simulator has them; their columns as PostgreSQL answers them. */
const TABLES = {
  item: { columns: { id: integer, kind: text, count: integer }, answered: ['id', 'kind', 'count'] },
  seat: {
    columns: { id: integer, hall: text, number: integer, holder: text },
    answered: ['id', 'hall', 'number', 'holder'],
    unique: [['hall', 'number'], ['holder']],
  },
  ticket: { columns: { id: integer, what: text }, answered: ['id', 'what'], sequence: true },
  event: {
    columns: { id: integer, what: text, tx: integer },
    answered: ['id', 'what'],
    sequence: true,
  },
} as const

interface TableOfHistory {
  readonly columns: Readonly<Record<string, { type: 'integer' | 'text'; optional: true }>>
  readonly answered: readonly string[]
  readonly unique?: readonly (readonly string[])[]
  readonly sequence?: boolean
}

/** What a step was answered, and at which step. */
export interface Heard {
  readonly step: number
  readonly at: number
  readonly answer: Answer
}

/** One session of a history. */
class Client {
  readonly process: Process
  readonly task: Task
  session: Session | undefined
  /** Whether its transaction has failed, so that its COMMIT is a ROLLBACK. */
  failed = false

  constructor(network: Network, name: string) {
    const { kernel } = network
    this.process = network.add(new Process(kernel, name, name, undefined))
    const site = new HandlerSite(name, 'play')
    this.task = new Task(kernel, this.process.incarnation, site, kernel.choices.entity(name), 0)
  }
}

/** Plays the script of a history on the simulator. */
export function play(script: Pick<Script, 'given' | 'steps'>, seed: number): readonly Heard[] {
  const kernel = new Kernel({ seed, scheduling: 'random', budget: BUDGET })
  const network = new Network(kernel)
  const database = openDatabase(network, script.given)
  const clients = new Map<string, Client>()
  const heard: Heard[] = []
  let atMicros = GAP_MICROS
  let now = -1
  for (const [index, step] of script.steps.entries()) {
    const perform = (): void => {
      now = index
      if (!('session' in step)) return
      let client = clients.get(step.session)
      if (client === undefined) {
        client = new Client(network, step.session)
        clients.set(step.session, client)
      }
      ask(client, database, step.act, (answer) => heard.push({ step: index, at: now, answer }))
    }
    const actor: Actor = { onEvent: perform }
    kernel.scheduleAt(atMicros, kernel.choices.entity('script'), actor, 0, undefined, 0)
    atMicros += GAP_MICROS + ('pause' in step ? step.pause * 1000 : 0)
  }
  while (kernel.advance()) {
    // Nothing here needs a microtask.
  }
  if (kernel.failure !== undefined) throw kernel.failure
  return heard
}

function openDatabase(network: Network, given: Script['given']): Database {
  const database = new Database(network, 'db')
  for (const [name, table] of Object.entries(TABLES) as [string, TableOfHistory][]) {
    const columns = Object.entries(table.columns).map(([column, type]) => ({ name: column, ...type }))
    const rows = (given[name] ?? []).map((row) =>
      Object.fromEntries(table.answered.map((column, at) => [column, row[at] ?? null])),
    )
    const schema = {
      name,
      key: 'id',
      indexes: name === 'item' ? ['kind'] : [],
      unique: table.unique ?? [],
      sequence: table.sequence === true,
      sealer: new RowSealer(name, columns),
    }
    database.create(schema, rows)
  }
  return database
}

function ask(client: Client, database: Database, act: Act, hear: (answer: Answer) => void): void {
  const { task, process } = client
  const begin = (settled: (value: unknown) => Answer): Operation<unknown> => {
    const continuation = {
      completed: (value: unknown) => hear(settled(value)),
      failed: (error: Error) => {
        if (!(error instanceof DatabaseError)) throw error
        client.failed = true
        hear({ error: error.sqlState })
      },
    }
    return task.begin<unknown>(STEP, undefined, continuation) as Operation<unknown>
  }
  const { session } = client
  switch (act.do) {
    case 'begin':
      client.session = new Session(database, process, task, optionsOf(act))
      client.failed = false
      hear({ done: 'BEGIN' })
      return
    case 'rollback':
      session?.rollback()
      client.session = undefined
      hear({ done: 'ROLLBACK' })
      return
    case 'commit': {
      const { failed } = client
      client.session = undefined
      const continuation = {
        completed: () => hear({ done: 'COMMIT' }),
        failed: (error: Error) =>
          hear(failed ? { done: 'ROLLBACK' } : { error: (error as DatabaseError).sqlState }),
      }
      session?.commit(task.begin<unknown>(STEP, undefined, continuation) as Operation<unknown>)
      return
    }
    default: {
      const statement = statementOf(act, (name) => database.table(name))
      const operation = begin((value) => {
        if (act.do === 'rollback to') client.failed = false
        return answerOf(act, statement, value)
      })
      if (session !== undefined) session.send(undefined, statement, operation)
      else if (onlyReads(statement)) new ReadCall(database, statement, operation).send(process)
      else new Session(database, process, task).autocommit(statement, operation)
    }
  }
}

function optionsOf(act: Act & { readonly do: 'begin' }): TransactionOptions {
  const { isolation, readOnly = false, lockTimeoutMillis, statementTimeoutMillis } = act
  return {
    isolation,
    readOnly,
    ...(lockTimeoutMillis !== undefined && { lockTimeout: `${lockTimeoutMillis}ms` }),
    ...(statementTimeoutMillis !== undefined && { statementTimeout: `${statementTimeoutMillis}ms` }),
  }
}

/** What the simulator answered, as PostgreSQL would. */
function answerOf(act: Act, statement: Statement, value: unknown): Answer {
  switch (act.do) {
    case 'savepoint':
      return { done: 'SAVEPOINT' }
    case 'rollback to':
      return { done: 'ROLLBACK' }
    case 'release':
      return { done: 'RELEASE' }
    case 'lock':
    case 'unlock':
      return { value: value as boolean }
    default: {
      if (typeof value === 'number') return { count: value }
      const rows = (Array.isArray(value) ? value : value === undefined ? [] : [value]) as readonly Row[]
      const { answered } =
        TABLES[(statement as { table: { schema: { name: keyof typeof TABLES } } }).table.schema.name]
      const cells = rows.map((row) => answered.map((column) => row[column] as Value))
      if (act.do !== 'select' || act.orderBy === undefined)
        cells.sort((left, right) => Number(left[0]) - Number(right[0]))
      return { rows: cells }
    }
  }
}
