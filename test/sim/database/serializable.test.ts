import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Isolation } from '../../../sim/database/options.ts'
import { gt, lte } from '../../../sim/database/predicate.ts'
import type { Row } from '../../../sim/database/table.ts'
import {
  type Client,
  DatabaseBench,
  deleteItem,
  heard,
  insertItem,
  selectItems,
  updateItem,
} from '../../fixtures/database.ts'

const IDS = ['a', 'b', 'c'] as const

/** What a transaction does: reads by key or by condition, and writes what depends on the sum of what it has read. */
type Act =
  | { readonly act: 'read'; readonly id: (typeof IDS)[number] }
  | { readonly act: 'scan'; readonly above: boolean; readonly count: number }
  | { readonly act: 'write' | 'insert' | 'delete'; readonly id: (typeof IDS)[number] }

interface Plan {
  readonly startMillis: number
  readonly acts: readonly Act[]
  readonly pauseMillis: number
  readonly readOnly: boolean
}

const id = fc.constantFrom(...IDS)
const act: fc.Arbitrary<Act> = fc.oneof(
  fc.record({ act: fc.constant('read' as const), id }),
  fc.record({ act: fc.constant('scan' as const), above: fc.boolean(), count: fc.nat(5) }),
  fc.record({
    act: fc.constantFrom('write' as const, 'write' as const, 'insert' as const, 'delete' as const),
    id,
  }),
)
const plan: fc.Arbitrary<Plan> = fc.record({
  startMillis: fc.integer({ min: 10, max: 60 }),
  acts: fc.array(act, { minLength: 1, maxLength: 4 }),
  pauseMillis: fc.integer({ min: 1, max: 30 }),
  readOnly: fc.integer({ min: 0, max: 4 }).map((n) => n === 0),
})

/** What a committed transaction was answered, in order. */
interface Done {
  readonly plan: Plan
  readonly answers: readonly string[]
}

type State = Readonly<Record<string, number>>

const START = { a: 1, b: 2 }

/** Does what a plan does to a state of its own, alone. */
function alone({ acts, readOnly }: Plan, before: State): { answers: string[]; after: State } {
  const after: Record<string, number> = { ...before }
  const answers: string[] = []
  let sum = 0
  for (const each of acts) {
    if (each.act === 'scan') {
      const found = Object.entries(after)
        .filter(([, count]) => (each.above ? count > each.count : count <= each.count))
        .sort()
      sum += found.reduce((total, [, count]) => total + count, 0)
      answers.push(JSON.stringify(found))
    } else if (each.act === 'read') {
      const count = after[each.id]
      sum += count ?? 0
      answers.push(JSON.stringify(count === undefined ? [] : [[each.id, count]]))
    } else if (!readOnly && each.act === 'write') {
      const known = each.id in after
      if (known) after[each.id] = sum + 1
      answers.push(known ? '1' : '0')
    } else if (!readOnly && each.act === 'delete') {
      answers.push(each.id in after ? '1' : '0')
      delete after[each.id]
    } else if (!readOnly) {
      answers.push(each.id in after ? 'there' : 'inserted')
      if (!(each.id in after)) after[each.id] = sum + 1
    }
  }
  return { answers, after }
}

/** Whether what was answered, and what is left, is that of the transactions one after another in some order. */
function isSerial(done: readonly Done[], state: State, left: string): boolean {
  if (done.length === 0) return JSON.stringify(Object.entries(state).sort()) === left
  return done.some((first, at) => {
    const { answers, after } = alone(first.plan, state)
    if (JSON.stringify(answers) !== JSON.stringify(first.answers)) return false
    return isSerial([...done.slice(0, at), ...done.slice(at + 1)], after, left)
  })
}

async function perform(
  bench: DatabaseBench,
  client: Client,
  { acts, readOnly, pauseMillis }: Plan,
  isolation: Isolation,
) {
  const tx = client.begin({ isolation, readOnly })
  const answers: string[] = []
  let sum = 0
  for (const each of acts) {
    let answer: unknown
    if (each.act === 'read' || each.act === 'scan') {
      const where =
        each.act === 'read' ? { id: each.id } : { count: each.above ? gt(each.count) : lte(each.count) }
      answer = await heard(tx.ask(selectItems(bench, where)))
      if (typeof answer === 'string') break
      const rows = (answer as readonly Row[]).map(({ id: key, count }) => [key, count] as const).sort()
      sum += rows.reduce((total, [, count]) => total + (count as number), 0)
      answers.push(JSON.stringify(rows))
    } else if (!readOnly) {
      const value = sum + 1
      if (each.act === 'insert') {
        // `on conflict do nothing` would not count as reading, in PostgreSQL neither.
        const found = await heard(tx.ask(selectItems(bench, { id: each.id })))
        const there = typeof found !== 'string' && (found as readonly Row[]).length > 0
        answer =
          there || typeof found === 'string' ? found : await heard(tx.ask(insertItem(bench, each.id, value)))
        if (typeof answer === 'string') break
        answers.push(there ? 'there' : 'inserted')
      } else {
        const write =
          each.act === 'write' ? updateItem(bench, each.id, { count: value }) : deleteItem(bench, each.id)
        answer = await heard(tx.ask(write))
        if (typeof answer === 'string') break
        answers.push(String(answer))
      }
    }
    await client.sleep(pauseMillis)
  }
  return { committed: (await heard(tx.commit())) === 'done', answers }
}

/** Runs plans at a level; the committed ones, and whether they could have run one after another. */
async function runAll(
  plans: readonly Plan[],
  isolation: Isolation,
): Promise<{ done: Done[]; serial: boolean }> {
  const bench = new DatabaseBench({
    items: Object.entries(START).map(([key, count]) => ({ id: key, count })),
  })
  const done: Done[] = []
  for (const [index, each] of plans.entries())
    bench.script(each.startMillis, `client ${index}`, async (client) => {
      const { committed, answers } = await perform(bench, client, each, isolation)
      if (committed) done.push({ plan: each, answers })
    })
  await bench.run()
  const left = JSON.stringify(
    bench.items
      .rows({})
      .map(({ id: key, count }) => [key, count])
      .sort(),
  )
  return { done, serial: isSerial(done, START, left) }
}

const plans = fc.array(plan, { minLength: 2, maxLength: 5 })
const RUNS = 600

describe('serializable transactions', () => {
  it('[PG2] that commit could have run one after another', async () => {
    let committed = 0
    let begun = 0
    await fc.assert(
      fc.asyncProperty(plans, async (all) => {
        const { done, serial } = await runAll(all, 'serializable')
        committed += done.length
        begun += all.length
        expect(serial).toBe(true)
      }),
      { seed: 1, numRuns: RUNS },
    )
    // Most commit, and enough are refused that the property means something.
    expect(committed / begun).toBeGreaterThan(0.6)
    expect(committed / begun).toBeLessThan(0.95)
  })

  it.each<Isolation>(['read committed', 'repeatable read'])(
    '[PG2] need the level for that: at %s some could not (canary)',
    async (isolation) => {
      let anomalies = 0
      await fc.assert(
        fc.asyncProperty(plans, async (all) => {
          if (!(await runAll(all, isolation)).serial) anomalies++
        }),
        { seed: 1, numRuns: RUNS },
      )
      expect(anomalies).toBeGreaterThan(10)
    },
  )
})
