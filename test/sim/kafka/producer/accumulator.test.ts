import { describe, expect, it } from 'vitest'
import { Accumulator, ANY_PARTITION } from '../../../../sim/kafka/producer/accumulator.ts'
import { type ProducerSettings, producerConfig } from '../../../../sim/kafka/producer/config.ts'
import { type KnownTopic, ProducerMetadata } from '../../../../sim/kafka/producer/metadata.ts'
import { producerRecord } from '../../../../sim/kafka/producer/record.ts'
import { ProducerCluster, Sends } from '../../../fixtures/producer-cluster.ts'

const HEADER_BYTES = 61

/** An accumulator that knows a topic of partitions with the leaders 1, 1 and 2, as Kafka's RecordAccumulatorTest. */
function accumulator(
  settings: ProducerSettings,
  randomBelow: (bound: number) => number = () => 0,
): { accum: Accumulator; topic: KnownTopic } {
  const config = producerConfig(settings)
  const metadata = new ProducerMetadata(config, [1], () => 0)
  metadata.use('test', 0)
  const partition = (partitionIndex: number, leaderId: number) => ({
    errorCode: 'NONE' as const,
    partitionIndex,
    leaderId,
    leaderEpoch: 0,
    replicaNodes: [],
    isrNodes: [],
    offlineReplicas: [],
  })
  metadata.update(
    metadata.query(0),
    {
      brokers: [{ nodeId: 1 }, { nodeId: 2 }],
      controllerId: 1,
      topics: [
        { errorCode: 'NONE', name: 'test', partitions: [partition(0, 1), partition(1, 1), partition(2, 2)] },
      ],
    },
    0,
  )
  return {
    accum: new Accumulator(config, metadata, randomBelow),
    topic: metadata.topic('test') as KnownTopic,
  }
}

function append(
  accum: Accumulator,
  topic: KnownTopic,
  partition: number,
  times: number,
  nowMillis = 0,
): void {
  for (let time = 0; time < times; time++)
    accum.append(
      producerRecord({ topic: 'test', key: 'key', value: 'value', valueBytes: 5 }),
      new Sends(),
      topic,
      partition,
      nowMillis,
    )
}

/** Records of `key` and `value` that fit into a batch: 61 bytes, then 15 for each of them. */
function fitting(batchBytes: number): number {
  return Math.floor((batchBytes - HEADER_BYTES) / 15)
}

describe('[KP3] the accumulator (RecordAccumulatorTest)', () => {
  it('[KP3] testFull: a batch that is full is ready, and takes no further record', () => {
    const { accum, topic } = accumulator({ 'batch.size': 1025, 'linger.ms': 10 })
    const appends = fitting(1025)
    append(accum, topic, 0, appends)
    accum.findReady(false, 0)
    expect(accum.readyNodes).toEqual([])
    append(accum, topic, 0, 1)
    accum.findReady(false, 0)
    expect(accum.readyNodes).toEqual([1])
    const drained = accum.drain(1, Number.MAX_SAFE_INTEGER, 0, () => true)
    expect(drained.map(({ recordCount }) => recordCount)).toEqual([appends])
    expect(drained[0]?.sizeInBytes).toBeLessThanOrEqual(1025)
  })

  it('[KP3] testAppendLarge: a record above batch.size has a batch of its own', () => {
    const { accum, topic } = accumulator({ 'batch.size': 512, 'linger.ms': 10 })
    const large = () => producerRecord({ topic: 'test', value: 'v', valueBytes: 1024 })
    accum.append(large(), new Sends(), topic, 0, 0)
    accum.findReady(false, 0)
    expect(accum.readyNodes).toEqual([])
    accum.append(large(), new Sends(), topic, 0, 0)
    accum.findReady(false, 0)
    expect(accum.readyNodes).toEqual([1])
    expect(accum.drain(1, Number.MAX_SAFE_INTEGER, 0, () => true)[0]?.recordCount).toBe(1)
  })

  it('[KP3] testPartialDrain: a request holds no more than max.request.size, and the others go next', () => {
    const { accum, topic } = accumulator({ 'batch.size': 1024 + HEADER_BYTES, 'linger.ms': 10 })
    const appends = fitting(1024 + HEADER_BYTES) + 1
    append(accum, topic, 0, appends)
    append(accum, topic, 1, appends)
    const names = () => accum.drain(1, 1024, 0, () => true).map(({ partition }) => partition)
    expect(names()).toEqual(['test-0'])
    expect(names()).toEqual(['test-1'])
  })

  it('[KP3] testNextReadyCheckDelay: looks again when the first batch has lingered', () => {
    const { accum, topic } = accumulator({ 'batch.size': 1025, 'linger.ms': 10 })
    append(accum, topic, 0, 3)
    accum.findReady(false, 0)
    expect([accum.readyNodes, accum.nextCheckMillis]).toEqual([[], 10])
    append(accum, topic, 2, 3, 5)
    accum.findReady(false, 5)
    expect([accum.readyNodes, accum.nextCheckMillis]).toEqual([[], 10])
    append(accum, topic, 1, fitting(1025) + 1, 5)
    accum.findReady(false, 5)
    expect(accum.readyNodes).toEqual([1])
  })

  it('[KP3] testRetryBackoff: a batch that backs off stays behind, the others go', () => {
    const { accum, topic } = accumulator({ 'linger.ms': 10 })
    append(accum, topic, 0, 1)
    accum.findReady(false, 11)
    const [batch] = accum.drain(1, Number.MAX_SAFE_INTEGER, 11, () => true)
    batch?.queue.removeInFlight(batch)
    batch?.reenqueued(11, 100)
    if (batch !== undefined) batch.queue.batches.unshift(batch)
    append(accum, topic, 1, 1, 11)
    accum.findReady(false, 21)
    expect(accum.readyNodes).toEqual([1])
    expect(accum.drain(1, Number.MAX_SAFE_INTEGER, 21, () => true).map(({ partition }) => partition)).toEqual(
      ['test-1'],
    )
    accum.findReady(false, 110)
    expect([accum.readyNodes, accum.nextCheckMillis]).toEqual([[], 111])
    accum.findReady(false, 111)
    expect(accum.readyNodes).toEqual([1])
  })

  it.each([
    ['the producer flushes', (accum: Accumulator) => (accum.flushes = 1), false],
    ['the producer closes', (accum: Accumulator) => (accum.isClosed = true), false],
    ['somebody waits for memory', (accum: Accumulator) => (accum.isExhausted = true), false],
    ['the transaction ends', () => undefined, true],
  ])('[KP3] sends without lingering when %s', (_why, change, isCompleting) => {
    const { accum, topic } = accumulator({ 'linger.ms': 10 })
    append(accum, topic, 2, 1)
    accum.findReady(false, 0)
    expect(accum.readyNodes).toEqual([])
    change(accum)
    accum.findReady(isCompleting, 0)
    expect(accum.readyNodes).toEqual([2])
  })

  it('[KP4] testMutedPartitions: a muted partition is neither ready nor drained', () => {
    const { accum, topic } = accumulator({ 'linger.ms': 0 })
    append(accum, topic, 0, 1)
    const queue = accum.lastPartition
    if (queue !== undefined) queue.isMuted = true
    accum.findReady(false, 0)
    expect(accum.readyNodes).toEqual([])
    expect(accum.drain(1, Number.MAX_SAFE_INTEGER, 0, () => true)).toEqual([])
  })

  it('[KP4] who must wait holds up the others of its broker, and comes first the next time', () => {
    const { accum, topic } = accumulator({ 'linger.ms': 0 })
    append(accum, topic, 0, 1)
    append(accum, topic, 1, 1)
    const drain = (blocked: string) =>
      accum
        .drain(1, Number.MAX_SAFE_INTEGER, 0, ({ partition }) => partition !== blocked)
        .map(({ partition }) => partition)
    expect(drain('test-0')).toEqual([])
    expect(drain('test-1')).toEqual(['test-0'])
    append(accum, topic, 0, 1)
    expect(drain('')).toEqual(['test-1', 'test-0'])
  })

  it('[KP9] testSplitBatchOffAccumulator: parts hold no memory, and it is free once', () => {
    const { accum, topic } = accumulator({ 'batch.size': 200, 'buffer.memory': 1000, 'linger.ms': 0 })
    append(accum, topic, 0, 3)
    expect(accum.availableBytes).toBe(800)
    const [batch] = accum.drain(1, Number.MAX_SAFE_INTEGER, 0, () => true)
    const parts = batch?.split(80) ?? []
    expect(parts.map(({ recordCount }) => recordCount)).toEqual([2, 1])
    if (batch !== undefined) accum.replace(batch, parts)
    expect(accum.availableBytes).toBe(1000)
    for (const part of parts) accum.deallocate(part)
    expect([accum.availableBytes, accum.incomplete.size]).toEqual([1000, 0])
  })
})

describe('[KP2] the sticky partition of a topic', () => {
  it('[KP2] testUniformBuiltInPartitioner: stays for two batches that do not fill up', () => {
    const choices = [2, 1, 0]
    const config = producerConfig({ 'batch.size': 200 })
    const { topic } = accumulator({ 'batch.size': 200 })
    const metadata = new ProducerMetadata(config, [1], () => 0)
    const accum = new Accumulator(config, metadata, () => choices.shift() ?? 0)
    const partitions: number[] = []
    for (let record = 0; record < 20; record++) {
      append(accum, topic, ANY_PARTITION, 1)
      partitions.push(accum.lastPartition?.partition ?? -1)
    }
    // A batch takes 61 + 9 * 15 bytes of 200, so it is never full, and the switch comes with twice the bytes: 2 * 196 + 76.
    expect(partitions.join('')).toBe('22222222222222222221')
  })

  it('[KP2] testAdaptiveBuiltInPartitioner: the shorter the queue of a partition the more records it gets', () => {
    const draws: number[] = []
    const cluster = new ProducerCluster(
      { 'batch.size': 1, 'linger.ms': 0, 'max.in.flight.requests.per.connection': 1 },
      { orders: [0, 1, 2] },
      {
        randomBelow: (bound) => {
          draws.push(bound)
          return 0
        },
      },
    )
    for (const partition of [0, 1, 2]) cluster.produce('v', { partition })
    draws.length = 0
    // One request is under way to each broker: the sticky batches wait in the queues.
    for (let record = 0; record < 4; record++) cluster.produce('s', { valueBytes: 100 })
    expect(draws).toEqual([3, 3, 5, 7, 9])
  })

  it('[KP2] chooses uniformly with partitioner.adaptive.partitioning.enable=false', () => {
    const draws: number[] = []
    const cluster = new ProducerCluster(
      {
        'batch.size': 1,
        'linger.ms': 0,
        'max.in.flight.requests.per.connection': 1,
        'partitioner.adaptive.partitioning.enable': false,
      },
      { orders: [0, 1, 2] },
      {
        randomBelow: (bound) => {
          draws.push(bound)
          return 0
        },
      },
    )
    for (const partition of [0, 1, 2]) cluster.produce('v', { partition })
    draws.length = 0
    for (let record = 0; record < 4; record++) cluster.produce('s', { valueBytes: 100 })
    expect(new Set(draws)).toEqual(new Set([3]))
  })

  it('[KP2] makes up for a switch that it put off once the batch has gone', () => {
    const choices = [2, 1]
    const { topic } = accumulator({ 'batch.size': 200 })
    const config = producerConfig({ 'batch.size': 200 })
    const accum = new Accumulator(
      config,
      new ProducerMetadata(config, [1], () => 0),
      () => choices.shift() ?? 0,
    )
    append(accum, topic, ANY_PARTITION, 10)
    const queue = accum.lastPartition
    expect(queue?.partition).toBe(2)
    queue?.batches.splice(0)
    append(accum, topic, ANY_PARTITION, 1)
    expect(accum.lastPartition?.partition).toBe(1)
  })

  it('[KP2] chooses uniformly while a partition has had no batch', () => {
    const draws: number[] = []
    const { accum, topic } = accumulator({ 'batch.size': 1 }, (bound) => {
      draws.push(bound)
      return 0
    })
    append(accum, topic, 1, 1)
    append(accum, topic, ANY_PARTITION, 1)
    append(accum, topic, 0, 1)
    accum.findReady(false, 0)
    draws.length = 0
    append(accum, topic, ANY_PARTITION, 1)
    expect(draws).toEqual([3])
  })

  it.each([
    [50, [3], 0],
    [51, [1], 2],
  ])('[KP2] with a broker that took no batch for %d ms draws below %j', (millis, bounds, partition) => {
    const draws: number[] = []
    const { accum, topic } = accumulator(
      { 'batch.size': 1, 'partitioner.availability.timeout.ms': 50, 'linger.ms': 0 },
      (bound) => {
        draws.push(bound)
        return 0
      },
    )
    append(accum, topic, ANY_PARTITION, 1)
    for (const other of [1, 2]) append(accum, topic, other, 1)
    accum.updateLatency(1, true, 0)
    accum.updateLatency(1, false, millis)
    accum.findReady(false, millis)
    draws.length = 0
    append(accum, topic, ANY_PARTITION, 1)
    append(accum, topic, ANY_PARTITION, 1)
    expect(draws.slice(0, 1)).toEqual(bounds)
    expect(accum.lastPartition?.partition).toBe(partition)
  })
})
