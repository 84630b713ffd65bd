import { describe, expect, it } from 'vitest'
import {
  CONSUMER_DEFAULTS,
  type ConsumerSettings,
  consumerConfig,
  durationMillis,
} from '../../../../sim/kafka/consumer/config.ts'

const GROUP = { 'group.id': 'g' }

describe('consumer configuration', () => {
  it.each([
    [
      'an unknown key',
      { 'fetch.max.byte': 1 } as ConsumerSettings,
      'Unknown consumer configuration fetch.max.byte',
    ],
    [
      'heartbeats that are too rare',
      { ...GROUP, 'heartbeat.interval.ms': 45_000 },
      'Heartbeat must be set lower than the session timeout',
    ],
    ['auto-commit without a group', { 'enable.auto.commit': true }, 'default group id (null) is used'],
    ['an empty group', { 'group.id': '' }, 'group.id'],
    ['no records a poll', { 'max.poll.records': 0 }, 'Value must be at least 1'],
    ['half a millisecond', { 'fetch.max.wait.ms': 0.5 }, 'must be a whole number'],
    ['an unknown reset', { 'auto.offset.reset': 'first' as 'none' }, 'must be either earliest, latest'],
    ['a duration of nothing', { 'auto.offset.reset': 'by_duration:P' }, 'by_duration'],
    [
      'assignors of the other protocol',
      { ...GROUP, 'group.protocol': 'consumer', 'partition.assignment.strategy': ['range'] },
      'partition.assignment.strategy cannot be set when group.protocol=CONSUMER',
    ],
    [
      'sessions of the other protocol',
      { ...GROUP, 'group.protocol': 'consumer', 'session.timeout.ms': 10_000 },
      'session.timeout.ms cannot be set when group.protocol=CONSUMER',
    ],
    [
      'a remote assignor of the other protocol',
      { ...GROUP, 'group.remote.assignor': 'uniform' },
      'group.remote.assignor cannot be set when group.protocol=CLASSIC',
    ],
    [
      'an unknown assignor',
      { ...GROUP, 'partition.assignment.strategy': ['fair'] },
      'partition.assignment.strategy: no such assignor',
    ],
    [
      'an assignor twice',
      { ...GROUP, 'partition.assignment.strategy': ['range', 'range'] },
      'Duplicate values',
    ],
    [
      'an isolation level',
      { 'isolation.level': 'serializable' as 'read_committed' },
      'String must be one of',
    ],
  ] satisfies [string, ConsumerSettings, string][])('[KF10] refuses %s', (_, settings, message) => {
    expect(() => consumerConfig(settings)).toThrow(message)
  })

  it('[KF10] turns auto-commit on with a group and off without, unless it is said', () => {
    expect(consumerConfig(GROUP)['enable.auto.commit']).toBe(true)
    expect(consumerConfig({})['enable.auto.commit']).toBe(false)
    expect(consumerConfig({ ...GROUP, 'enable.auto.commit': false })['enable.auto.commit']).toBe(false)
    expect(consumerConfig({})).toEqual({ ...CONSUMER_DEFAULTS, 'enable.auto.commit': false })
  })

  it.each([
    ['by_duration:P7D', 604_800_000],
    ['by_duration:PT1H30M', 5_400_000],
    ['by_duration:PT0.25S', 250],
    ['by_duration:P1DT1S', 86_401_000],
    ['by_duration:-PT1H', undefined],
    ['by_duration:PT', undefined],
    ['by_duration:1h', undefined],
  ])('[KF10] reads %s as %s ms', (reset, millis) => {
    expect(durationMillis(reset)).toBe(millis)
  })
})
