import { coordinatorPartition } from '../coordinator/coordinator-partition.ts'
import type { BrokerContext } from './context.ts'

/** Where the offsets and the groups of consumers are kept. */
export const GROUP_METADATA_TOPIC = '__consumer_offsets'

/** Where transactions are kept. */
export const TRANSACTION_STATE_TOPIC = '__transaction_state'

/** Whether only brokers write to a topic. */
export function isInternal(topic: string): boolean {
  return topic === GROUP_METADATA_TOPIC || topic === TRANSACTION_STATE_TOPIC
}

/** The partition of an internal topic that coordinates a group or a transactional id. */
export function partitionFor(context: BrokerContext, topic: string, key: string): number {
  const { config, metadata } = context
  const configured =
    topic === GROUP_METADATA_TOPIC
      ? config['offsets.topic.num.partitions']
      : config['transaction.state.log.num.partitions']
  return coordinatorPartition(key, metadata.topics.get(topic)?.partitions.length ?? configured)
}
