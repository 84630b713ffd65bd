import {
  type AvroSchema,
  type RunResult,
  type SchemaRegistry,
  type SchemaRegistryOptions,
  schemaRegistry,
  type UserContext,
} from 'faultline'
import { describe, expect, it } from 'vitest'
import { ifAnswered } from '../../fixtures/parts.ts'
import { complaintOf, crashAt, passagesOf } from '../../fixtures/passages.ts'
import { type Staging, stage } from '../../fixtures/stage.ts'

const order = (...fields: readonly object[]): AvroSchema =>
  ({ type: 'record', name: 'Order', fields }) as AvroSchema
const FIRST = order({ name: 'cents', type: 'int' })
const SECOND = order({ name: 'cents', type: 'int' }, { name: 'currency', type: 'string', default: 'EUR' })
const RENAMED = order({ name: 'total', type: 'int' })

type Ask = (user: UserContext, registry: SchemaRegistry) => Promise<unknown>

/** What a user of a registry was answered. */
async function ask(
  what: Ask,
  options: SchemaRegistryOptions = {},
  staging: Staging = {},
): Promise<readonly [unknown, RunResult]> {
  const registry = schemaRegistry(options)
  let answer: unknown
  const act = async (_n: number, user: UserContext): Promise<void> => {
    answer = await what(user, registry)
  }
  const result = await stage({ services: [registry.service], workload: { noun: 'order', act } }, staging)
  expect(result.verdict).toBe('pass')
  return [answer, result]
}

/** Registers until there is an answer. @returns its status, and the id where there is one */
async function register(user: UserContext, registry: SchemaRegistry, subject: string, schema: AvroSchema) {
  for (;;) {
    const answer = await ifAnswered(user.call(registry.register, { subject, schema }, { timeout: '2s' }))
    if (answer !== undefined && answer.status < 500)
      return answer.status === 200 ? answer.body.id : answer.status
    await user.sleep('1s')
  }
}

describe('a schema registry', () => {
  it('[SR4] gives a schema one id in all subjects, however often it is registered', async () => {
    const [ids] = await ask(async (user, registry) => [
      await register(user, registry, 'a', FIRST),
      await register(user, registry, 'a', SECOND),
      await register(user, registry, 'b', SECOND),
      await register(user, registry, 'a', FIRST),
    ])
    expect(ids).toEqual([1, 2, 2, 1])
  })

  it('[SR4] refuses what is not compatible with 409, as the mode of the subject says', async () => {
    const modes = { b: 'NONE', c: 'FORWARD' } as const
    const [answers] = await ask(
      async (user, registry) => [
        await register(user, registry, 'a', FIRST),
        await register(user, registry, 'a', RENAMED),
        await register(user, registry, 'b', FIRST),
        await register(user, registry, 'b', RENAMED),
        await register(user, registry, 'c', FIRST),
        await register(user, registry, 'c', RENAMED),
      ],
      { subjects: modes },
    )
    expect(answers).toEqual([1, 409, 1, 2, 1, 409])
  })

  it('[SR9] refuses what is no schema with 422', async () => {
    const [answers] = await ask(async (user, registry) => {
      const { status, body } = await user.call(registry.register, { subject: 'a', schema: [] })
      return [status, body.message]
    })
    expect(answers).toEqual([422, 'Invalid schema: schema: expected at least one branch, got []'])
  })

  it('[SR4] finds schemas by their id and the latest of a subject, and nothing else', async () => {
    const [answers] = await ask(async (user, registry) => {
      await register(user, registry, 'a', FIRST)
      await register(user, registry, 'a', SECOND)
      return [
        (await user.call(registry.byId, { id: 1 })).body,
        (await user.call(registry.latest, { subject: 'a' })).body,
        (await user.call(registry.byId, { id: 3 })).status,
        (await user.call(registry.latest, { subject: 'b' })).status,
      ]
    })
    expect(answers).toEqual([{ schema: FIRST }, { id: 2, version: 2, schema: SECOND }, 404, 404])
  })

  it('[SR8] survives a crash before and after every step', async () => {
    const both: Ask = async (user, registry) => [
      await register(user, registry, 'a', FIRST),
      await register(user, registry, 'a', SECOND),
      await register(user, registry, 'a', RENAMED),
    ]
    const run = (staging: Staging = {}) => ask(both, { instances: 2 }, staging)
    const [, clean] = await run()
    const places = passagesOf(clean).filter(({ step }) => step.startsWith('schema-registry.'))
    expect(places.length).toBeGreaterThan(20)
    for (const place of places) {
      const fault = crashAt(place)
      const [answers, result] = await run({ faults: [fault] })
      expect([fault, answers, complaintOf(result)]).toEqual([fault, [1, 2, 409], undefined])
    }
  })
})
