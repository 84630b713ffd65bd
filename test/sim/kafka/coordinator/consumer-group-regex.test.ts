import { describe, expect, it } from 'vitest'
import { compileTopicRegex } from '../../../../sim/kafka/coordinator/consumer-group-regex.ts'
import { accepted, Bench, listed } from '../../../fixtures/consumer-group.ts'

const joining = (regex: string) => ({ subscribedTopicNames: null, subscribedTopicRegex: regex })

/** A member that reads ba.*, which is bar, at epoch 2. */
function reader(): Bench {
  const bench = new Bench({ foo: 2, bar: 1 })
  expect(bench.join('m', [], joining('ba.*'))).toEqual(accepted('m', 1, {}))
  bench.uniform.prepared = { m: { bar: [0] } }
  bench.sleep(5000)
  expect(bench.heartbeat('m', 1)).toEqual(accepted('m', 2, { bar: [0] }))
  return bench
}

describe('subscriptions by expression', () => {
  it('[KN7] are resolved after the heartbeat that brings them, and assigned by the next one', () => {
    const bench = reader()
    expect(bench.uniform.asked?.members.get('m')?.subscribedTopics).toEqual(new Set(['bar']))
    expect(bench.group.state).toBe('Stable')
  })

  it('[KN7] of a kind that is resolved already are assigned at once', () => {
    const bench = reader()
    bench.uniform.prepared = { m: {}, m2: { bar: [0] } }
    expect(bench.join('m2', [], joining('ba.*'))).toEqual(accepted('m2', 3, {}))
    expect(bench.uniform.asked?.members.get('m2')?.subscribedTopics).toEqual(new Set(['bar']))
  })

  it('[KN7] follow new topics, not more often than every 10 s', () => {
    const bench = reader()
    bench.topics.counts.set('baz', 1)
    bench.coordinator.onTopicsChanged(['baz'])
    bench.sleep(5000)
    bench.heartbeat('m', 2)
    expect(bench.group.groupEpoch).toBe(2)
    bench.sleep(1)
    bench.heartbeat('m', 2)
    expect(bench.group.groupEpoch).toBe(3)
    bench.uniform.prepared = { m: { bar: [0], baz: [0] } }
    expect(bench.heartbeat('m', 2)).toEqual(accepted('m', 3, { bar: [0], baz: [0] }))
  })

  it('[KN7] are looked at again every refresh interval', () => {
    const bench = new Bench({ bar: 1 }, { 'group.consumer.regex.refresh.interval.ms': 20_000 })
    bench.join('m', [], joining('ba.*'))
    bench.heartbeat('m', 1)
    bench.topics.counts.set('baz', 1)
    bench.sleep(20_000)
    bench.heartbeat('m', 2)
    expect(bench.group.groupEpoch).toBe(2)
    bench.sleep(1)
    bench.heartbeat('m', 2)
    expect(bench.group.groupEpoch).toBe(3)
  })

  it('[KN7] add to those by name', () => {
    const bench = reader()
    bench.uniform.prepared = { m: { bar: [0], foo: [0, 1] } }
    const response = bench.heartbeat('m', 2, { subscribedTopicNames: ['foo'] })
    expect(response).toEqual(accepted('m', 3, { bar: [0], foo: [0, 1] }))
    expect(bench.group.topics).toEqual(
      new Map([
        ['foo', 2],
        ['bar', 1],
      ]),
    )
  })

  it('[KN7] are forgotten with the last member that had them', () => {
    const bench = reader()
    const { regexes } = bench.group
    bench.join('m2', [], joining('ba.*'))
    bench.heartbeat('m', -1)
    expect([...regexes.topicsByRegex.keys()]).toEqual(['ba.*'])
    bench.heartbeat('m2', -1)
    expect([...regexes.topicsByRegex.keys()]).toEqual([])
    expect(bench.group.topics).toEqual(new Map())
  })

  it('[KN7] that end take their topics away at once', () => {
    const bench = reader()
    bench.uniform.prepared = { m: { foo: [0] } }
    const change = {
      subscribedTopicNames: ['foo'],
      subscribedTopicRegex: '',
      topicPartitions: listed({ bar: [0] }),
    }
    expect(bench.heartbeat('m', 2, change)).toEqual(accepted('m', 2, {}))
    expect(bench.member('m')).toMatchObject({ state: 'UNREVOKED_PARTITIONS' })
    expect(bench.group.topics).toEqual(new Map([['foo', 2]]))
  })

  it('[KN7] that are none are refused', () => {
    const bench = new Bench({ foo: 1 })
    expect(bench.join('m', [], joining('[')).errorCode).toBe('INVALID_REGULAR_EXPRESSION')
    expect(bench.coordinator.group('g')).toBeUndefined()
  })

  it('[KN7] are known to a coordinator that takes over', () => {
    const bench = reader()
    const snapshot = bench.coordinator.snapshot('g')
    if (snapshot === undefined) throw new Error('no snapshot')
    const next = new Bench({ foo: 2, bar: 1 })
    next.coordinator.load(snapshot, 5000)
    next.nowMillis = 5000
    expect(next.heartbeat('m', 2)).toEqual(accepted('m', 2))
    expect(next.group.groupEpoch).toBe(2)
  })

  it.each([
    ['ba.', 'bar', true],
    ['ba', 'bar', false],
    ['ar', 'bar', false],
    ['foo|bar', 'bar', true],
    ['foo|bar', 'food', false],
  ] as const)('[KN7] match whole names: %s and %s', (regex, topic, expected) => {
    expect(compileTopicRegex(regex)?.test(topic)).toBe(expected)
  })
})
