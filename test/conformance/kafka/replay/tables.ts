import { CLIENT_ASSIGNORS } from '../../../../sim/kafka/assignor/client-assignor.ts'
import type { TopicPartition } from '../../../../sim/kafka/assignor/subscription.ts'
import { coordinatorPartition } from '../../../../sim/kafka/coordinator/coordinator-partition.ts'
import { murmur2, partitionOf } from '../../../../sim/kafka/murmur2.ts'
import type { Fields, Value } from '../history.ts'

interface Member {
  readonly topics: readonly string[]
  readonly groupInstanceId?: string
  readonly owned?: Readonly<Record<string, readonly number[]>>
  readonly generation?: number
}

/** What the simulator computes for a row of a table. */
export function computed(name: string, input: Fields): Value {
  switch (name) {
    case 'murmur2':
      return murmur2(String(input.key))
    case 'partitionForKey':
      return partitionOf(String(input.key), Number(input.partitions))
    case 'coordinatorPartition':
      return coordinatorPartition(String(input.id), Number(input.partitions))
    default:
      return assigned(
        name,
        input.topics as Readonly<Record<string, number>>,
        input.members as unknown as Readonly<Record<string, Member>>,
      )
  }
}

function assigned(
  name: string,
  topics: Readonly<Record<string, number>>,
  members: Readonly<Record<string, Member>>,
): Value {
  const assignor = CLIENT_ASSIGNORS.get(name)
  if (assignor === undefined) throw new Error(`no assignor ${name}`)
  const joined = Object.entries(members).map(([memberId, { owned = {}, generation = -1, ...member }]) => {
    const ownedPartitions = Object.entries(owned).flatMap(([topic, partitions]) =>
      partitions.map((partition) => ({ topic, partition })),
    )
    const userData = name === 'sticky' ? { previousAssignment: ownedPartitions, generation } : null
    return {
      memberId,
      groupInstanceId: member.groupInstanceId ?? null,
      metadata: { topics: member.topics, userData, ownedPartitions, generationId: generation },
    }
  })
  const assignment = assignor.assign(new Map(Object.entries(topics)), joined, joined[0]?.memberId ?? '')
  return Object.fromEntries(
    Object.keys(members).map((memberId) => [memberId, byTopic(assignment.get(memberId) ?? [])]),
  )
}

function byTopic(partitions: readonly TopicPartition[]): Fields {
  const topics: Record<string, number[]> = {}
  for (const { topic, partition } of partitions) {
    const ofTopic = topics[topic] ?? []
    ofTopic.push(partition)
    topics[topic] = ofTopic
  }
  return topics
}
