import type { FaultSpec, RunResult } from 'faultline'
import { describe, expect, it } from 'vitest'
import { parking } from '../../../sim/patterns/parking.ts'
import { statusRelay } from '../../../sim/patterns/relay-status.ts'
import { allStruck, courier, POISONED, recordsOf } from '../../fixtures/courier.ts'
import { failsUntil, six, TWO } from '../../fixtures/mistaken-redrives.ts'

/** Two letters wait behind one that nobody took until it was mended; then an operator has all of them delivered. */
const redriven = (...faults: readonly FaultSpec[]): Promise<RunResult> =>
  courier(
    { ...TWO, failures: parking({ retry: { first: '100ms', attempts: 2 } }), receive: failsUntil(2_000) },
    { ...six, faults: [...faults, { redrive: 'receiver', at: '5s' }] },
  )

/** Why the operator had to try again, each reason once. */
const reasons = (result: RunResult): string[] => [
  ...new Set(recordsOf(result, 'again').map(({ data }) => (data as { why: string }).why)),
]

describe('a redrive', () => {
  it.each<[string, FaultSpec, readonly string[]]>([
    [
      'the database is down',
      { crash: 'receiver-db', at: '4900ms', restart: '4s' },
      ['could not connect to receiver-db: it is down'],
    ],
    [
      'no instance is up',
      { crash: 'receiver', at: '4900ms', restart: '4s' },
      ['no instance of receiver is up'],
    ],
    [
      'the instance dies over it',
      { crash: 'receiver', at: 'before receiver.operator parked.update', restart: '100ms' },
      ['receiver-1 ended over it'],
    ],
    [
      'the database dies over it',
      { crash: 'receiver-db', at: 'before receiver.operator parked.update', restart: '1500ms' },
      ['could not connect to receiver-db: it is down'],
    ],
  ])('[F37] is done again until it has worked, if %s', async (_what, fault, why) => {
    const result = await redriven(fault)
    expect([result.verdict, allStruck(result)]).toEqual(['pass', true])
    expect(reasons(result)).toEqual(why)
    const redrive = result.faults.at(-1)
    expect(redrive?.healedAtMicros).toBeGreaterThan(redrive?.struckAtMicros ?? 0)
  })

  it('[F37] is done once if it works', async () => {
    const result = await redriven()
    expect([result.verdict, recordsOf(result, 'redrive').length, reasons(result)]).toEqual(['pass', 1, []])
    const { healedAtMicros = 0 } = result.faults[0] ?? {}
    expect([healedAtMicros > 5_000_000, healedAtMicros < 6_000_000]).toEqual([true, true])
  })

  it('[F37] of an outbox is done again as well', async () => {
    const faults: FaultSpec[] = [
      { crash: 'sender-db', at: '4s', restart: '5s' },
      {
        edit: 'sender-db',
        table: 'outbox',
        where: { correlationId: 'letter-2' },
        set: { 'event.data.letterId': 'letter-2' },
        at: '5s',
      },
      { redrive: 'sender', at: '12s' },
      { crash: 'sender', at: '11s', restart: '10s' },
    ]
    const result = await courier({ relay: statusRelay(), poison: 2 }, { ...POISONED, faults })
    expect([result.verdict, allStruck(result)]).toEqual(['pass', true])
    expect(reasons(result)).toEqual([
      'could not connect to sender-db: it is down',
      'no instance of sender is up',
    ])
  })
})
