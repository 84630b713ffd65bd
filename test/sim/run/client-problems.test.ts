import { service } from 'faultline'
import { describe, expect, it } from 'vitest'
import { clientProblems } from '../../../sim/run/client-problems.ts'
import { outlineOf } from '../../../sim/run/outline.ts'
import { systemProblems } from '../../../sim/run/system-problems.ts'
import type { ClientSettings } from '../../../sim/service/client-settings.ts'
import type { System } from '../../../sim/service/system.ts'
import { PLAIN_MESSAGING } from '../../fixtures/stage.ts'
import toll from '../../fixtures/toll/system.ts'

const NONE = { service: 'relay', consumer: {}, producer: {}, isTransactional: false }
const problems = (cluster: unknown, own: Partial<ClientSettings>): string[] =>
  clientProblems(cluster, [{ ...NONE, ...own }]).map(({ path, message }) => `${path.join(' ')}: ${message}`)

describe('what Kafka refuses of the clients of services', () => {
  it('[R1] [S47] is told where the file says it', () => {
    const [problem, ...others] = problems(
      { kafka: { 'linger.ms': 1, 'transaction.max.timeout.ms': 30_000 } },
      { isTransactional: true },
    )
    expect(problem).toMatch(
      /^cluster kafka transaction\.max\.timeout\.ms: service relay: kafkaTransactions: The transaction timeout/,
    )
    expect(others).toEqual([])
  })

  it('[R1] [S47] is told of the system where that says it alone', () => {
    expect(problems({ brokers: 1 }, { consumer: { 'session.timeout.ms': 1 } })).toEqual([
      'system: service relay: consumer.kafka: Heartbeat must be set lower than the session timeout',
    ])
  })

  it.each([undefined, { brokers: 0 }, { kafka: [] }, { kafka: { 'min.insync.replicas': 9 } }])(
    '[R1] is not asked of a cluster that there cannot be: %j',
    (cluster) => {
      expect(problems(cluster, {})).toEqual([])
      if (cluster !== undefined)
        expect(problems(cluster, { consumer: { 'session.timeout.ms': 1 } })).toEqual([])
    },
  )

  it('[R1] hinders nobody from saying what is in the system', () => {
    const slow = service(
      'slow',
      { ...PLAIN_MESSAGING, consumer: { kafka: { 'session.timeout.ms': 2_000_000 } } },
      () => {},
    )
    const system = toll as unknown as System
    const slower: System = {
      ...system,
      build: (params) => {
        const parts = system.build(params)
        return { ...parts, services: [...parts.services, slow] }
      },
    }
    const of = (kafka: object) => {
      const data = { system: 'toll', cluster: { kafka } }
      return systemProblems(data, outlineOf(slower, data))
    }
    expect(of({})).toMatchObject([{ path: ['system'] }])
    expect(of({ 'group.max.session.timeout.ms': 2_000_000 })).toEqual([])
  })
})
