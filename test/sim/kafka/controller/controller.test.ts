import { describe, expect, it } from 'vitest'
import { Metadata } from '../../../../sim/kafka/controller/metadata.ts'
import { ControllerBench } from '../../../fixtures/controller.ts'

const SESSION_MILLIS = 9_000
/** The controller looks for brokers that are silent at every eighth of a session. */
const TICK_MILLIS = SESSION_MILLIS / 8

/** The cluster as somebody knows it who has replayed everything. */
const image = ({ brokers, topics, nextProducerId, offset }: Metadata) =>
  structuredClone({ brokers, topics, nextProducerId, offset })

describe('registration', () => {
  it('[KC6] is of one incarnation while its session lives', () => {
    const bench = new ControllerBench()
    bench.start(1)
    const epoch = bench.epochOf(1)
    const register = (incarnationId: string, previousBrokerEpoch = -1) =>
      bench.controller.registerBroker({ brokerId: 1, incarnationId, previousBrokerEpoch }, bench.nowMillis)
    expect(register('another')).toEqual({ errorCode: 'DUPLICATE_BROKER_REGISTRATION', brokerEpoch: -1 })
    expect(register('incarnation 1')).toEqual({ errorCode: 'NONE', brokerEpoch: epoch })
    expect(bench.registration(1)?.fenced).toBe(false)
    bench.nowMillis = SESSION_MILLIS
    expect(register('another').errorCode).toBe('DUPLICATE_BROKER_REGISTRATION')
    bench.nowMillis += 1
    const answer = register('another')
    expect(answer.errorCode).toBe('NONE')
    expect(answer.brokerEpoch).toBeGreaterThan(epoch)
    expect(bench.registration(1)).toMatchObject({ fenced: true, brokerEpoch: answer.brokerEpoch })
    // The session of the old life ends without a trace.
    const { offset } = bench.controller.metadata
    bench.controller.advance(2 * SESSION_MILLIS)
    expect(bench.controller.metadata.offset).toBe(offset)
  })

  it('[KC6] [KC8] of a broker that was shutting down need not wait (KAFKA-19047)', () => {
    const bench = new ControllerBench()
    bench.start(1, 2)
    bench.create('foo', [[1, 2]])
    bench.heartbeat(1, { wantShutDown: true })
    expect(bench.registerAfter(1, bench.epochOf(1))).toBe('NONE')
    expect(bench.registration(1)).toMatchObject({ fenced: true, inControlledShutdown: false })
    expect(bench.registerAfter(2, bench.epochOf(2))).toBe('DUPLICATE_BROKER_REGISTRATION')
  })

  it('[KC8] again of the same incarnation has it ask anew whether it may stop', () => {
    const bench = new ControllerBench()
    bench.start(1, 2)
    bench.create('foo', [[1, 2]])
    const stop = () => bench.heartbeat(1, { wantShutDown: true }).shouldShutDown
    expect([stop(), stop()]).toEqual([false, false])
    const request = { brokerId: 1, incarnationId: 'incarnation 1', previousBrokerEpoch: -1 }
    bench.controller.registerBroker(request, 0)
    expect(stop()).toBe(true)
  })

  it.each([
    { elr: 1, clean: false, after: { isr: [2], elr: [] } },
    { elr: 1, clean: true, after: { isr: [2], elr: [1] } },
    { elr: 0, clean: false, after: { isr: [2], elr: [] } },
  ] as const)('[KC7] after a shutdown, ELR $elr, in order $clean, leaves $after', ({ elr, clean, after }) => {
    const bench = new ControllerBench({ 'eligible.leader.replicas.version': elr })
    bench.start(1, 2)
    bench.create('foo', [[1, 2]], { 'min.insync.replicas': 2 })
    bench.nowMillis = SESSION_MILLIS + 1
    bench.heartbeat(2)
    bench.registerAfter(1, clean ? bench.epochOf(1) : -1)
    expect(bench.partition()).toMatchObject({ leader: 2, ...after })
  })

  it('[KC7] unclean takes a broker out of an ELR in which it was already', () => {
    const bench = new ControllerBench({ 'eligible.leader.replicas.version': 1 })
    bench.start(1, 2)
    bench.create('foo', [[1, 2]], { 'min.insync.replicas': 2 })
    bench.fence(1)
    expect(bench.partition()).toMatchObject({ isr: [2], elr: [1] })
    bench.nowMillis = SESSION_MILLIS + 1
    bench.registerAfter(1, -1)
    expect(bench.partition()).toMatchObject({ isr: [2], elr: [] })
  })
})

describe('heartbeats', () => {
  it('[KC6] unfence a broker that knows of its own registration', () => {
    const bench = new ControllerBench()
    bench.register(1)
    const { offset } = bench.controller.metadata
    const answer = { errorCode: 'NONE', isCaughtUp: false, isFenced: true, shouldShutDown: false }
    expect(bench.heartbeat(1, { currentMetadataOffset: offset - 1 })).toEqual(answer)
    expect(bench.heartbeat(1, { wantFence: true })).toEqual({ ...answer, isCaughtUp: true })
    expect(bench.heartbeat(1)).toEqual({ ...answer, isCaughtUp: true, isFenced: false })
    expect(bench.registration(1)?.fenced).toBe(false)
  })

  it('[KC6] of another life, or of nobody, are stale', () => {
    const bench = new ControllerBench()
    bench.start(1)
    const request = { wantFence: false, wantShutDown: false, currentMetadataOffset: 100 }
    const beat = (brokerId: number, brokerEpoch: number) =>
      bench.controller.brokerHeartbeat({ ...request, brokerId, brokerEpoch }, 0).errorCode
    expect([beat(1, bench.epochOf(1) - 1), beat(2, 0), beat(1, bench.epochOf(1))]).toEqual([
      'STALE_BROKER_EPOCH',
      'STALE_BROKER_EPOCH',
      'NONE',
    ])
  })

  it('[KC6] that stay away have a broker fenced at the first look after its session', () => {
    const bench = new ControllerBench()
    bench.start(1, 2)
    bench.create('foo', [[1, 2]])
    const { controller } = bench
    expect(controller.nextDeadlineMillis()).toBe(SESSION_MILLIS + TICK_MILLIS)
    bench.nowMillis = 2_000
    bench.heartbeat(2)
    controller.advance(SESSION_MILLIS + TICK_MILLIS - 1)
    expect(bench.registration(1)?.fenced).toBe(false)
    controller.advance(SESSION_MILLIS + TICK_MILLIS)
    expect(bench.registration(1)?.fenced).toBe(true)
    expect(bench.partition()).toMatchObject({ leader: 2, isr: [2] })
    expect(controller.nextDeadlineMillis()).toBe(SESSION_MILLIS + 2 * TICK_MILLIS)
  })

  it('[KC8] move leaders off a broker that wants to stop, and let it stop when the others know', () => {
    const bench = new ControllerBench()
    bench.start(1, 2)
    bench.create('foo', [[1, 2]])
    const answer = { errorCode: 'NONE', isCaughtUp: true, isFenced: false, shouldShutDown: false }
    expect(bench.heartbeat(1, { wantShutDown: true })).toEqual(answer)
    expect(bench.partition()).toMatchObject({ leader: 2, isr: [2], leaderEpoch: 1 })
    expect(bench.registration(1)).toMatchObject({ inControlledShutdown: true, fenced: false })
    expect(bench.heartbeat(1, { wantShutDown: true }).shouldShutDown).toBe(false)
    bench.heartbeat(2)
    expect(bench.heartbeat(1, { wantShutDown: true })).toMatchObject({ isFenced: true, shouldShutDown: true })
    expect(bench.registration(1)?.fenced).toBe(true)
  })
})

describe('another controller', () => {
  it('[KC10] knows what is in the metadata log, and nothing else', () => {
    const bench = new ControllerBench({ 'eligible.leader.replicas.version': 1 })
    const { controller } = bench
    bench.start(1, 2, 3)
    bench.create('foo', [[1, 2, 3]], { 'min.insync.replicas': 2 })
    bench.create('bar', [[3]])
    bench.fence(3)
    controller.allocateProducerIds({ brokerId: 1, brokerEpoch: bench.epochOf(1) })
    controller.deleteTopics(['bar'])
    const before = image(controller.metadata)
    bench.nowMillis = 5_000
    controller.failover(5_000)
    expect(controller.epoch).toBe(2)
    expect(image(controller.metadata)).toEqual(before)
    // Who is unfenced gets a whole session; who is fenced has none to lose.
    expect(controller.nextDeadlineMillis()).toBe(5_000 + SESSION_MILLIS + TICK_MILLIS)
    expect(bench.registerAfter(3, -1)).toBe('NONE')
    expect(bench.registerAfter(1, -1)).toBe('DUPLICATE_BROKER_REGISTRATION')
  })

  it('[KC10] is asked to stop anew', () => {
    const bench = new ControllerBench()
    bench.start(1, 2)
    bench.create('foo', [[1, 2]])
    bench.heartbeat(1, { wantShutDown: true })
    bench.controller.failover(0)
    expect(bench.registration(1)?.inControlledShutdown).toBe(true)
    expect(bench.heartbeat(1, { wantShutDown: true }).shouldShutDown).toBe(true)
  })

  it('[KC10] brokers know as much as they have replayed, in whole batches', () => {
    const bench = new ControllerBench()
    bench.start(1, 2)
    bench.create('foo', [[1, 2]])
    const broker = new Metadata()
    const [first, second, ...others] = bench.controller.changesSince(0)
    if (first === undefined || second === undefined) throw new Error('two batches at least')
    expect(broker.replay(first)).toBe(true)
    expect(broker.replay(first)).toBe(false)
    expect(broker.topics.size).toBe(0)
    for (const batch of others) expect(broker.replay(batch)).toBe(false)
    for (const batch of bench.controller.changesSince(broker.offset + 1)) broker.replay(batch)
    expect(image(broker)).toEqual(image(bench.controller.metadata))
  })
})

describe('producer ids', () => {
  it('[KC13] come in blocks that never overlap, whoever asks and whoever answers', () => {
    const bench = new ControllerBench()
    bench.start(1, 2)
    const { controller } = bench
    const allocate = (brokerId: number, brokerEpoch = bench.epochOf(brokerId)) =>
      controller.allocateProducerIds({ brokerId, brokerEpoch })
    expect(allocate(1)).toEqual({ errorCode: 'NONE', producerIdStart: 0, producerIdLen: 1_000 })
    expect(allocate(2)).toEqual({ errorCode: 'NONE', producerIdStart: 1_000, producerIdLen: 1_000 })
    controller.failover(0)
    expect(allocate(1).producerIdStart).toBe(2_000)
    expect([allocate(1, -1).errorCode, allocate(3, 0).errorCode]).toEqual([
      'STALE_BROKER_EPOCH',
      'STALE_BROKER_EPOCH',
    ])
    expect(allocate(2).producerIdStart).toBe(3_000)
  })
})

describe('configuration of a topic', () => {
  it('[KC12] changes where it is named, and goes back to the default', () => {
    const bench = new ControllerBench()
    bench.start(1)
    bench.create('foo', [[1]], { 'retention.ms': 1_000, 'cleanup.policy': 'compact' })
    const alter = (configs: Parameters<typeof bench.controller.alterTopicConfigs>[1], topic = 'foo') =>
      bench.controller.alterTopicConfigs(topic, configs)
    expect(alter({ 'retention.ms': 2_000, 'cleanup.policy': null })).toBe('NONE')
    expect(bench.controller.metadata.topics.get('foo')?.configs).toEqual({ 'retention.ms': 2_000 })
    expect(alter({ 'min.insync.replicas': 'two' })).toBe('INVALID_CONFIG')
    expect(alter({}, 'bar')).toBe('UNKNOWN_TOPIC_OR_PARTITION')
  })

  it.each([
    { elr: 1, config: 'min.insync.replicas', eligible: [] },
    { elr: 1, config: 'retention.ms', eligible: [2] },
  ] as const)('[KC4] of $config leaves $eligible eligible', ({ elr, config, eligible }) => {
    const bench = new ControllerBench({ 'eligible.leader.replicas.version': elr })
    bench.start(1, 2)
    bench.create('foo', [[1, 2]], { 'min.insync.replicas': 2 })
    bench.fence(2)
    expect(bench.partition()).toMatchObject({ isr: [1], elr: [2] })
    bench.controller.alterTopicConfigs('foo', { [config]: 1 })
    expect(bench.partition()).toMatchObject({ isr: [1], elr: eligible })
  })
})
