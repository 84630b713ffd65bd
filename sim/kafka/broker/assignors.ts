import { SERVER_ASSIGNORS, type ServerAssignor } from '../assignor/server-assignor.ts'
import type { ConsumerGroupAssignor } from '../coordinator/target-assignment.ts'

/** The assignors of Kafka's brokers, as the coordinator of consumer groups uses them. */
export function brokerAssignors(): ReadonlyMap<string, ConsumerGroupAssignor> {
  return new Map([...SERVER_ASSIGNORS].map(([name, assignor]) => [name, adapted(assignor)]))
}

function adapted(assignor: ServerAssignor): ConsumerGroupAssignor {
  return ({ members }, topics) => {
    const modern = [...members].map(([memberId, spec]) => ({
      memberId,
      instanceId: spec.instanceId,
      subscribedTopicNames: [...spec.subscribedTopics],
      assignment: [...spec.assignedPartitions].flatMap(([topic, partitions]) =>
        [...partitions].map((partition) => ({ topic, partition })),
      ),
    }))
    const assigned = new Map<string, Map<string, Set<number>>>()
    for (const [memberId, partitions] of assignor.assign(topics, modern)) {
      const byTopic = new Map<string, Set<number>>()
      for (const { topic, partition } of partitions) {
        const ofTopic = byTopic.get(topic)
        if (ofTopic === undefined) byTopic.set(topic, new Set([partition]))
        else ofTopic.add(partition)
      }
      assigned.set(memberId, byTopic)
    }
    return assigned
  }
}
