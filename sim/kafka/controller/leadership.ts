import type { ErrorCode } from '../error-code.ts'
import type { MetadataRecord } from './record.ts'
import { hasPreferredLeader, NO_LEADER, type PartitionRegistration } from './registration.ts'
import type { ControllerState, TopicPartition } from './state.ts'

/** Which brokers an event concerns. */
interface BrokerEvent {
  /** Leaves ISR and leadership. */
  readonly removed?: number
  /** May lead from now on, though the metadata do not say so yet. */
  readonly added?: number
  /** Leaves ISR, ELR and leadership. */
  readonly uncleanShutdown?: number
}

/** ISR and leaders of some partitions after an event. Source: ReplicationControlManager.generateLeaderAndIsrUpdates. */
function isrUpdates(
  state: ControllerState,
  { removed, added, uncleanShutdown }: BrokerEvent,
  partitions: readonly TopicPartition[],
): MetadataRecord[] {
  const gone = (id: number) => id === removed || id === uncleanShutdown
  const isAcceptableLeader = (id: number) => !gone(id) && (id === added || state.isActive(id))
  const records: MetadataRecord[] = []
  for (const topicPartition of partitions) {
    const { isr } = state.metadata.partition(
      topicPartition.topic,
      topicPartition.partition,
    ) as PartitionRegistration
    const target = {
      election: state.ordinaryElection(topicPartition.topic),
      isr: isr.filter((id) => !gone(id)),
      uncleanShutdownReplicas: uncleanShutdown === undefined ? undefined : [uncleanShutdown],
    }
    const record = state.change(topicPartition, target, isAcceptableLeader)
    if (record !== undefined) records.push(record)
  }
  return records
}

const inIsr = (state: ControllerState, brokerId: number) =>
  state.partitionsWhere(({ isr }) => isr.includes(brokerId))
const inElr = (state: ControllerState, brokerId: number) =>
  state.partitionsWhere(({ elr }) => elr.includes(brokerId))

/** A broker is fenced: it leaves every ISR, and leads nothing (rules C3, C6). */
export function fenced(state: ControllerState, brokerId: number): MetadataRecord[] {
  return [
    ...isrUpdates(state, { removed: brokerId }, inIsr(state, brokerId)),
    { type: 'BrokerRegistrationChange', brokerId, fenced: true },
  ]
}

/** A broker is unfenced: partitions that nobody leads may have a leader now (rule C6). */
export function unfenced(state: ControllerState, brokerId: number): MetadataRecord[] {
  return [
    { type: 'BrokerRegistrationChange', brokerId, fenced: false },
    ...isrUpdates(state, { added: brokerId }, state.partitionsWhere(state.isLeaderless)),
  ]
}

/** A broker is shutting down: others lead what it led (rule C8). */
export function shuttingDown(state: ControllerState, brokerId: number): MetadataRecord[] {
  return [
    { type: 'BrokerRegistrationChange', brokerId, inControlledShutdown: true },
    ...isrUpdates(state, { removed: brokerId }, inIsr(state, brokerId)),
  ]
}

/** A broker is registered no more. As in Kafka it stays eligible where it was: if it comes back, it has proof or leaves. */
export function unregistered(state: ControllerState, brokerId: number): MetadataRecord[] {
  return [
    ...isrUpdates(state, { removed: brokerId }, inIsr(state, brokerId)),
    { type: 'UnregisterBroker', brokerId },
  ]
}

/**
 * A broker comes in another life. With eligible leader replicas, who cannot prove that it was shut down in order leaves
 * ISR and ELR, for it may have lost what it had; otherwise it only leaves the ISR, as if it were fenced (rule C7).
 */
export function restarted(state: ControllerState, brokerId: number, isClean: boolean): MetadataRecord[] {
  if (isClean) return isrUpdates(state, { removed: brokerId }, inIsr(state, brokerId))
  const event = { uncleanShutdown: brokerId }
  return [
    ...isrUpdates(state, event, inIsr(state, brokerId)),
    ...isrUpdates(state, event, inElr(state, brokerId)),
  ]
}

/** Election of one partition that an administrator, or the controller by itself, asks for (rule C2). */
export function election(
  state: ControllerState,
  topicPartition: TopicPartition,
  type: 'PREFERRED' | 'UNCLEAN',
): { readonly errorCode: ErrorCode; readonly record?: MetadataRecord } {
  const registration = state.metadata.partition(topicPartition.topic, topicPartition.partition)
  if (registration === undefined) return { errorCode: 'UNKNOWN_TOPIC_OR_PARTITION' }
  if (type === 'PREFERRED' ? hasPreferredLeader(registration) : registration.leader !== NO_LEADER)
    return { errorCode: 'ELECTION_NOT_NEEDED' }
  const record = state.change(topicPartition, { election: type })
  if (record !== undefined) return { errorCode: 'NONE', record }
  return {
    errorCode: type === 'PREFERRED' ? 'PREFERRED_LEADER_NOT_AVAILABLE' : 'ELIGIBLE_LEADERS_NOT_AVAILABLE',
  }
}
