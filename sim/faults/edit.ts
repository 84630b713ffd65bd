import { z } from 'zod'
import { Process } from '../cluster/process.ts'
import type { DatabaseError } from '../database/error.ts'
import { Session } from '../database/session.ts'
import type { Recipe, Statement } from '../database/statement.ts'
import { SimError } from '../kernel/error.ts'
import { operationNumber } from '../kernel/step.ts'
import { HandlerSite, Task } from '../kernel/task.ts'
import { processName } from './duration.ts'
import { databaseNamed, defineFault, type FaultWorld } from './fault.ts'
import { insist } from './operator.ts'

const value = z.union([z.string(), z.number(), z.boolean(), z.null()])
const columns = z.record(z.string(), value)

/** Who edits by hand: somebody at a terminal, of whom no service knows. */
const OPERATOR = 'operator'

/** An operator changes rows of a service by hand, past everything that the service sees to. */
export const edit = defineFault({
  kind: 'edit',
  says: 'An operator changes or deletes rows of a database by hand, past the service that owns them: no event tells of it. If the database does not take it, once more every second until it has.',
  schema: z.strictObject({
    edit: processName.describe('the database: the name of its service and -db'),
    table: z.string().min(1).describe('the table'),
    where: columns.default({}).describe('the rows: those that have these values; default: all'),
    set: columns
      .optional()
      .describe(
        'the new values of columns, or of fields within one: event.data.size; left out: the rows are deleted',
      ),
  }),
  actsOn: ['databases'],
  targets: (settings) => [settings.edit],
  describe: ({ edit: name, table, where, set }) => {
    const rows = Object.keys(where).length === 0 ? 'all rows' : `rows with ${textOf(where)}`
    const done = set === undefined ? 'deleted' : `set to ${textOf(set)}`
    return `in ${name}, ${rows} of ${table} were ${done} by hand`
  },
  strike(world, { edit: name, table: tableName, where, set }, strike) {
    const { kernel } = world
    const database = databaseNamed(world, name)
    const table = database.tables.get(tableName)
    if (table === undefined) {
      const expected = [...database.tables.keys()].join(', ')
      const message = `edit: ${name} has no table '${tableName}': expected ${expected}`
      kernel.fail(new SimError('definition', message))
      return kernel.nowMicros
    }
    const query = { where }
    const statement: Statement =
      set === undefined
        ? { kind: 'delete', table, query }
        : { kind: 'update', table, query, recipe: recipeOf(set) }
    const process = operatorOf(world)
    const site = new HandlerSite(OPERATOR, 'edit')
    const step = operationNumber(`${tableName}.${statement.kind}`)
    insist(
      kernel,
      `edit ${name}`,
      (cause, ended) => {
        const task = new Task(kernel, process.incarnation, site, process.entity, cause)
        const operation = task.begin<unknown>(step, set, {
          completed: () => {
            strike.actsAgain()
            ended(undefined)
          },
          failed: (error) => {
            // What a constraint forbids, no second try makes right.
            if ((error as DatabaseError).sqlState === '23505')
              kernel.fail(new SimError('definition', `edit: ${name} refuses it: ${error.message}`))
            else ended({ why: error.message, cause: task.cause })
          },
        })
        if (operation !== undefined) new Session(database, process, task).autocommit(statement, operation)
      },
      strike.cause,
    )
    return kernel.nowMicros
  },
  // What is true of the business is not for chance to decide.
  aims: () => [],
  sample: () => ({}),
})

type Fields = Record<string, unknown>

const fieldOf = (of: unknown, name: string): unknown =>
  typeof of === 'object' && of !== null && Object.hasOwn(of, name) ? (of as Fields)[name] : undefined

/** Sets columns, and fields within those that hold data (`jsonb_set`). */
const recipeOf =
  (set: Fields): Recipe =>
  (draft) => {
    for (const [path, value] of Object.entries(set)) {
      const names = path.split('.')
      const last = names.pop() as string
      const holder = names.reduce<unknown>(fieldOf, draft)
      if (typeof holder !== 'object' || holder === null)
        throw new SimError(
          'definition',
          `edit: set: there is no ${path} in a row: ${names.join('.')} holds no fields`,
        )
      ;(holder as Fields)[last] = value
    }
  }

const textOf = (values: Readonly<Record<string, unknown>>): string =>
  Object.entries(values)
    .map(([column, of]) => `${column} ${String(of)}`)
    .join(', ')

function operatorOf({ kernel, network }: FaultWorld): Process {
  return network.processes.get(OPERATOR) ?? network.add(new Process(kernel, OPERATOR, OPERATOR, undefined))
}
