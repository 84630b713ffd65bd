// Records what PostgreSQL answers: node test/conformance/postgres/record.mjs [name...]
// Each name is the beginning of a script's group; without one, all are recorded.

import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { text } from '../kafka/recorder/text.mjs'
import { Server } from './recorder/server.mjs'
import { Session } from './recorder/session.mjs'
import { sqlOf } from './recorder/sql.mjs'
import { groups } from './scripts/all.mjs'
import { tables } from './tables.mjs'

/** @typedef {import('./history.ts').Answer} Answer */
/** @typedef {import('./history.ts').Act} Act */
/** @typedef {import('./history.ts').Script} Script */
/** @typedef {import('./history.ts').History} History */
/** @typedef {import('./history.ts').Step} Step */

/** A statement counts as waiting when the server says twice, this long apart, that it waits for a lock. */
const WAIT_CONFIRMED_MILLIS = 60
/** Between two steps, so that their order is that of the deadlock time-outs too. */
const GAP_MILLIS = 60
const RECORDED_WITH = 'test/conformance/postgres/record.mjs'

const server = new Server()
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => process.exit(1))
await server.start()
const control = new Session(server)
try {
  await control.open()
  const asked = process.argv.slice(2)
  for (const [name, scripts] of Object.entries(groups)) {
    if (asked.length > 0 && !asked.some((each) => name.startsWith(each))) continue
    const histories = []
    for (const script of scripts) histories.push(await record(script))
    save(name, histories)
  }
} finally {
  control.close()
  server.stop()
}

/** @param {string} name @param {readonly History[]} histories */
function save(name, histories) {
  const file = fileURLToPath(new URL(`histories/${name}.json`, import.meta.url))
  const recording = { postgresVersion: server.version, recordedWith: RECORDED_WITH, histories }
  const content = `${text(recording)}\n`
  const before = existsSync(file) ? readFileSync(file, 'utf8') : undefined
  writeFileSync(file, content)
  const what = before === undefined ? 'new' : before === content ? 'as before' : 'CHANGED'
  console.log(`${name}: ${histories.length} histories, ${what}`)
}

/** @param {Script} script @returns {Promise<History>} */
async function record({ name, title, rules, given, steps }) {
  await prepare(given)
  const names = [...new Set(steps.flatMap((step) => ('session' in step ? [step.session] : [])))]
  const sessions = new Map(names.map((each) => [each, new Session(server)]))
  /** The steps whose answer is awaited, by session. @type {Map<string, { step: number, act: Act }>} */
  const open = new Map()
  /** @type {Step[]} */
  const recorded = []
  try {
    for (const session of sessions.values()) await session.open()
    for (const [index, step] of steps.entries()) {
      await sleep(GAP_MILLIS)
      if ('pause' in step) await sleep(step.pause)
      else {
        if (open.has(step.session))
          throw new Error(`${name}: session ${step.session} is asked while it waits`)
        const session = /** @type {Session} */ (sessions.get(step.session))
        session.send(sqlOf(step.act))
        open.set(step.session, { step: index, act: step.act })
      }
      const answered = await settle(sessions, open)
      const own = answered.find((each) => each.step === index)
      const woke = answered.filter((each) => each !== own).sort((left, right) => left.step - right.step)
      const others = woke.length === 0 ? {} : { woke }
      if ('pause' in step) recorded.push({ pause: step.pause, ...others })
      else {
        const said = own === undefined ? { waits: /** @type {const} */ (true) } : { answer: own.answer }
        recorded.push({ session: step.session, act: step.act, sql: sqlOf(step.act), ...said, ...others })
      }
    }
  } finally {
    for (const session of sessions.values()) session.close()
    await sleep(50)
  }
  return { name, title, rules, given, steps: recorded }
}

/** @param {Script['given']} given */
async function prepare(given) {
  const names = Object.keys(tables)
  const rows = Object.entries(given).flatMap(([table, all]) =>
    all.map(
      (row) =>
        `insert into ${table} values (${row.map((value) => (value === null ? 'null' : typeof value === 'string' ? `'${value}'` : value)).join(', ')})`,
    ),
  )
  await control.ask([
    'set client_min_messages = error',
    `drop table if exists ${names.join(', ')}`,
    ...names.map((name) => /** @type {{ ddl: string }} */ (tables[name]).ddl),
    ...rows,
  ])
}

/**
 * Waits until every open step is answered or waits for a lock.
 * @param {Map<string, Session>} sessions
 * @param {Map<string, { step: number, act: Act }>} open
 */
async function settle(sessions, open) {
  /** @type {{ step: number, answer: Answer }[]} */
  const answered = []
  const collect = () => {
    for (const [name, { step, act }] of [...open]) {
      const lines = /** @type {Session} */ (sessions.get(name)).answer()
      if (lines === undefined) continue
      open.delete(name)
      answered.push({ step, answer: read(act, lines) })
    }
  }
  for (let confirmed = 0; confirmed < 3; ) {
    await sleep(WAIT_CONFIRMED_MILLIS / 2)
    collect()
    if (open.size === 0) break
    const pids = [...open.keys()].map((name) => /** @type {Session} */ (sessions.get(name)).pid)
    const waiting = await control.ask([
      `select count(*) from pg_stat_activity where wait_event_type = 'Lock' and pid in (${pids.join(', ')})`,
    ])
    confirmed = Number(waiting[0]) === pids.length ? confirmed + 1 : 0
  }
  collect()
  return answered
}

/** @param {Act} act @param {readonly string[]} lines @returns {Answer} */
function read(act, lines) {
  const error = lines
    .map((line) => /^ERROR: {2}(\w{5})$/.exec(line)?.[1])
    .find((state) => state !== undefined)
  if (error !== undefined) return { error }
  const tag = lines.at(-1) ?? ''
  if (['begin', 'commit', 'rollback', 'savepoint', 'rollback to', 'release'].includes(act.do)) {
    const done = lines.find((line) => line !== 'SET') ?? ''
    return { done: /** @type {'COMMIT'} */ (done) }
  }
  if (act.do === 'lock' || act.do === 'unlock') return { value: tag !== 'f' }
  const rows = lines.filter((line) => !/^(?:INSERT|UPDATE|DELETE) [\d ]+$/.test(line)).map(cells)
  if (act.do === 'select') return { rows: act.orderBy === undefined ? sorted(rows) : rows }
  if (act.do === 'insert' || (act.do !== 'update' && act.do !== 'delete') || act.returning)
    return { rows: sorted(rows) }
  return { count: Number(tag.split(' ').at(-1)) }
}

/** @param {string} line */
function cells(line) {
  return line.split('|').map((cell) => (cell === '∅' ? null : /^-?\d+$/.test(cell) ? Number(cell) : cell))
}

/** @param {ReturnType<typeof cells>[]} rows */
function sorted(rows) {
  return rows.sort((left, right) => Number(left[0]) - Number(right[0]))
}
