import {
  command,
  Orchestrator,
  type SagaDefinition,
  SimError,
  sagaTable,
  service,
  text,
  topic,
} from 'faultline'
import { describe, expect, it } from 'vitest'
import { route, type UserContext } from '../../../sim/index.ts'
import { appended, recordsOf } from '../../fixtures/courier.ts'
import { PLAIN_MESSAGING, stage } from '../../fixtures/stage.ts'

const asks = topic('asks', { partitions: 1, key: 'sagaId' })
const Ask = asks.event('Ask', { sagaId: text, requestId: text, what: text })
const Undo = asks.event('Undo', { sagaId: text, requestId: text, actionId: text })

const definition: SagaDefinition<{ readonly what: string }> = {
  timeout: '5s',
  attempts: 2,
  steps: [
    {
      name: 'first',
      state: 'ASKING',
      action: command(Ask, ({ sagaId, requestId, data }) => ({ sagaId, requestId, what: data.what })),
      compensation: command(Undo, ({ sagaId, requestId, actionId }) => ({ sagaId, requestId, actionId })),
    },
  ],
}

interface Move {
  readonly reply?: { readonly requestId: string; readonly succeeded: boolean }
}

const move = route<Move, string>('conductor', 'move')

/** Moves a saga by requests, one after another, and says what each was answered. */
async function conduct(moves: readonly Move[]) {
  const heard: unknown[] = []
  const conductor = service(
    'conductor',
    { tables: { sagas: sagaTable() }, ...PLAIN_MESSAGING },
    (register) => {
      const saga = new Orchestrator(definition)
      register.route(move, async ({ reply }, ctx) => {
        if (reply === undefined) await saga.start(ctx, 'saga-1', { what: 'this' })
        else await saga.replied(ctx, { sagaId: 'saga-1', reason: 'no', ...reply })
        return (await ctx.db.sagas.get('saga-1'))?.status ?? 'none'
      })
      register.onTimer(saga.timeout, ({ payload }, ctx) => saga.timedOut(ctx, payload))
    },
  )
  const act = async (_n: number, user: UserContext) => {
    for (const each of moves) {
      const { status, body } = await user.call(move, each)
      heard.push(status === 200 ? body : status)
    }
  }
  const result = await stage({ topics: [asks], services: [conductor], workload: { noun: 'order', act } })
  const sent = appended(result).map(
    ({ event }) => `${event.eventType} ${(event.data as { requestId: string }).requestId}`,
  )
  return { heard, sent, result }
}

const yes = (requestId: string): Move => ({ reply: { requestId, succeeded: true } })
const no = (requestId: string): Move => ({ reply: { requestId, succeeded: false } })

describe('an orchestrator', () => {
  it('[SG1] keeps a saga in its service, and sends what it decides', async () => {
    const { heard, sent } = await conduct([{}, yes('saga-1/first'), yes('saga-1/first')])
    expect(heard).toEqual(['RUNNING', 'COMPLETED', 'COMPLETED'])
    expect(sent).toEqual(['Ask saga-1/first'])
  })

  it('[SG1] starts a saga once', async () => {
    const { heard, sent } = await conduct([{}, {}, yes('saga-1/first'), {}])
    expect(heard).toEqual(['RUNNING', 'RUNNING', 'COMPLETED', 'COMPLETED'])
    expect(sent).toEqual(['Ask saga-1/first'])
  })

  it('[SG1] sends again what is not answered, and undoes it in the end', async () => {
    const { sent, result } = await conduct([{}])
    expect(sent.slice(0, 3)).toEqual(['Ask saga-1/first', 'Ask saga-1/first', 'Undo saga-1/undo first'])
    expect(new Set(sent.slice(2))).toEqual(new Set(['Undo saga-1/undo first']))
    expect(sent).toHaveLength(2 + 10)
    expect(recordsOf(result, 'timer').length).toBe(12)
  })

  it('[SG1] fails for a saga that is not there, so that the answer comes again', async () => {
    const { heard } = await conduct([yes('saga-1/first'), {}, no('saga-1/first')])
    expect(heard).toEqual([500, 'RUNNING', 'COMPENSATED'])
  })

  it('[SG1] carries the event that led to it through its timers', async () => {
    const { result } = await conduct([{}])
    for (const { event } of appended(result))
      expect(event).toMatchObject({ correlationId: 'order-1', causationId: null })
  })

  it.each<readonly string[]>([['a', 'a'], []])('[SG1] of steps %j, %j is refused', (...names) => {
    const steps = names.filter((name) => name !== undefined).map((name) => ({ ...definition.steps[0], name }))
    expect(() => new Orchestrator({ ...definition, steps } as never)).toThrow(SimError)
  })
})
