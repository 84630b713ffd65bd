import { describe, expect, it } from 'vitest'
import { BrokerHeartbeats } from '../../../../sim/kafka/controller/heartbeat.ts'

/** Facts of Kafka's BrokerHeartbeatManagerTest and BrokerHeartbeatTrackerTest: sessions of 10 ms. */
const WISH = { wantFence: false, wantShutDown: false, currentMetadataOffset: -1 }

function registered(count: number): BrokerHeartbeats {
  const heartbeats = new BrokerHeartbeats(10)
  for (let id = 0; id < count; id++) heartbeats.register(id, true)
  return heartbeats
}

describe('sessions', () => {
  it('[KC6] are of one life of a broker', () => {
    const heartbeats = registered(3)
    expect(heartbeats.hasValidSession(0, 100, 0)).toBe(false)
    heartbeats.contact(0, 100, 0)
    heartbeats.contact(1, 100, 5)
    heartbeats.contact(2, 200, 5)
    const valid = (id: number, epoch: number) => heartbeats.hasValidSession(id, epoch, 5)
    expect([valid(0, 100), valid(0, 200), valid(1, 100), valid(2, 200), valid(3, 300)]).toEqual([
      true,
      false,
      true,
      true,
      false,
    ])
  })

  it.each([
    { at: 0, valid: true },
    { at: 10, valid: true },
    { at: 10.001, valid: false },
  ])('[KC6] of 10 ms at $at ms: $valid', ({ at, valid }) => {
    const heartbeats = registered(1)
    heartbeats.contact(0, 100, 0)
    expect(heartbeats.hasValidSession(0, 100, at)).toBe(valid)
    expect(heartbeats.takeExpired(at)).toEqual(valid ? undefined : { brokerId: 0, brokerEpoch: 100 })
    expect(heartbeats.takeExpired(at)).toBeUndefined()
  })
})

describe('routine heartbeats', () => {
  it('[KC6] keep a session alive until the broker is heard of', () => {
    const heartbeats = registered(2)
    heartbeats.contact(0, 100, 0)
    heartbeats.suspend(0)
    heartbeats.suspend(1)
    expect(heartbeats.firstExpiryMillis()).toBe(Number.POSITIVE_INFINITY)
    expect(heartbeats.takeExpired(1e9)).toBeUndefined()
    heartbeats.contact(0, 100, 1_000)
    expect(heartbeats.takeExpired(1_010)).toBeUndefined()
    expect(heartbeats.takeExpired(1_011)).toEqual({ brokerId: 0, brokerEpoch: 100 })
  })
})

describe('states', () => {
  const five = () => {
    const heartbeats = registered(5)
    for (const [id, fenced, offset] of [
      [0, false, 100],
      [1, false, 100],
      [2, false, 98],
      [3, false, 100],
      [4, true, 100],
    ] as const)
      heartbeats.touch(id, fenced, offset)
    return heartbeats
  }

  it('[KC8] who is fenced or shutting down does not hold back the others', () => {
    const heartbeats = five()
    expect(heartbeats.lowestActiveOffset()).toBe(98)
    heartbeats.shutDownAfter(2, 0)
    expect(heartbeats.lowestActiveOffset()).toBe(100)
    expect([2, 3].map((id) => heartbeats.isShuttingDown(id))).toEqual([true, false])
    heartbeats.touch(2, true, 100)
    expect(heartbeats.isShuttingDown(2)).toBe(false)
  })

  it('[KC8] the first offset of a shutdown counts', () => {
    const heartbeats = five()
    heartbeats.shutDownAfter(2, 98)
    heartbeats.shutDownAfter(2, 101)
    expect(heartbeats.nextState(2, WISH, 0, () => false)).toBe('SHUTDOWN_NOW')
  })

  const six = () => {
    const heartbeats = registered(6)
    for (const [id, fenced, offset] of [
      [0, true, 100],
      [1, false, 98],
      [2, false, 100],
      [3, false, 100],
      [4, true, 100],
      [5, false, 99],
    ] as const)
      heartbeats.touch(id, fenced, offset)
    heartbeats.shutDownAfter(5, 99)
    return heartbeats
  }

  it.each([
    { id: 0, wish: { wantShutDown: true }, leads: false, next: 'SHUTDOWN_NOW' },
    { id: 0, wish: { currentMetadataOffset: 100 }, leads: false, next: 'UNFENCED' },
    { id: 0, wish: { currentMetadataOffset: 50 }, leads: false, next: 'FENCED' },
    { id: 0, wish: { wantFence: true }, leads: false, next: 'FENCED' },
    { id: 1, wish: { wantShutDown: true }, leads: true, next: 'CONTROLLED_SHUTDOWN' },
    { id: 1, wish: { wantShutDown: true }, leads: false, next: 'SHUTDOWN_NOW' },
    { id: 1, wish: {}, leads: false, next: 'UNFENCED' },
    { id: 1, wish: { wantFence: true }, leads: true, next: 'FENCED' },
    { id: 1, wish: { wantFence: true, wantShutDown: true }, leads: true, next: 'SHUTDOWN_NOW' },
    { id: 5, wish: { wantShutDown: true }, leads: true, next: 'CONTROLLED_SHUTDOWN' },
    { id: 5, wish: { wantShutDown: true }, leads: false, next: 'CONTROLLED_SHUTDOWN' },
  ])('[KC6] [KC8] broker $id, $wish, leading $leads: $next', ({ id, wish, leads, next }) => {
    expect(six().nextState(id, { ...WISH, ...wish }, 100, () => leads)).toBe(next)
  })

  it.each([
    { leads: true, next: 'CONTROLLED_SHUTDOWN' },
    { leads: false, next: 'SHUTDOWN_NOW' },
  ])('[KC8] when the slowest active broker is fenced, leading $leads: $next', ({ leads, next }) => {
    const heartbeats = six()
    heartbeats.register(1, true)
    expect(heartbeats.nextState(5, { ...WISH, wantShutDown: true }, 100, () => leads)).toBe(next)
  })

  it('[KC6] brokers that are not registered have none', () => {
    const heartbeats = six()
    expect(() => heartbeats.touch(6, false, 0)).toThrow('broker 6 is not registered')
    expect(() => heartbeats.nextState(7, WISH, 100, () => true)).toThrow('broker 7 is not registered')
  })
})
