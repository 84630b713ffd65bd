import { describe, expect, it } from 'vitest'
import { ControllerBench } from '../../../fixtures/controller.ts'

/** Facts of Kafka's ReplicationControlManagerTest. */
function three(): ControllerBench {
  const bench = new ControllerBench()
  bench.start(0, 1, 2)
  bench.create('foo', [[0, 1, 2]])
  return bench
}

describe('a leader that asks for another ISR', () => {
  it('[KC11] gets it, and hears what holds then', () => {
    const bench = three()
    const granted = { errorCode: 'NONE', leaderId: 0, leaderEpoch: 0, leaderRecoveryState: 'RECOVERED' }
    expect(bench.alter([0, 1])).toEqual({ ...granted, isr: [0, 1], partitionEpoch: 1 })
    expect(bench.alter([0, 1, 2])).toEqual({ ...granted, isr: [0, 1, 2], partitionEpoch: 2 })
    expect(bench.partition()).toMatchObject({ isr: [0, 1, 2], leaderEpoch: 0, partitionEpoch: 2 })
  })

  it.each([
    { what: 'who does not lead', isr: [0, 1], fields: { brokerId: 1 }, error: 'INVALID_REQUEST' },
    { what: 'another life', isr: [0, 1], fields: { brokerEpoch: -1 }, error: 'STALE_BROKER_EPOCH' },
    { what: 'a later leader epoch', isr: [0, 1], fields: { leaderEpoch: 500 }, error: 'NOT_CONTROLLER' },
    {
      what: 'a later partition epoch',
      isr: [0, 1],
      fields: { partitionEpoch: 500 },
      error: 'NOT_CONTROLLER',
    },
    {
      what: 'an earlier leader epoch',
      isr: [0, 1],
      fields: { leaderEpoch: -1 },
      error: 'FENCED_LEADER_EPOCH',
    },
    {
      what: 'an earlier partition epoch',
      isr: [0, 1],
      fields: { partitionEpoch: -1 },
      error: 'INVALID_UPDATE_VERSION',
    },
    { what: 'who is no replica', isr: [0, 1, 3], fields: {}, error: 'INVALID_REQUEST' },
    { what: 'nobody who leads', isr: [1, 2], fields: {}, error: 'INVALID_REQUEST' },
    { what: 'one twice', isr: [0, 1, 1], fields: {}, error: 'INVALID_REQUEST' },
    {
      what: 'more than the recovering',
      isr: [0, 1],
      fields: { leaderRecoveryState: 'RECOVERING' },
      error: 'INVALID_REQUEST',
    },
    {
      what: 'to recover again',
      isr: [0],
      fields: { leaderRecoveryState: 'RECOVERING' },
      error: 'INVALID_REQUEST',
    },
  ] as const)('[KC11] is refused: $what, $error', ({ isr, fields, error }) => {
    const bench = three()
    expect(bench.alter(isr, fields).errorCode).toBe(error)
    expect(bench.partition()).toMatchObject({ isr: [0, 1, 2], partitionEpoch: 0 })
  })

  it('[KC11] is refused for a partition that there is not', () => {
    const bench = three()
    expect(bench.alter([0], {}, 'foo', 1, bench.partition()).errorCode).toBe('UNKNOWN_TOPIC_OR_PARTITION')
    expect(bench.alter([0], {}, 'bar', 0, bench.partition()).errorCode).toBe('UNKNOWN_TOPIC_OR_PARTITION')
  })

  it('[KC11] is refused a member that is fenced, until it is not', () => {
    const bench = three()
    bench.fence(2)
    expect(bench.partition()).toMatchObject({ isr: [0, 1], leaderEpoch: 0, partitionEpoch: 1 })
    expect(bench.alter([0, 1, 2]).errorCode).toBe('INELIGIBLE_REPLICA')
    const newIsrWithEpochs = [0, 1, 2].map((brokerId) => ({ brokerId, brokerEpoch: -1 }))
    expect(bench.alter([], { newIsrWithEpochs }).errorCode).toBe('INELIGIBLE_REPLICA')
    bench.unfence(2)
    expect(bench.alter([0, 1, 2])).toMatchObject({ errorCode: 'NONE', isr: [0, 1, 2], partitionEpoch: 2 })
  })

  it('[KC11] is refused a member that is shutting down', () => {
    const bench = three()
    bench.shutDown(2)
    expect(bench.alter([0, 1, 2]).errorCode).toBe('INELIGIBLE_REPLICA')
  })

  it.each([
    { life: 'the one of now', epochOf: (epoch: number) => epoch, error: 'NONE' },
    { life: 'not said', epochOf: () => -1, error: 'NONE' },
    { life: 'an earlier one', epochOf: (epoch: number) => epoch - 1, error: 'INELIGIBLE_REPLICA' },
  ])('[KC11] is refused a member that fetched in another life: $life, $error', ({ epochOf, error }) => {
    const bench = three()
    bench.alter([0, 1])
    const newIsrWithEpochs = [0, 1, 2].map((brokerId) => {
      const brokerEpoch = bench.epochOf(brokerId)
      return { brokerId, brokerEpoch: brokerId === 2 ? epochOf(brokerEpoch) : brokerEpoch }
    })
    expect(bench.alter([], { newIsrWithEpochs }).errorCode).toBe(error)
  })

  it('[KC11] [KC2] ends its recovery with its first ISR', () => {
    const bench = three()
    bench.alter([0])
    bench.fence(0)
    bench.controller.electLeaders('UNCLEAN', undefined)
    expect(bench.partition()).toMatchObject({ leader: 1, isr: [1], leaderRecoveryState: 'RECOVERING' })
    const recovering = { leaderRecoveryState: 'RECOVERING' } as const
    expect(bench.alter([1], recovering).leaderRecoveryState).toBe('RECOVERING')
    expect(bench.alter([1, 2], recovering).errorCode).toBe('INVALID_REQUEST')
    expect(bench.alter([1, 2])).toMatchObject({ errorCode: 'NONE', leaderRecoveryState: 'RECOVERED' })
  })
})
