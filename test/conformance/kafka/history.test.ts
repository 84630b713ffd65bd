import { readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { ERROR_CODES } from '../../../sim/kafka/error-code.ts'
import type { Fields, History, RequestStep, Table, Value } from './history.ts'
import { scripts, tables } from './scripts/all.mjs'

const folder = fileURLToPath(new URL('histories', import.meta.url))
const version = /<artifactId>kafka_2\.13<\/artifactId>\s*<version>([^<]+)</.exec(
  readFileSync(fileURLToPath(new URL('pom.xml', import.meta.url)), 'utf8'),
)?.[1]

const recorded = readdirSync(folder).map((file) => ({
  name: file.replace(/\.json$/, ''),
  content: JSON.parse(readFileSync(`${folder}/${file}`, 'utf8')) as History | Table,
}))
const histories = recorded.flatMap(({ name, content }) =>
  content.kind === 'history' ? [{ name, history: content }] : [],
)
const requests = (history: History): RequestStep[] => history.steps.filter((step) => 'api' in step)

/** Every field of a message, at any depth. */
function fieldsOf(value: Value): [string, Value][] {
  if (value === null || typeof value !== 'object') return []
  if (Array.isArray(value)) return value.flatMap((each) => fieldsOf(each))
  return Object.entries(value as Fields).flatMap(([name, each]) => [[name, each], ...fieldsOf(each)])
}

/** Requests of Kafka's that histories may hold: those that the simulator is to answer, and three that only look. */
const APIS = [
  ...['Produce', 'Fetch', 'ListOffsets', 'Metadata', 'OffsetForLeaderEpoch', 'DeleteRecords'],
  ...['OffsetCommit', 'OffsetFetch', 'OffsetDelete', 'FindCoordinator'],
  ...['JoinGroup', 'Heartbeat', 'LeaveGroup', 'SyncGroup', 'DescribeGroups', 'DeleteGroups'],
  ...['ConsumerGroupHeartbeat', 'ConsumerGroupDescribe'],
  ...['InitProducerId', 'AddPartitionsToTxn', 'AddOffsetsToTxn', 'EndTxn', 'TxnOffsetCommit'],
  ...['WriteTxnMarkers', 'DescribeTransactions'],
  ...['CreatePartitions', 'ElectLeaders', 'DescribeTopicPartitions'],
]

describe('what was recorded', () => {
  it('[KV1] is at least 60 histories, one of each script, and nothing else', () => {
    expect(histories.length).toBeGreaterThanOrEqual(60)
    const names = [...scripts, ...tables].map(({ name }) => name)
    expect(new Set(names).size).toBe(names.length)
    expect(recorded.map(({ name }) => name).sort()).toEqual(names.sort())
  })

  it.each(recorded)(
    '[KV1] $name says which Kafka it is of, what it shows and which rules',
    ({ name, content }) => {
      const script = [...scripts, ...tables].find((each) => each.name === name)
      expect(content.kafkaVersion).toBe(version)
      expect(content.title).toBe(script?.title)
      expect(content.rules).toEqual(script?.rules)
      expect(content.rules.length).toBeGreaterThan(0)
      for (const rule of content.rules) expect(rule).toMatch(/^K[A-Z]\d+$/)
    },
  )

  it.each(histories)(
    '[KV1] $name has requests of known APIs and answers with known error codes',
    ({ history }) => {
      for (const step of requests(history)) expect(APIS).toContain(step.api)
      const codes = requests(history)
        .flatMap(({ response }) => fieldsOf(response))
        .filter(([field]) => /(?:^e|E)rrorCode$/.test(field))
        .map(([, code]) => code)
      expect(codes.filter((code) => !Object.hasOwn(ERROR_CODES, String(code)))).toEqual([])
      expect(codes).not.toEqual([])
    },
  )

  it.each(histories)('[KV1] $name goes forward in time, and answers come after requests', ({ history }) => {
    let last = 0
    for (const step of history.steps) {
      const end = 'api' in step ? step.respondedAtMillis : step.doneAtMillis
      expect(step.atMillis).toBeGreaterThanOrEqual(last)
      expect(end).toBeGreaterThanOrEqual(step.atMillis)
      last = step.atMillis
    }
  })

  it.each(histories)('[KV1] $name asks brokers that there are for topics of known brokers', ({ history }) => {
    const brokers = Array.from({ length: history.brokers }, (_, at) => at + 1)
    for (const { broker } of history.steps) expect(brokers).toContain(broker)
    for (const broker of history.topics.flatMap(({ assignment }) => assignment.flat())) {
      expect(brokers).toContain(broker)
    }
  })

  it.each(histories)('[KV1] $name uses only symbols that an earlier answer has made', ({ history }) => {
    const made = new Set<Value>(['$appendTime'])
    const symbols = (message: Value): Value[] =>
      fieldsOf(message)
        .map(([, value]) => value)
        .filter((value) => typeof value === 'string' && value.startsWith('$'))
    const sorted = requests(history).toSorted((a, b) => a.respondedAtMillis - b.respondedAtMillis)
    for (const { request, response } of sorted) {
      expect(symbols(request).filter((symbol) => !made.has(symbol))).toEqual([])
      for (const symbol of symbols(response)) made.add(symbol)
    }
  })

  it.each(recorded)('[KV1] $name holds nothing that varies between recordings', ({ content }) => {
    const uuid = /[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}/
    const moment = 1_600_000_000_000
    const values = fieldsOf(content as unknown as Fields).map(([, value]) => value)
    expect(values.filter((value) => typeof value === 'string' && uuid.test(value))).toEqual([])
    expect(values.filter((value) => typeof value === 'number' && value > moment)).toEqual([])
    expect(values).not.toContain('127.0.0.1')
  })
})
