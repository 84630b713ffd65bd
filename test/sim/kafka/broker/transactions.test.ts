import { describe, expect, it } from 'vitest'
import { ask } from '../../../fixtures/broker-client.ts'
import { BrokerCluster } from '../../../fixtures/broker-cluster.ts'

const SECOND = 1_000
const LOG = '__transaction_state'

/**
 * Three brokers, and a transactional producer that has an id and no transaction. The replicas of the transaction log are in
 * the order in which they will lead it.
 */
function begun(switches: { readonly coordinatorAwaitsReplication?: boolean }) {
  const cluster = new BrokerCluster({
    brokers: 3,
    config: { 'transaction.state.log.num.partitions': 1 },
    controller: { 'auto.leader.rebalance.enable': false },
    switches,
  })
  cluster.createTopics([
    { name: 't', numPartitions: -1, replicationFactor: -1, assignments: [[1, 2, 3]], configs: {} },
  ])
  ask(cluster, 1, 'FindCoordinator', { keyType: 'TRANSACTION', key: 'x' })
  cluster.advanceTo(cluster.nowMillis + 5 * SECOND)
  const { replicas = [] } = cluster.controller.controller.metadata.partition(LOG, 0) ?? {}
  const init = { transactionalId: 'x', transactionTimeoutMs: 60_000, producerId: -1, producerEpoch: -1 }
  const [first = 0] = replicas
  // The first has no block of producer ids yet.
  ask(cluster, first, 'InitProducerId', init)
  const { response } = ask(cluster, first, 'InitProducerId', init)
  expect(response?.errorCode).toBe('NONE')
  const add = (broker: number) =>
    ask(cluster, broker, 'AddPartitionsToTxn', {
      transactions: [
        {
          transactionalId: 'x',
          producerId: response?.producerId ?? -1,
          producerEpoch: response?.producerEpoch ?? -1,
          verifyOnly: false,
          topics: [{ name: 't', partitions: [0] }],
        },
      ],
    })
  return { cluster, replicas, add }
}

type World = ReturnType<typeof begun>

function errorOf({ response }: ReturnType<World['add']>): string | undefined {
  if (response === undefined || !('resultsByTransaction' in response)) return undefined
  return response.resultsByTransaction[0]?.topicResults[0]?.resultsByPartition[0]?.partitionErrorCode
}

/** A broker dies, and another leads the log of transactions while a third stands still. @returns the leader */
function failOver({ cluster }: World, dies: number, standsStill: number): number {
  const leader = (): number => cluster.controller.controller.metadata.partition(LOG, 0)?.leader ?? -1
  cluster.kill(dies)
  cluster.resume(standsStill)
  // It must not lose its session as well.
  cluster.advanceTo(cluster.nowMillis + 5 * SECOND)
  cluster.pause(standsStill)
  while (leader() === dies) cluster.advanceTo(cluster.nowMillis + 100)
  return leader()
}

// A torture run found this first, as G1a and torn-transaction in seed 410.
describe('a new coordinator, of whose log a replica in sync does not have the end (apache/kafka#2849)', () => {
  /** The second coordinator has from the first that a partition is in the transaction; the third broker has not. */
  function unreplicated(switches: { readonly coordinatorAwaitsReplication?: boolean }) {
    const world = begun(switches)
    const { cluster, replicas, add } = world
    const [first = 0, second = 0, third = 0] = replicas
    cluster.pause(third)
    expect(add(first).isAnswered).toBe(false)
    expect(failOver(world, first, third)).toBe(second)
    return { ...world, second, third }
  }

  const stateOf = (cluster: BrokerCluster, broker: number): string | undefined =>
    ask(cluster, broker, 'DescribeTransactions', { transactionalIds: ['x'] }).response?.transactionStates[0]
      ?.transactionState

  it('[KT11] answers when it is replicated', () => {
    const { cluster, second, third, add } = unreplicated({})
    expect(errorOf(add(second))).toBe('COORDINATOR_LOAD_IN_PROGRESS')
    cluster.resume(third)
    cluster.advanceTo(cluster.nowMillis + SECOND)
    expect(errorOf(add(second))).toBe('NONE')
    expect(stateOf(cluster, second)).toBe('Ongoing')
  })

  it('[KT11] says nothing that the next does not know', () => {
    const world = unreplicated({})
    expect(failOver(world, world.second, world.third)).toBe(world.third)
    const { cluster, third, replicas, add } = world
    cluster.start(replicas[0] as number)
    cluster.resume(third)
    cluster.advanceTo(cluster.nowMillis + 5 * SECOND)
    expect(stateOf(cluster, third)).toBe('Empty')
    expect(add(third).isAnswered).toBe(true)
    expect(stateOf(cluster, third)).toBe('Ongoing')
  })

  it('[KT11] confirms what the next does not know where it does not wait, as in Kafka', () => {
    const world = unreplicated({ coordinatorAwaitsReplication: false })
    const { cluster, second, third, add } = world
    expect(errorOf(add(second))).toBe('NONE')
    expect(failOver(world, second, third)).toBe(third)
    cluster.resume(third)
    expect(stateOf(cluster, third)).toBe('Empty')
  })

  it('[KT11] forgets what it waits for when it leads no more', () => {
    const world = unreplicated({})
    const { cluster, second, third, add } = world
    const { controller } = cluster.controller
    controller.alterPartitionReassignments([{ topic: LOG, partition: 0, replicas: [third, second] }])
    ask(cluster, second, 'ElectLeaders', {
      electionType: 'PREFERRED',
      topicPartitions: [{ topic: LOG, partitions: [0] }],
    })
    cluster.resume(third)
    cluster.advanceTo(cluster.nowMillis + SECOND)
    expect(errorOf(add(second))).toBe('NOT_COORDINATOR')
  })
})
