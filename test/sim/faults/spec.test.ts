import { describe, expect, it } from 'vitest'
import { readTrigger } from '../../../sim/faults/spec.ts'
import { allStruck, courier, recordsOf } from '../../fixtures/courier.ts'

describe('when a fault strikes', () => {
  it.each([
    [{ at: '2s' }, { kind: 'time', atMicros: 2_000_000 }],
    [{ at: '0ms' }, { kind: 'time', atMicros: 0 }],
    [
      { at: '1.5s', of: 'order 2', nth: 3 },
      { kind: 'time', atMicros: 1_500_000 },
    ],
    [{ at: 'after charge' }, { kind: 'step', phase: 'after', step: 'charge', nth: 1 }],
    [
      { at: 'before payment.OrderCreated tx.commit' },
      { kind: 'step', phase: 'before', step: 'payment.OrderCreated tx.commit', nth: 1 },
    ],
    [
      { at: 'before *', nth: 7 },
      { kind: 'step', phase: 'before', step: '*', nth: 7 },
    ],
    [
      { at: 'after charge', of: 'order 12' },
      { kind: 'step', phase: 'after', step: 'charge', nth: 1, of: 'order-12' },
    ],
    [
      { at: 'after charge', of: 'order-12' },
      { kind: 'step', phase: 'after', step: 'charge', nth: 1, of: 'order-12' },
    ],
    [{ at: '' }, undefined],
    [{ at: '2' }, undefined],
    [{ at: '2 s' }, undefined],
    [{ at: 'charge' }, undefined],
    [{ at: 'after' }, undefined],
    [{ at: 'after ' }, undefined],
    [{ at: 'during charge' }, undefined],
    [{ at: 'After charge' }, undefined],
  ])('[F1] is read from %j', (spec, trigger) => expect(readTrigger(spec)).toEqual(trigger))
})

/** When faults at such places strike three letters, posted a second apart: at which letter, and how often in all. */
async function strikes(spec: {
  readonly at: string
  readonly of?: string
  readonly nth?: number
}): Promise<string> {
  const result = await courier(
    {},
    { workload: { orders: 3, every: '1s' }, faults: [{ redeliver: 'receiver', ...spec }] },
  )
  const { trace } = result
  const [fault] = recordsOf(result, 'fault')
  expect(fault !== undefined).toBe(allStruck(result))
  if (fault === undefined || trace === undefined) return 'never'
  const { data } = trace.at(fault.parents[0] ?? 0)
  return `${fault.lane} ${fault.entity} ${(data as { step: string }).step}`
}

describe('a fault at a step', () => {
  it.each([
    [{ at: 'before tx.commit' }, 'sender-1 letter-1 sender.post tx.commit'],
    [{ at: 'before receiver tx.commit' }, 'receiver-1 letter-1 receiver.LetterSent tx.commit'],
    [
      { at: 'after receiver.LetterSent tx.commit', nth: 2 },
      'receiver-1 letter-2 receiver.LetterSent tx.commit',
    ],
    [{ at: 'after tx.commit', of: 'letter 3' }, 'sender-1 letter-3 sender.post tx.commit'],
    [{ at: 'after tx.commit', of: 'letter 3', nth: 2 }, 'receiver-1 letter-3 receiver.LetterSent tx.commit'],
    [{ at: 'before outbox.send', of: 'letter 2' }, 'sender-relay letter-2 sender.relay outbox.send'],
    [{ at: 'before sender *', nth: 2 }, 'sender-1 letter-1 sender.post outbox.insert'],
    [
      { at: 'before receiver.LetterSent *', of: 'letter 2' },
      'receiver-1 letter-2 receiver.LetterSent inbox.get',
    ],
    [
      { at: 'after receiver offsets.commit', nth: 3 },
      'receiver-1 letter-3 receiver.LetterSent offsets.commit',
    ],
    [{ at: 'after tx.commit', nth: 7 }, 'never'],
    [{ at: 'after tx.commit', of: 'letter 4' }, 'never'],
    [{ at: 'before receiver outbox.send' }, 'never'],
    [{ at: 'before sender.LetterSent tx.commit' }, 'never'],
    [{ at: 'before commit' }, 'never'],
  ])('[F2] strikes once, where it is meant to: %j', async (spec, where) =>
    expect(await strikes(spec)).toBe(where),
  )
})
