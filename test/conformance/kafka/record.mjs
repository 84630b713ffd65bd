// Records what Apache Kafka answers: node test/conformance/kafka/record.mjs [--relock] [name...]
// Each name is the beginning of a script's name; without one, all scripts are recorded.

import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { Cluster } from './recorder/cluster.mjs'
import { Interpreter } from './recorder/interpreter.mjs'
import { classPath, kafkaVersion } from './recorder/jars.mjs'
import { text } from './recorder/text.mjs'
import { Wire } from './recorder/wire.mjs'
import { scripts, tables } from './scripts/all.mjs'

/** @typedef {import('./history.ts').Fields} Fields */
/** @typedef {import('./recorder/script.ts').Script} Script */

const START_TIMEOUT_MILLIS = 90_000
const RECORDED_WITH = 'test/conformance/kafka/record.mjs'

/** Properties that keep clusters small and quick to start; part of every history. */
const SMALL = {
  'auto.create.topics.enable': false,
  'offsets.topic.num.partitions': 1,
  'transaction.state.log.num.partitions': 1,
}
const ONE = {
  ...SMALL,
  'offsets.topic.replication.factor': 1,
  'transaction.state.log.replication.factor': 1,
  'transaction.state.log.min.isr': 1,
}
const THREE = { ...SMALL, 'broker.heartbeat.interval.ms': 200, 'broker.session.timeout.ms': 2000 }

const { values, positionals } = parseArgs({
  options: { relock: { type: 'boolean', default: false } },
  allowPositionals: true,
})
/** @param {{ name: string }} script */
const isAsked = ({ name }) => positionals.length === 0 || positionals.some((each) => name.startsWith(each))

for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => process.exit(1))

const path = classPath(values)
const wire = new Wire(path)
/** @type {string[]} */
const failures = []
try {
  await recordTables()
  for (const group of clusters(scripts.filter(isAsked))) await recordCluster(group)
} finally {
  wire.close()
}
if (failures.length > 0) console.log(`${failures.length} failed`)
process.exitCode = failures.length === 0 ? 0 : 1

async function recordTables() {
  for (const { name, title, rules, function: f, rows } of tables.filter(isAsked)) {
    const answered = []
    for (const row of rows) {
      const { output } = await wire.command({ op: 'table', function: f, input: row.input })
      answered.push({ ...row, output })
    }
    save(name, { kind: 'table', title, rules, function: f, rows: answered })
  }
}

/**
 * Scripts that can share a cluster: same size, same properties, and no broker is ended.
 * @param {readonly Script[]} all
 * @returns {Script[][]}
 */
function clusters(all) {
  /** @type {Map<string, Script[]>} */
  const groups = new Map()
  for (const script of all) {
    const alone = script.steps.some((step) => 'action' in step)
    const key = JSON.stringify([script.brokers, script.config, alone ? script.name : null])
    groups.set(key, [...(groups.get(key) ?? []), script])
  }
  return [...groups.values()]
}

/** @param {readonly Script[]} group */
async function recordCluster(group) {
  const [first] = group
  if (first === undefined) return
  const config = { ...(first.brokers === 1 ? ONE : THREE), ...first.config }
  const cluster = new Cluster(path, config)
  try {
    await cluster.start(first.brokers)
    await ready(cluster, first.brokers)
    for (const script of group) {
      try {
        await recordScript(cluster, config, script)
      } catch (error) {
        failures.push(String(error))
        console.log(`FAILED ${script.name}: ${error}`)
      }
      await wire.command({ op: 'close' })
    }
  } catch (error) {
    failures.push(String(error))
    console.log(`FAILED ${group.map(({ name }) => name).join(', ')}: ${error}`)
  } finally {
    await cluster.end()
  }
}

/**
 * @param {Cluster} cluster
 * @param {Script['config']} brokerConfig
 * @param {Script} script
 */
async function recordScript(cluster, brokerConfig, script) {
  const { name, title, rules, brokers, topics } = script
  await createTopics(cluster, topics)
  const described = await topicsOf(cluster, topics)
  const interpreter = new Interpreter(wire, cluster, await wire.command({ op: 'clock' }), script)
  const steps = await interpreter.play(described)
  save(name, { kind: 'history', title, rules, brokers, brokerConfig, topics, steps })
}

/**
 * Waits until all brokers take part and the coordinators work, and warms them up.
 * @param {Cluster} cluster
 * @param {1 | 3} brokers
 */
async function ready(cluster, brokers) {
  const all = Array.from({ length: brokers }, (_, at) => at + 1)
  for (const id of all) {
    await eventually(async () => {
      const { response } = await send(cluster, id, 'METADATA', 12, { topics: [] })
      return /** @type {Fields} */ (response).brokers
    }, brokers)
  }
  const configs = { 'cleanup.policy': 'compact' }
  await createTopics(
    cluster,
    ['__consumer_offsets', '__transaction_state'].map((name) => ({ name, assignment: [all], configs })),
  )
  for (const [keyType, key] of ['group', 'transaction'].entries()) {
    await eventually(async () => {
      const request = { keyType, coordinatorKeys: [key] }
      const { response } = await send(cluster, 1, 'FIND_COORDINATOR', 4, request)
      const [coordinator] = /** @type {Fields[]} */ (/** @type {Fields} */ (response).coordinators)
      return coordinator?.errorCode === 'NONE' ? [1] : []
    }, 1)
  }
  await eventually(async () => {
    const request = { transactionalId: 'warm-up', transactionTimeoutMs: 1000 }
    const { response } = await send(cluster, 1, 'INIT_PRODUCER_ID', 4, request)
    return /** @type {Fields} */ (response).errorCode === 'NONE' ? [1] : []
  }, 1)
}

/**
 * @param {Cluster} cluster
 * @param {Script['topics']} topics
 */
async function createTopics(cluster, topics) {
  if (topics.length === 0) return
  const request = {
    timeoutMs: 10_000,
    topics: topics.map(({ name, assignment, configs }) => ({
      name,
      numPartitions: -1,
      replicationFactor: -1,
      assignments: assignment.map((brokerIds, partitionIndex) => ({ partitionIndex, brokerIds })),
      configs: Object.entries(configs).map(([key, value]) => ({ name: key, value })),
    })),
  }
  const { response } = await send(cluster, 1, 'CREATE_TOPICS', 7, request)
  const bad = JSON.stringify(response).match(/"errorCode":"(?!NONE").*?"errorMessage":".*?"/)
  if (bad) throw new Error(`topics cannot be created: ${bad[0]}`)
  for (const broker of new Set(topics.flatMap(({ assignment }) => assignment.flat()))) {
    await eventually(async () => {
      const described = await topicsOf(cluster, topics, broker)
      const whole = described.every(
        ({ errorCode, partitions }) => errorCode === 'NONE' && JSON.stringify(partitions).includes('"NONE"'),
      )
      return whole ? [1] : []
    }, 1)
  }
  // A broker knows of a topic a little before its log is open.
  await sleep(150)
}

/**
 * @param {Cluster} cluster
 * @param {Script['topics']} topics
 * @param {number} [broker]
 * @returns {Promise<Fields[]>}
 */
async function topicsOf(cluster, topics, broker = 1) {
  const request = { topics: topics.map(({ name }) => ({ name })), allowAutoTopicCreation: false }
  const { response } = await send(cluster, broker, 'METADATA', 12, request)
  return /** @type {Fields[]} */ (/** @type {Fields} */ (response).topics)
}

/**
 * @param {Cluster} cluster
 * @param {number} broker
 * @param {string} apiKey
 * @param {number} version
 * @param {Fields} request
 * @returns {Promise<Fields>}
 */
function send(cluster, broker, apiKey, version, request) {
  return wire.command({
    op: 'send',
    client: 'recorder',
    port: cluster.port(broker),
    apiKey,
    version,
    request,
  })
}

/**
 * @param {() => Promise<unknown>} attempt gives a list
 * @param {number} length that the list must have
 */
async function eventually(attempt, length) {
  const end = performance.now() + START_TIMEOUT_MILLIS
  for (;;) {
    const list = await attempt().catch(() => [])
    if (Array.isArray(list) && list.length === length) return
    if (performance.now() > end) throw new Error('the cluster did not become ready in time')
    await sleep(100)
  }
}

/**
 * Writes a history, unless the one there says the same but for moments that differ by chance.
 * @param {string} name
 * @param {object} content
 */
function save(name, content) {
  const file = fileURLToPath(new URL(`histories/${name}.json`, import.meta.url))
  const next = { kafkaVersion, recordedWith: RECORDED_WITH, ...content }
  const before = existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : undefined
  // How long a broker takes to start says nothing about Kafka.
  const anyTime = 'steps' in content && JSON.stringify(content.steps).includes('"action":')
  if (isSame(before, JSON.parse(JSON.stringify(next)), anyTime)) {
    console.log(`same    ${name}`)
    return
  }
  console.log(`${existsSync(file) ? 'CHANGED' : 'new    '} ${name}`)
  writeFileSync(file, `${text(next)}\n`)
}

/**
 * @param {unknown} left
 * @param {unknown} right
 * @param {boolean} anyTime
 * @param {string} [field]
 * @returns {boolean}
 */
function isSame(left, right, anyTime, field = '') {
  if (field.endsWith('AtMillis') || field === 'atMillis') {
    const [before, after] = [Number(left), Number(right)]
    return anyTime || Math.abs(before - after) <= 250 + 0.25 * Math.max(before, after)
  }
  if (left === null || right === null || typeof left !== 'object' || typeof right !== 'object') {
    return left === right
  }
  const [before, after] = [Object.entries(left), Object.entries(right)]
  const there = new Map(after)
  return (
    before.length === after.length &&
    before.every(([name, value]) => isSame(value, there.get(name), anyTime, name))
  )
}
