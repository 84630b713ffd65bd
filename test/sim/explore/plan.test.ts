import { describe, expect, it } from 'vitest'
import { hasRoomFor } from '../../../sim/explore/plan.ts'
import { targetsOf } from '../../../sim/explore/survey.ts'
import type { FaultSpec } from '../../../sim/faults/spec.ts'
import type { KafkaSettings } from '../../../sim/kafka/config.ts'
import { scenarioOf } from '../../../sim/run/scenario.ts'
import { toll } from '../../fixtures/toll.ts'

const at = '4ms'
const powerLoss: FaultSpec = { crashMachine: 'broker-2', restart: '247ms', at }
const crash: FaultSpec = { crash: 'broker-1', restart: '5s', at }
const shutDown: FaultSpec = { shutDown: 'broker-3', restart: '300ms', at: '10ms' }
const bothSafe: KafkaSettings = { 'min.insync.replicas': 2 }

function hasRoom(plan: readonly FaultSpec[], kafka = bothSafe, brokers = 3): boolean {
  const scenario = scenarioOf({ system: 'toll', cluster: { brokers, kafka } })
  const targets = targetsOf(toll(scenario).parts, scenario, { steps: [], endMicros: 1_000_000 })
  return hasRoomFor(plan.at(-1) as FaultSpec, plan.slice(0, -1), targets)
}

describe('room for one more fault in a plan', () => {
  it.each<{
    readonly title: string
    readonly plan: readonly FaultSpec[]
    readonly kafka?: KafkaSettings
    readonly brokers?: number
    readonly room: boolean
  }>([
    { title: 'a page cache, and nobody else', plan: [powerLoss], room: true },
    { title: 'a page cache where one replica is enough', plan: [powerLoss], kafka: {}, room: false },
    {
      title: 'a second page cache',
      plan: [powerLoss, { ...powerLoss, crashMachine: 'broker-1' }],
      room: false,
    },
    {
      title: 'a second page cache of min.insync.replicas 3',
      plan: [powerLoss, { ...powerLoss, crashMachine: 'broker-1' }],
      kafka: { 'min.insync.replicas': 3 },
      room: true,
    },
    { title: 'a page cache and one other broker', plan: [powerLoss, crash], room: true },
    { title: 'a page cache and both other brokers', plan: [powerLoss, crash, shutDown], room: false },
    { title: 'the same in another order', plan: [shutDown, crash, powerLoss], room: false },
    { title: 'all brokers, and one page cache', plan: [{ crash: 'broker', at }, powerLoss], room: false },
    {
      title: 'a torn tail of the scenario and both other brokers',
      plan: [{ tornTail: 'broker-2', at }, crash, shutDown],
      room: false,
    },
    {
      title: 'three brokers of five: some partition has no other replicas',
      plan: [powerLoss, crash, shutDown],
      brokers: 5,
      room: false,
    },
    {
      title: 'a page cache and one other broker, with two replicas',
      plan: [powerLoss, crash],
      kafka: { ...bothSafe, 'default.replication.factor': 2 },
      room: false,
    },
    {
      title: 'a broker that is cut off from the controller',
      plan: [powerLoss, crash, { partition: ['broker-3', 'controller'], for: '5s', at }],
      room: false,
    },
    {
      title: 'a page cache, another broker, and the controller',
      plan: [powerLoss, crash, { crash: 'controller', at }],
      room: true,
    },
    {
      title: 'a service that does not reach the third broker',
      plan: [powerLoss, crash, { partition: ['barrier', 'broker-3'], for: '5s', at }],
      room: true,
    },
    {
      title: 'all brokers, which keep their page caches',
      plan: [crash, { crash: 'broker-2', at }, shutDown],
      room: true,
    },
  ])('[X3] of $title: $room', ({ plan, kafka, brokers, room }) => {
    expect(hasRoom(plan, kafka, brokers)).toBe(room)
  })
})
