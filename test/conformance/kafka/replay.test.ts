import { readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import type { Fields, History, RequestStep, Table, Value } from './history.ts'
import { type Hints, type Outcome, Replay } from './replay/replay.ts'
import { computed } from './replay/tables.ts'

const folder = fileURLToPath(new URL('histories', import.meta.url))
const recorded = readdirSync(folder).map((file) => ({
  name: file.replace(/\.json$/, ''),
  content: JSON.parse(readFileSync(`${folder}/${file}`, 'utf8')) as History | Table,
}))
const histories = recorded.flatMap(({ name, content }) =>
  content.kind === 'history' ? [{ name, history: content }] : [],
)
const tables = recorded.flatMap(({ name, content }) =>
  content.kind === 'table' ? [{ name, table: content }] : [],
)

/** A part of a history that is not replayed, or not compared. */
interface Exception {
  readonly why: string
  /** Steps, from 0, that are left out. */
  readonly steps?: readonly number[]
  /** Fields that are not compared. */
  readonly fields?: readonly string[]
  /** What the replay is told since the recording does not show it. */
  readonly hints?: Hints
}

/** Everything in which a replay differs from its recording; all else is compared field by field. */
const EXCEPTIONS: Readonly<Record<string, Exception>> = {
  'consumer-group-uniform': {
    why: 'Kafka orders topics by their random ids, which happened to be the other way round',
    hints: { swappedTopics: ['cg-uniform-a', 'cg-uniform-b'] },
  },
  'produce-compressed': {
    why: 'the log knows no compression',
    fields: ['compression', 'sizeInBytes'],
  },
  'produce-corrupt': {
    why: 'a recording does not show checksums, and a request holds one batch a partition',
    steps: [1],
    hints: { corrupt: [0] },
  },
  'produce-not-of-a-transaction': {
    why: 'a request holds one batch a partition, not none',
    steps: [2],
  },
  'txn-v2-empty': {
    why: 'the completion was not written yet 2 ms after the answer; here it takes no time',
    steps: [3, 4, 5],
  },
}

/** Words, which histories recorded early still have. */
const WORDS = ['batchIndexErrorMessage']

/** How far two moments may be apart: the machine that recorded was busy. */
const TOLERANCE_MILLIS = 250
/** Where brokers were ended, how long a follower may have waited before it asked its new leader again, or the first request took. */
const FAILOVER_TOLERANCE_MILLIS = 1_000

function replayed(name: string, history: History): Outcome[] {
  const { steps = [], hints } = EXCEPTIONS[name] ?? {}
  const kept = history.steps.filter((_, index) => !steps.includes(index))
  return new Replay({ ...history, steps: kept }, hints).play()
}

function without(value: Value, fields: readonly string[]): Value {
  if (Array.isArray(value)) return value.map((each) => without(each, fields))
  if (value === null || typeof value !== 'object') return value
  const entries = Object.entries(value as Fields).filter(([field]) => !fields.includes(field))
  return Object.fromEntries(entries.map(([field, each]) => [field, without(each, fields)]))
}

const shown = (
  { atMillis, client, broker, api }: RequestStep,
  response: Value,
  fields: readonly string[],
) => ({
  request: `${api} of ${client} to broker ${broker} at ${atMillis}`,
  response: without(response, fields),
})

const isCalm = (history: History): boolean => history.steps.every((step) => 'api' in step)

/** Whether an answer took about as long as when it was recorded. */
function isTimely({ step, tookMillis }: Outcome, isFailover: boolean): boolean {
  if (step.response === null || (isFailover && step.eventually)) return true
  const recordedMillis = step.respondedAtMillis - step.atMillis
  const base = isFailover ? FAILOVER_TOLERANCE_MILLIS : TOLERANCE_MILLIS
  return Math.abs(tookMillis - recordedMillis) <= base + recordedMillis / 4
}

describe('what Apache Kafka answered', () => {
  it.each(histories)('[KV2] $name is what the simulated brokers answer', ({ name, history }) => {
    const fields = [...WORDS, ...(EXCEPTIONS[name]?.fields ?? [])]
    const outcomes = replayed(name, history)
    for (const { step, response } of outcomes)
      expect(shown(step, response, fields)).toEqual(shown(step, step.response, fields))
    const isFailover = !isCalm(history)
    const late = outcomes.filter((outcome) => !isTimely(outcome, isFailover))
    expect(late.map(({ step, tookMillis }) => ({ at: step.atMillis, api: step.api, tookMillis }))).toEqual([])
  })

  it.each(tables)('[KV2] $name is what the simulator computes', ({ table }) => {
    for (const { input, output } of table.rows)
      expect({ input, output: computed(table.function, input) }).toEqual({ input, output })
  })

  it('[KV3] leaves out only what it says it leaves out', () => {
    const unknown = Object.keys(EXCEPTIONS).filter((name) => histories.every((each) => each.name !== name))
    expect(unknown).toEqual([])
    const leftOut = Object.values(EXCEPTIONS).flatMap(({ steps = [] }) => steps)
    expect(leftOut.length).toBeLessThanOrEqual(5)
    const requests = histories.flatMap(({ history }) => history.steps.filter((step) => 'api' in step))
    expect(requests.length).toBeGreaterThan(900)
  })

  it('[KV4] is noticed when it is another than the simulated brokers answer', () => {
    const history = histories.find(({ name }) => name === 'group-second-member')?.history as History
    let tampered = 0
    for (const [index, step] of history.steps.entries()) {
      if (!('api' in step) || step.response === null) continue
      const other = { ...step, response: tamperedWith(step.response) as Fields }
      const steps = history.steps.map((each, at) => (at === index ? other : each))
      const outcomes = new Replay({ ...history, steps }).play()
      const differs = outcomes.some(
        (outcome) => JSON.stringify(outcome.response) !== JSON.stringify(outcome.step.response),
      )
      expect({ index, differs }).toEqual({ index, differs: true })
      tampered += 1
    }
    expect(tampered).toBeGreaterThan(5)
  })

  it('[KV4] [KA1] is noticed when it was silence, and the simulated brokers say something', () => {
    const history = histories.find(({ name }) => name === 'produce-acks')?.history as History
    const at = history.steps.findIndex((step) => 'api' in step && step.response === null)
    const [silent, talkative] = [history, requesting(history, at, { acks: 1 })].map(
      (each) => new Replay(each).play()[at]?.response,
    )
    expect(silent).toBeNull()
    expect(talkative).toMatchObject({ responses: [expect.anything()] })
  })
})

/** A history in which one request is another. */
function requesting(history: History, at: number, fields: Fields): History {
  const steps = history.steps.map((step, index) =>
    index === at && 'api' in step ? { ...step, request: { ...step.request, ...fields } } : step,
  )
  return { ...history, steps }
}

/** The answer with its first error code another one. */
function tamperedWith(value: Value): Value {
  let isDone = false
  const change = (each: Value): Value => {
    if (Array.isArray(each)) return each.map(change)
    if (each === null || typeof each !== 'object') return each
    const entries = Object.entries(each as Fields).map(([field, inner]): [string, Value] => {
      if (isDone || !/rrorCode$/.test(field)) return [field, change(inner)]
      isDone = true
      return [field, inner === 'NONE' ? 'UNKNOWN_SERVER_ERROR' : 'NONE']
    })
    return Object.fromEntries(entries)
  }
  return change(value)
}
