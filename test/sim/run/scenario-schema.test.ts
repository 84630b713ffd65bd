import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { FAULT_KINDS } from '../../../sim/faults/registry.ts'
import { KAFKA_DEFAULTS } from '../../../sim/kafka/config.ts'
import { scenarioJsonSchema, scenarioSchema } from '../../../sim/run/scenario-schema.ts'
import { ROOT } from '../../fixtures/cli.ts'

interface Json {
  readonly [member: string]: Json
}

const FULL = {
  $schema: '../scenario.schema.json',
  name: 'everything',
  description: 'all members',
  system: 'toll',
  params: { key: false, booths: 2, mistake: 'none' },
  cluster: { brokers: 5, scheduling: 'fifo', kafka: { 'session.timeout.ms': 6000 } },
  workload: { orders: 1, every: '1.5s' },
  faults: [
    { crash: 'booth', at: '2s' },
    { crash: 'booth', restart: '1m', at: 'before booth.CarPassed tx.commit', of: 'car-2', nth: 3 },
    { partition: ['gate', 'broker-1'], for: '1s', at: '10ms', oneWay: true },
  ],
  expect: { 'paid once': 'violated', 'all paid': 'pass' },
  budget: { events: 10, time: '7d' },
  seed: 0,
}

describe('the schema of scenario files', () => {
  it('[R1] accepts every member, and a file with nothing but a system', () => {
    expect(scenarioSchema.safeParse(FULL).error).toBeUndefined()
    expect(scenarioSchema.safeParse({ system: 'toll' }).error).toBeUndefined()
  })

  it.each(FAULT_KINDS.map((kind) => [kind.kind, kind] as const))(
    '[R4] has the entry of fault %s from its kind',
    (_name, kind) => {
      const { properties } = scenarioJsonSchema() as Json
      const branches = properties?.faults?.items?.anyOf as unknown as readonly Json[]
      const entry = branches[FAULT_KINDS.indexOf(kind)]
      const own = (z.toJSONSchema(kind.schema, { io: 'input' }) as unknown as Json).properties as Json
      expect(Object.keys(entry?.properties ?? {})).toEqual([...Object.keys(own), 'at', 'of', 'nth'])
      expect(entry?.required).toContain('at')
      expect(entry?.additionalProperties).toBe(false)
    },
  )

  it("[R4] knows every name of Kafka's configuration", () => {
    const { properties } = scenarioJsonSchema() as Json
    expect(Object.keys(properties?.cluster?.properties?.kafka?.properties ?? {})).toEqual(
      Object.keys(KAFKA_DEFAULTS),
    )
  })

  it('[R5] is on file, for the editors of those who write scenarios', () => {
    const file = readFileSync(join(ROOT, 'scenarios/scenario.schema.json'), 'utf8')
    const hint = 'run: npm run build && node dist/cli/main.js schema > scenarios/scenario.schema.json'
    expect(JSON.parse(file), hint).toEqual(JSON.parse(JSON.stringify(scenarioJsonSchema())))
  })

  it('[R5] is JSON Schema draft-07 in which nothing is required that has a default', () => {
    const schema = scenarioJsonSchema() as Json
    expect(schema.$schema).toBe('http://json-schema.org/draft-07/schema#')
    expect(schema.required).toEqual(['system'])
    expect(JSON.stringify(schema)).not.toContain('"restart"]')
  })
})
