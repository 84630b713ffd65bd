import { describe, expect, it } from 'vitest'
import {
  SAGA_RULES,
  type SagaDecision,
  SagaMachine,
  type SagaMessage,
  type SagaRules,
  type SagaState,
} from '../../../sim/patterns/saga-state.ts'

const command = { type: {} as never, make: () => ({}) }

/** An order that exists, a payment, a reservation, a shipment that is the pivot, and a confirmation. */
const STEPS = [
  { name: 'order', state: 'CREATED', compensation: command },
  { name: 'pay', state: 'PAYING', action: command, compensation: command },
  { name: 'reserve', state: 'RESERVING', action: command, compensation: command },
  { name: 'ship', state: 'SHIPPING', kind: 'pivot', action: command },
  { name: 'confirm', state: 'CONFIRMING', kind: 'retriable', action: command },
] as const

const yes = (requestId: string): SagaMessage => ({ kind: 'reply', requestId, succeeded: true, reason: '' })
const no = (requestId: string): SagaMessage => ({ kind: 'reply', requestId, succeeded: false, reason: 'no' })
const late = (requestId: string): SagaMessage => ({ kind: 'timeout', requestId })

/** What a saga asks for, message by message, and how it ends; `-` where a message changes nothing. */
function story(
  messages: readonly SagaMessage[],
  rules: Partial<SagaRules> = {},
): { asked: string[]; saga: SagaState } {
  const machine = new SagaMachine(
    { steps: STEPS, timeout: '1s', attempts: 2, compensationAttempts: 2 } as never,
    { ...SAGA_RULES, ...rules },
  )
  const told = ({ requests }: SagaDecision): string =>
    requests.map(({ requestId }) => requestId).join(' + ') || 'nothing'
  let { next: saga, requests } = machine.start('s', null)
  const asked = [told({ next: saga, requests })]
  for (const message of messages) {
    const decision = machine.decide(saga, message)
    if (decision !== undefined) saga = decision.next
    asked.push(decision === undefined ? '-' : told(decision))
  }
  return { asked, saga }
}

const PAID = yes('s/pay')
const RESERVED = yes('s/reserve')
const SHIPPED = yes('s/ship')

describe('a saga', () => {
  it.each<[string, readonly SagaMessage[], readonly string[], Partial<SagaState>]>([
    [
      'goes from step to step',
      [PAID, RESERVED, SHIPPED, yes('s/confirm')],
      ['s/pay', 's/reserve', 's/ship', 's/confirm', 'nothing'],
      { status: 'COMPLETED', state: 'COMPLETED', pending: null },
    ],
    ['waits', [PAID], ['s/pay', 's/reserve'], { status: 'RUNNING', state: 'RESERVING', step: 'reserve' }],
    [
      'is undone in reverse, without the step that refused',
      [PAID, no('s/reserve'), yes('s/undo pay'), yes('s/undo order')],
      ['s/pay', 's/reserve', 's/undo pay', 's/undo order', 'nothing'],
      { status: 'COMPENSATED', reason: 'no', registered: [] },
    ],
    [
      'is undone with the step that was not answered',
      [late('s/pay'), late('s/pay'), yes('s/undo pay'), yes('s/undo order')],
      ['s/pay', 's/pay', 's/undo pay', 's/undo order', 'nothing'],
      { status: 'COMPENSATED', reason: 'pay was not answered' },
    ],
    [
      'asks its pivot until it is answered',
      [PAID, RESERVED, late('s/ship'), late('s/ship'), late('s/ship'), no('s/ship')],
      ['s/pay', 's/reserve', 's/ship', 's/ship', 's/ship', 's/ship', 's/undo reserve'],
      { status: 'COMPENSATING', state: 'UNDOING reserve', registered: ['order', 'pay', 'reserve'] },
    ],
    [
      'never goes back behind its pivot',
      [PAID, RESERVED, SHIPPED, no('s/confirm'), late('s/confirm'), late('s/confirm'), late('s/confirm')],
      ['s/pay', 's/reserve', 's/ship', 's/confirm', '-', 's/confirm', 's/confirm', 's/confirm'],
      { status: 'RUNNING', registered: [] },
    ],
    [
      'takes no notice of what is late or comes twice',
      [PAID, PAID, late('s/pay'), no('s/pay'), yes('s/ship')],
      ['s/pay', 's/reserve', '-', '-', '-', '-'],
      { step: 'reserve' },
    ],
    [
      'takes no notice of an answer to an action that it undoes',
      [late('s/pay'), late('s/pay'), PAID, no('s/pay')],
      ['s/pay', 's/pay', 's/undo pay', '-', '-'],
      { status: 'COMPENSATING' },
    ],
    [
      'is left to people when a compensation is not answered',
      [no('s/pay'), late('s/undo order'), late('s/undo order'), yes('s/undo order')],
      ['s/pay', 's/undo order', 's/undo order', 'nothing', '-'],
      { status: 'COMPENSATION_FAILED', state: 'STUCK AT order' },
    ],
    [
      'tries a compensation again that was refused',
      [no('s/pay'), no('s/undo order'), late('s/undo order'), yes('s/undo order')],
      ['s/pay', 's/undo order', '-', 's/undo order', 'nothing'],
      { status: 'COMPENSATED' },
    ],
  ])('[SG1] %s', (_what, messages, asked, end) => {
    const told = story(messages)
    expect(told.asked).toEqual(asked)
    expect(told.saga).toMatchObject(end)
  })

  it.each<[string, Partial<SagaRules>, readonly SagaMessage[], readonly string[], Partial<SagaState>]>([
    [
      'that takes any answer goes on too early',
      { replies: 'any' },
      [PAID, PAID, PAID],
      ['s/pay', 's/reserve', 's/ship', 's/confirm'],
      { state: 'CONFIRMING' },
    ],
    [
      'that registers after success does not undo what it was not told of',
      { registration: 'after-success' },
      [late('s/pay'), late('s/pay'), yes('s/undo order')],
      ['s/pay', 's/pay', 's/undo order', 'nothing'],
      { status: 'COMPENSATED' },
    ],
    [
      'that undoes at once waits for nothing',
      { undo: 'at-once' },
      [PAID, no('s/reserve')],
      ['s/pay', 's/reserve', 's/undo order + s/undo pay'],
      { status: 'COMPENSATED', pending: null },
    ],
    [
      'that ignores a failed compensation goes on as if it were done',
      { failedCompensation: 'ignored' },
      [PAID, no('s/reserve'), late('s/undo pay'), late('s/undo pay')],
      ['s/pay', 's/reserve', 's/undo pay', 's/undo pay', 's/undo order'],
      { status: 'COMPENSATING', step: 'order' },
    ],
  ])('[SG2] %s', (_what, rules, messages, asked, end) => {
    const told = story(messages, rules)
    expect(told.asked).toEqual(asked)
    expect(told.saga).toMatchObject(end)
  })
})
