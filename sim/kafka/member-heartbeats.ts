import type { Network } from '../cluster/network.ts'
import { clockMillis } from '../kernel/time.ts'
import type { BrokerNode } from './broker-node.ts'
import type { ConsumerClient } from './consumer-client.ts'
import { Routine, type RoutineParties } from './routine.ts'

/** The heartbeats of a consumer to the coordinator of its group, while they are mere routine. */
export function memberRoutine(network: Network, client: ConsumerClient, coordinator: BrokerNode): Routine {
  const parties = new MemberHeartbeats(client, coordinator)
  return new Routine(network, client.process, coordinator.process, parties)
}

/** Whether the coordinator has a consumer as a member of a stable group. */
export function isStableMember({ groupId, consumer }: ConsumerClient, { broker }: BrokerNode): boolean {
  return broker?.isStable(groupId) === true && broker.hasMember(groupId, consumer.memberId)
}

/** What both do about heartbeats that are left out. */
class MemberHeartbeats implements RoutineParties {
  private readonly client: ConsumerClient
  private readonly coordinator: BrokerNode
  /** Whose session waits: the consumer may be another member, or none, by the time the routine ends. */
  private memberId = ''

  constructor(client: ConsumerClient, coordinator: BrokerNode) {
    this.client = client
    this.coordinator = coordinator
  }

  suspend(): void {
    const { client, coordinator } = this
    this.memberId = client.consumer.memberId
    coordinator.broker?.suspendSession(client.groupId, this.memberId)
    coordinator.routines.add(client)
  }

  resume(): void {
    const { client, coordinator, memberId } = this
    const { consumer, groupId, process, heartbeatIntervalMillis, sessionTimeoutMillis } = client
    const { nowMicros, cause } = process.kernel
    const nowMillis = clockMillis(nowMicros)
    coordinator.routines.delete(client)
    consumer.skipHeartbeats(nowMillis)
    const nextMillis = consumer.heartbeatDeadlineMillis()
    const heardMillis = Number.isFinite(nextMillis) ? nextMillis - heartbeatIntervalMillis : nowMillis
    const expiresMillis = heardMillis + sessionTimeoutMillis
    coordinator.resumeSession({ groupId, memberId, process: process.name, expiresMillis, cause }, heardMillis)
  }

  interrupted(): void {
    this.client.interrupt()
  }
}
