import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Log } from '../../sim/kafka/log/log.ts'
import type { RequestOf } from '../../sim/kafka/protocol/api.ts'
import type { ProducePartitionResponse, ProduceResponseData } from '../../sim/kafka/protocol/produce.ts'
import { emptyLog } from '../fixtures/log.ts'
import { ProducerCluster, type SentRequest } from '../fixtures/producer-cluster.ts'

/** Longer than everything goes wrong. */
const DELIVERY_MILLIS = 20_000
const PARTITIONS = 2
const BROKERS = 2

/** Brokers that write to real logs, and lose requests, answers and leadership when they are told to. */
class LossyCluster {
  readonly cluster: ProducerCluster
  readonly logs: Log[] = Array.from({ length: PARTITIONS }, () => emptyLog())
  private readonly leaders = Array.from({ length: PARTITIONS }, (_, index) => index % BROKERS)
  private readonly epochs = Array.from({ length: PARTITIONS }, () => 0)
  private readonly written = new Map<SentRequest, ProduceResponseData>()
  private count = 0

  /** Four batches of a partition may be under way, of which a broker remembers five. */
  constructor(isIdempotent: boolean, maxInFlight: number, lingerMillis: number) {
    this.cluster = new ProducerCluster(
      {
        'enable.idempotence': isIdempotent,
        'max.in.flight.requests.per.connection': maxInFlight,
        'linger.ms': lingerMillis,
        'retry.backoff.ms': 20,
        'request.timeout.ms': 8_000,
        'delivery.timeout.ms': DELIVERY_MILLIS,
      },
      { orders: this.leaders },
    )
    this.cluster.brokers = Array.from({ length: BROKERS }, (_, index) => index)
  }

  send(partition: number): void {
    this.cluster.produce(`${this.count++}`, { partition })
  }

  /** The oldest request that a broker has not seen arrives. */
  deliver(nodeId: number): void {
    const next = this.open(nodeId).find((sent) => !this.written.has(sent))
    if (next !== undefined) this.written.set(next, this.write(next))
  }

  /** The oldest answer of a broker arrives. */
  respond(nodeId: number): void {
    const [next] = this.open(nodeId)
    const response = next && this.written.get(next)
    if (next !== undefined && response !== undefined) this.cluster.answer(next, response)
    this.cluster.settle()
  }

  breakConnection(nodeId: number): void {
    this.cluster.break(nodeId)
  }

  moveLeader(partition: number): void {
    this.leaders[partition] = ((this.leaders[partition] as number) + 1) % BROKERS
    this.epochs[partition] = (this.epochs[partition] as number) + 1
    this.cluster.leaderEpochs.set(`orders-${partition}`, this.epochs[partition] as number)
  }

  pass(millis: number): void {
    this.cluster.at(this.cluster.nowMillis + millis)
  }

  /** Everything works from now on. */
  heal(): void {
    for (let turn = 0; this.cluster.producer.incompleteBatchCount > 0; turn++) {
      if (turn === 5000) throw new Error('The producer does not come to an end')
      for (let nodeId = 0; nodeId < BROKERS; nodeId++) {
        this.deliver(nodeId)
        this.respond(nodeId)
      }
      this.pass(10)
    }
  }

  /** Values of a partition that the producer has given up. */
  failed(partition: number): number[] {
    const { ended, placed } = this.cluster.sends
    const lost = ended.filter((end) => !end.includes('@')).map((end) => Number(end.split(':')[0]))
    return lost.filter((value) => placed.includes(`${value}@${partition}`))
  }

  /** Values of a partition, as they are in the log. */
  values(partition: number): number[] {
    const values: number[] = []
    const log = this.logs[partition] as Log
    for (const batch of log.segments.all.flatMap(({ batches }) => batches))
      for (const { value } of batch.records) values.push(Number(value))
    return values
  }

  private open(nodeId: number): SentRequest[] {
    return this.cluster.open('Produce').filter((sent) => sent.nodeId === nodeId)
  }

  private write({ nodeId, request }: SentRequest): ProduceResponseData {
    const { topicData } = request.body as RequestOf<'Produce'>
    const responses = topicData.map(({ name, partitionData }) => ({
      name,
      partitionResponses: partitionData.map(({ index, records }): ProducePartitionResponse => {
        if (this.leaders[index] !== nodeId)
          return { index, errorCode: 'NOT_LEADER_OR_FOLLOWER', baseOffset: -1 }
        const log = this.logs[index] as Log
        const result = log.appendAsLeader(records, this.epochs[index] as number, this.cluster.nowMillis)
        return { index, errorCode: result.errorCode, baseOffset: result.firstOffset }
      }),
    }))
    return { responses }
  }
}

const action = fc.oneof(
  { weight: 6, arbitrary: fc.record({ kind: fc.constant('send' as const), at: fc.nat(PARTITIONS - 1) }) },
  { weight: 5, arbitrary: fc.record({ kind: fc.constant('deliver' as const), at: fc.nat(BROKERS - 1) }) },
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('respond' as const), at: fc.nat(BROKERS - 1) }) },
  {
    weight: 2,
    arbitrary: fc.record({ kind: fc.constant('breakConnection' as const), at: fc.nat(BROKERS - 1) }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constant('moveLeader' as const), at: fc.nat(PARTITIONS - 1) }),
  },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('pass' as const), at: fc.nat(60) }) },
)

/** A record is written, but nobody hears of it. */
const LOST_ANSWER = [
  { kind: 'send' as const, at: 0 },
  { kind: 'deliver' as const, at: 0 },
  { kind: 'breakConnection' as const, at: 0 },
]

/** A record is sent to the new leader of an empty log while the one before it is under way to the old one. */
const OVERTAKEN = [
  { kind: 'send' as const, at: 1 },
  { kind: 'moveLeader' as const, at: 1 },
  { kind: 'deliver' as const, at: 1 },
  { kind: 'respond' as const, at: 1 },
  { kind: 'pass' as const, at: 20 },
  { kind: 'send' as const, at: 1 },
]

function sorted(values: readonly number[]): number[] {
  return [...values].sort((left, right) => left - right)
}

describe('[KP4] a producer against faults', () => {
  it('[KP4] that is idempotent writes no record twice, and those of a partition in the order of the sends', () => {
    fc.assert(
      fc.property(
        fc.array(action, { maxLength: 60 }),
        fc.integer({ min: 1, max: 2 }),
        fc.nat(5),
        (actions, max, linger) => {
          const lossy = new LossyCluster(true, max, linger)
          for (const { kind, at } of actions) lossy[kind](at)
          lossy.heal()
          const sends = actions.filter(({ kind }) => kind === 'send').length
          expect(lossy.cluster.sends.ended.length).toBe(sends)
          const kept: number[] = []
          for (const partition of [0, 1]) {
            const values = lossy.values(partition)
            expect(values).toEqual(sorted(values))
            const failed = lossy.failed(partition)
            // What was overtaken at a leader that knew nothing of the producer, and nothing else.
            for (const value of failed) expect(value).toBeLessThan(values[0] ?? -1)
            kept.push(...values, ...failed)
          }
          expect(sorted(kept)).toEqual([...Array(sends).keys()])
          for (const ended of lossy.cluster.sends.ended.filter((end) => end.includes('@'))) {
            const [value, partition, offset] = ended.split(/: |@/).map(Number) as [number, number, number]
            expect(lossy.values(partition)[offset]).toBe(value)
          }
        },
      ),
      { numRuns: 300, examples: [[OVERTAKEN, 2, 0]] },
    )
  })

  // What no test of Kafka says, but its code does: KAFKA-15591, KAFKA-14312 and KAFKA-19880 report it of every version up to 4.4.
  // A new batch waits for one in flight only if that has another epoch or an unknown fate, wherever the leader is
  // (RecordAccumulator.shouldStopDrainBatchesForPartition); a log that knows nothing of a producer takes any sequence for its first
  // (ProducerAppendInfo.checkSequence); and what is refused as out of order behind a later one is tried again without a new epoch
  // (TransactionManager.canRetry). Kafka 4.5 refuses a first sequence above 0 where a log has never held a record.
  it('[KP4] that is idempotent gives up a record which another one has overtaken at a new leader', () => {
    const lossy = new LossyCluster(true, 2, 0)
    for (const { kind, at } of OVERTAKEN) lossy[kind](at)
    lossy.deliver(0)
    lossy.respond(0)
    expect(lossy.values(1)).toEqual([1])
    lossy.heal()
    expect(lossy.values(1)).toEqual([1])
    expect(lossy.failed(1)).toEqual([0])
    expect(lossy.cluster.nowMillis).toBeGreaterThanOrEqual(DELIVERY_MILLIS)
    // What comes after it arrives all the same.
    lossy.send(1)
    lossy.heal()
    expect(lossy.values(1)).toEqual([1, 2])
  })

  it('[KP4] that is not may write twice, but loses nothing that it has acknowledged', () => {
    let duplicates = 0
    fc.assert(
      fc.property(fc.array(action, { maxLength: 60 }), fc.nat(5), (actions, linger) => {
        const lossy = new LossyCluster(false, 1, linger)
        for (const { kind, at } of actions) lossy[kind](at)
        lossy.heal()
        const sends = actions.filter(({ kind }) => kind === 'send').length
        const values = [0, 1].flatMap((partition) => lossy.values(partition))
        expect(new Set(values)).toEqual(new Set(Array(sends).keys()))
        duplicates += values.length - sends
      }),
      // Chance seldom loses an answer: without this one nothing might be written twice.
      { numRuns: 100, seed: 1, examples: [[[...LOST_ANSWER], 0]] },
    )
    expect(duplicates).toBeGreaterThan(0)
  })
})
