import { expect, it } from 'vitest'
import { checkTransactions, type HangingLimit } from '../../../../sim/kafka/oracle/transaction-check.ts'
import type { TransactionEvent, TransactionResult } from '../../../../sim/kafka/oracle/transaction-history.ts'

const PRODUCER = 7

function append(baseOffset: number, producerEpoch = 0, partition = 'x-0'): TransactionEvent {
  return { kind: 'append', partition, producerId: PRODUCER, producerEpoch, baseOffset, atMillis: baseOffset }
}

function marker(result: TransactionResult, producerEpoch = 0, partition = 'x-0'): TransactionEvent {
  return { kind: 'marker', partition, producerId: PRODUCER, producerEpoch, result }
}

function decide(result: TransactionResult, ...partitions: string[]): TransactionEvent {
  return { kind: 'decide', producerId: PRODUCER, result, partitions }
}

function stable(lastStableOffset: number, highWatermark = 100): TransactionEvent {
  return { kind: 'stable', partition: 'x-0', lastStableOffset, highWatermark }
}

function init(producerEpoch: number, timeoutMillis = 1_000): TransactionEvent {
  return { kind: 'init', producerId: PRODUCER, producerEpoch, timeoutMillis }
}

const other: TransactionEvent = {
  kind: 'append',
  partition: 'x-0',
  producerId: 8,
  producerEpoch: 0,
  baseOffset: 4,
  atMillis: 4,
}

it.each<[string, TransactionEvent[], readonly number[], TransactionEvent[]]>([
  ['past the first record', [append(3), append(5), stable(4)], [0, 2], [append(3), append(5), stable(3)]],
  [
    'past the second when the first has ended',
    [append(3), other, decide('commit', 'x-0'), marker('commit'), stable(5)],
    [1, 4],
    [append(3), other, decide('commit', 'x-0'), marker('commit'), stable(4)],
  ],
  ['past the high watermark', [stable(4, 3)], [0], [stable(3, 3)]],
  [
    'past one that was not truncated',
    [append(3), { kind: 'truncate', partition: 'x-0', offset: 4 }, stable(4)],
    [0, 2],
    [append(3), { kind: 'truncate', partition: 'x-0', offset: 3 }, stable(4)],
  ],
])('[KW3] a last stable offset %s is reported, and no other', (_case, broken, events, clean) => {
  expect(checkTransactions(broken)).toMatchObject([{ type: 'lso-past-open', events, partition: 'x-0' }])
  expect(checkTransactions(clean)).toEqual([])
})

const limit: HangingLimit = {
  nowMillis: 1_111,
  healthySinceMillis: 0,
  scanPeriodMillis: 100,
  maxTimeoutMillis: 5_000,
}

it.each([
  { name: 'out of time', events: [init(0), append(10)], limit, hanging: true },
  { name: 'in time', events: [init(0), append(11)], limit, hanging: false },
  { name: 'with a longer time-out', events: [init(0, 1_001), append(10)], limit, hanging: false },
  { name: 'of an unknown producer', events: [append(10)], limit, hanging: false },
  { name: 'later', events: [append(10)], limit: { ...limit, nowMillis: 5_111 }, hanging: true },
  {
    name: 'not healthy until now',
    events: [init(0), append(10)],
    limit: { ...limit, healthySinceMillis: 11 },
    hanging: false,
  },
  {
    name: 'ended',
    events: [init(0), append(10), decide('abort', 'x-0'), marker('abort')],
    limit,
    hanging: false,
  },
])('[KW4] a transaction $name hangs: $hanging', ({ events, limit, hanging }) => {
  const anomalies = checkTransactions(events, limit)
  expect(anomalies.map(({ type }) => type)).toEqual(hanging ? ['hanging-transaction'] : [])
  expect(checkTransactions(events)).toEqual([])
})

it('[KW4] KAFKA-14402: a write that comes after the marker of its transaction hangs', () => {
  const events = [init(0), append(1), decide('abort', 'x-0'), marker('abort', 0), append(3)]
  expect(checkTransactions(events, limit)).toMatchObject([{ type: 'hanging-transaction', events: [4] }])
})

it.each<[string, TransactionEvent[], readonly number[], TransactionEvent[]]>([
  [
    'InitProducerId gave out',
    [init(0), append(1), init(2), append(3, 1)],
    [2, 3],
    [init(0), append(1), init(2), append(3, 2)],
  ],
  [
    'the marker of a time-out had',
    [append(1), decide('abort', 'x-0'), marker('abort', 1), append(3)],
    [2, 3],
    [append(1), decide('abort', 'x-0'), marker('abort', 1), append(3, 1)],
  ],
  ['another batch had', [append(1, 1), append(2, 0)], [0, 1], [append(1, 0), append(2, 0)]],
])('[KW5] a write with an older epoch than %s is reported, and no other', (_case, broken, events, clean) => {
  expect(checkTransactions(broken)).toMatchObject([{ type: 'zombie-write', events, producerId: PRODUCER }])
  expect(checkTransactions(clean)).toEqual([])
})

it('[KW5] epochs of a producer fence in each partition apart', () => {
  expect(checkTransactions([append(1, 1, 'x-0'), append(2, 0, 'x-1')])).toEqual([])
})

const pair = [append(1, 0, 'x-0'), append(1, 0, 'x-1')]

it.each<[string, TransactionEvent[], readonly number[], TransactionEvent[]]>([
  [
    'against the decision',
    [...pair, decide('commit', 'x-0', 'x-1'), marker('commit', 0, 'x-0'), marker('abort', 0, 'x-1')],
    [2, 4],
    [...pair, decide('commit', 'x-0', 'x-1'), marker('commit', 0, 'x-0'), marker('commit', 0, 'x-1')],
  ],
  [
    'of a partition that is not in it',
    [...pair, decide('commit', 'x-0'), marker('commit', 0, 'x-0'), marker('commit', 0, 'x-1')],
    [4],
    [...pair, decide('commit', 'x-0'), marker('commit', 0, 'x-0')],
  ],
  [
    'twice for one decision, with a write between',
    [append(1), decide('commit', 'x-0'), marker('commit'), append(3), marker('commit')],
    [4],
    [append(1), decide('commit', 'x-0'), marker('commit'), marker('commit')],
  ],
])('[KW6] an end %s is reported, and no other', (_case, broken, events, clean) => {
  expect(checkTransactions(broken)).toMatchObject([{ type: 'wrong-marker', events }])
  expect(checkTransactions(clean)).toEqual([])
})
