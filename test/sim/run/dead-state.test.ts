import {
  immediateRelay,
  inbox,
  integer,
  lt,
  outbox,
  prepare,
  type System,
  service,
  states,
  statusRelay,
  table,
  text,
  topic,
} from 'faultline'
import { describe, expect, it } from 'vitest'
import choreography from '../../../scenarios/order-choreography/system.ts'
import orchestration from '../../../scenarios/order-orchestration/system.ts'
import type { Relay } from '../../../sim/patterns/relay.ts'
import { deadStates } from '../../../sim/run/dead-state.ts'
import type { Scenario } from '../../../sim/run/scenario.ts'
import type { StateSpec } from '../../../sim/service/lifecycle.ts'
import { systemOf } from '../../fixtures/parts.ts'

const payments = topic('payments', { partitions: 1, key: 'id' })
const Paid = payments.event('Paid', { id: text })
const Lost = payments.event('Lost', { id: text })

type Life = Readonly<Record<'NEW' | 'RETRY' | 'DONE', StateSpec<'NEW' | 'RETRY' | 'DONE'>>>

/** What is said of a table with these states, in a service that handles `Paid` and polls with a job. */
function said(
  life: Partial<Life>,
  where: Readonly<Record<string, unknown>> = {},
  relay: Relay = statusRelay(),
) {
  const whole = {
    NEW: { end: true },
    RETRY: { end: true },
    DONE: { end: true },
    ...life,
  } as const satisfies Life
  const shop = service(
    'shop',
    {
      tables: { tasks: table({ id: text, state: states(whole), attempts: integer }, { key: 'id' }) },
      inbox: inbox('none'),
      outbox: outbox({ mode: 'relay', relay }),
    },
    ({ on, job }) => {
      on(Paid, async () => {})
      job('sweep', { every: '1s', input: { table: 'tasks', where } }, async () => {})
    },
  )
  const { dead } = deadStates(systemOf({ topics: [payments], services: [shop] }).parts)
  return dead.map(({ service: of, table: name, column, state, message }) =>
    [of, name, column, state, message].join(' '),
  )
}

const reached = { NEW: { next: ['RETRY', 'DONE'], by: [Paid] } } as const

describe('a state', () => {
  it('[R43] that is an end, or is left by who the service has, is alive', () => {
    expect(said({ ...reached })).toEqual([])
    expect(said({ ...reached, RETRY: { next: ['DONE'], by: ['sweep'] } })).toEqual([])
    expect(said({ ...reached, RETRY: { next: ['DONE'], by: ['sweep', Paid] } }, { state: 'NEW' })).toEqual([])
    expect(
      said(
        { ...reached, RETRY: { next: ['DONE'], by: ['sweep'] } },
        { attempts: lt(Number.MAX_SAFE_INTEGER) },
      ),
    ).toEqual([])
  })

  it.each<readonly [string, Partial<Life>, Readonly<Record<string, unknown>>, string]>([
    ['that nothing leaves', { RETRY: {} }, {}, 'no transition leaves it, and it is no end'],
    ['that nobody leaves', { RETRY: { next: ['DONE'] } }, {}, 'nobody is said to bring a row out of it'],
    [
      'that only goes in circles',
      { RETRY: { next: ['RETRY'], by: [Paid] } },
      {},
      'no end is reached from it, only RETRY',
    ],
    [
      'whose event nobody handles',
      { RETRY: { next: ['DONE'], by: [Lost] } },
      {},
      'Lost would bring it to DONE, and service shop handles no such thing',
    ],
    [
      'that no poll selects (Z21)',
      { RETRY: { next: ['DONE'], by: ['sweep'] } },
      { state: 'NEW' },
      'a row in it is selected by no poll: sweep selects {"state":"NEW"}',
    ],
    [
      'that a poll selects no longer after three tries (Z21)',
      { RETRY: { next: ['DONE'], by: ['sweep'] } },
      { state: 'RETRY', attempts: lt(3) },
      'a row in it whose attempts is 3 is selected by no poll: sweep selects {"state":"RETRY","attempts":{"compare":"lt","value":3}}',
    ],
  ])('[R43] %s is found without running', (_what, life, where, message) => {
    expect(said({ ...reached, ...life }, where)).toEqual([`shop tasks state RETRY ${message}`])
  })

  it('[R43] that no state leads to is found', () => {
    expect(said({ NEW: { next: ['DONE'], by: [Paid] } })).toEqual([
      'shop tasks state RETRY no state leads here, and rows do not begin here',
    ])
  })

  it('[R43] of an outbox that its relay gives up polling is found (Z21)', () => {
    expect(said({ ...reached }, {}, immediateRelay())).toEqual([])
    const poll =
      'selected by no poll: relay selects {"status":{"compare":"in","value":["PENDING","DUE"]},"attempts":{"compare":"lt","value":50}}'
    expect(said({ ...reached }, {}, immediateRelay({ maxAttempts: 50 }))).toEqual(
      ['PENDING', 'DUE'].map(
        (status) => `shop outbox status ${status} a row in it whose attempts is 50 is ${poll}`,
      ),
    )
  })

  it('[R43] that follows and is none is refused where it is declared', () => {
    const life = { NEW: { next: ['GONE'] } } as unknown as { NEW: StateSpec<'NEW'> }
    expect(() => states(life)).toThrow('state NEW is followed by GONE, which is no state: expected NEW')
    // @ts-expect-error the types refuse it as well
    expect(() => states({ NEW: { next: ['GONE'] } })).toThrow('GONE')
  })
})

describe('the states of the order sagas', () => {
  const report = (system: unknown, params: Scenario['params']) =>
    deadStates(prepare(system as System, params).parts)

  it('[R43] are all left', () => {
    for (const system of [choreography, orchestration]) {
      const { dead, states: count } = report(system, {})
      expect([dead, count > 10]).toEqual([[], true])
    }
  })

  it('[R43] are not where payment hears of orders alone: nobody refunds', () => {
    expect(report(choreography, { paymentHears: 'order-events' }).dead).toEqual([
      {
        service: 'payment',
        table: 'payments',
        column: 'status',
        state: 'COMPLETED',
        message:
          'InventoryReservationFailed and ShipmentFailed would bring it to REFUNDED, and service payment handles no such thing',
      },
    ])
  })
})
