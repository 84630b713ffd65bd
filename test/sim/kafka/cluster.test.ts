import { expect, it } from 'vitest'
import { Network } from '../../../sim/cluster/network.ts'
import { Process } from '../../../sim/cluster/process.ts'
import { ClientChannel } from '../../../sim/kafka/client-channel.ts'
import { KafkaCluster } from '../../../sim/kafka/cluster.ts'
import { drive, kernelOf } from '../../fixtures/kernel.ts'
import { batchOf } from '../../fixtures/log.ts'

it('comes up', async () => {
  const kernel = kernelOf({ seed: 1, scheduling: 'random', recordTrace: true })
  const network = new Network(kernel)
  const cluster = new KafkaCluster(network, {}, 3)
  cluster.createTopic({ name: 'events', partitions: 6 })
  const client = network.add(new Process(kernel, 'client', 'client', () => {}))
  cluster.start([])
  for (const node of cluster.nodes.values())
    console.log(
      node.id,
      node.broker?.state,
      node.broker?.metadataOffset,
      [...(node.broker?.replicas.all.keys() ?? [])].length,
      node.broker?.workDeadlineMillis(),
      node.broker?.housekeepingDeadlineMillis(),
    )
  console.log(
    [...cluster.controller.controller.metadata.topics.get('events')!.partitions].map((p) =>
      JSON.stringify(p),
    ),
  )
  const channel = new ClientChannel(network, client, cluster.nodes, () => {})
  const leader = cluster.controller.controller.metadata.partition('events', 0)!.leader
  channel.send(
    leader,
    {
      api: 'Produce',
      apiVersion: 12,
      clientId: 'x',
      timeoutMillis: 30_000,
      body: {
        transactionalId: null,
        acks: -1,
        timeoutMs: 30_000,
        topicData: [{ name: 'events', partitionData: [{ index: 0, records: batchOf(['a']) }] }],
      },
    },
    (response, now) =>
      console.log('answered', now - 1_767_225_600_000, JSON.stringify(response), kernel.events),
  )
  await drive(kernel)
  console.log(kernel.nowMicros, kernel.events, kernel.failure)
  expect(1).toBe(1)
})
