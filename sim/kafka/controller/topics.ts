import type { ErrorCode } from '../error-code.ts'
import { type Choose, ReplicaPlacer, type UsableBroker } from './placement.ts'
import type { MetadataRecord, TopicConfigs } from './record.ts'
import { newPartition, type PartitionRegistration } from './registration.ts'
import type { ControllerState } from './state.ts'

/** One topic of a CreateTopics request; -1 stands for the cluster's default, or for "see the assignments". */
export interface CreatableTopic {
  readonly name: string
  readonly numPartitions: number
  readonly replicationFactor: number
  /** Replicas of each partition, if an administrator chose them. */
  readonly assignments?: readonly (readonly number[])[]
  readonly configs?: TopicConfigs
}

/** One topic of a CreatePartitions request. */
export interface CreatePartitionsTopic {
  readonly name: string
  /** Partitions that it is to have. */
  readonly count: number
  /** Replicas of each partition that is new, if an administrator chose them. */
  readonly assignments?: readonly (readonly number[])[]
}

export interface TopicResult {
  readonly name: string
  readonly errorCode: ErrorCode
}

type Planned =
  | { readonly errorCode: Exclude<ErrorCode, 'NONE'> }
  | { readonly errorCode: 'NONE'; readonly records: readonly MetadataRecord[] }

type Placed =
  | { readonly errorCode: Exclude<ErrorCode, 'NONE'> }
  | { readonly errorCode: 'NONE'; readonly registrations: readonly PartitionRegistration[] }

const NAME = /^[a-zA-Z0-9._-]{1,249}$/
const COLLIDING = /[._]/

/** Records that create a topic. Source: ReplicationControlManager.createTopic. Out of scope: quotas, policies. */
export function plannedTopic(state: ControllerState, topic: CreatableTopic, choose: Choose): Planned {
  const { name, configs = {} } = topic
  if (!isValidName(state, name)) return { errorCode: 'INVALID_TOPIC_EXCEPTION' }
  if (state.metadata.topics.has(name)) return { errorCode: 'TOPIC_ALREADY_EXISTS' }
  if (!areValidConfigs(configs)) return { errorCode: 'INVALID_CONFIG' }
  const placed = placedTopic(state, topic, choose)
  if (placed.errorCode !== 'NONE') return placed
  const records: MetadataRecord[] = [{ type: 'Topic', topic: name }]
  if (Object.keys(configs).length > 0) records.push({ type: 'Config', topic: name, configs })
  addPartitions(records, name, 0, placed.registrations)
  return { errorCode: 'NONE', records }
}

/** Records that add partitions to a topic. Source: ReplicationControlManager.createPartitions. */
export function plannedPartitions(
  state: ControllerState,
  { name, count, assignments }: CreatePartitionsTopic,
  choose: Choose,
): Planned {
  const topic = state.metadata.topics.get(name)
  if (topic === undefined) return { errorCode: 'UNKNOWN_TOPIC_OR_PARTITION' }
  const existing = topic.partitions.length
  if (count <= existing) return { errorCode: 'INVALID_PARTITIONS' }
  if (assignments !== undefined && assignments.length !== count - existing)
    return { errorCode: 'INVALID_REPLICA_ASSIGNMENT' }
  const replicationFactor = (topic.partitions[0] as PartitionRegistration).replicas.length
  const placed = assignments
    ? assigned(state, assignments, replicationFactor)
    : place(state, count - existing, replicationFactor, choose)
  if (placed.errorCode !== 'NONE') return placed
  const records: MetadataRecord[] = []
  addPartitions(records, name, existing, placed.registrations)
  return { errorCode: 'NONE', records }
}

/** Values of some configurations of a topic; null for the default. */
export type TopicConfigChanges = Readonly<Record<string, TopicConfigs[string] | null>>

/** The configuration of a topic after a change. */
export function changedConfigs(configs: TopicConfigs, changes: TopicConfigChanges): TopicConfigs {
  const next = new Map(Object.entries(configs))
  for (const [name, value] of Object.entries(changes)) {
    if (value === null) next.delete(name)
    else next.set(name, value)
  }
  return Object.fromEntries(next)
}

/** Whether the configuration that the controller reads makes sense. */
export function areValidConfigs(configs: TopicConfigs): boolean {
  const minIsr = configs['min.insync.replicas']
  const unclean = configs['unclean.leader.election.enable']
  return (
    (minIsr === undefined || (Number.isInteger(Number(minIsr)) && Number(minIsr) >= 1)) &&
    (unclean === undefined || ['true', 'false'].includes(String(unclean)))
  )
}

/** Whether an assignment by hand is possible: brokers that are registered, each once. */
export function isValidAssignment(
  state: ControllerState,
  replicas: readonly number[],
  replicationFactor = replicas.length,
): boolean {
  return (
    replicas.length > 0 &&
    replicas.every((id) => state.metadata.brokers.has(id)) &&
    new Set(replicas).size === replicas.length &&
    replicas.length === replicationFactor
  )
}

/** Names that differ in points and underscores only collide in the names of metrics. */
function isValidName(state: ControllerState, name: string): boolean {
  if (!NAME.test(name) || name === '.' || name === '..') return false
  if (!COLLIDING.test(name)) return true
  const unified = name.replaceAll('.', '_')
  for (const other of state.metadata.topics.keys())
    if (other.length === name.length && other !== name && other.replaceAll('.', '_') === unified) return false
  return true
}

function placedTopic(
  state: ControllerState,
  { numPartitions, replicationFactor, assignments = [] }: CreatableTopic,
  choose: Choose,
): Placed {
  if (assignments.length > 0) {
    if (replicationFactor !== -1 || numPartitions !== -1) return { errorCode: 'INVALID_REQUEST' }
    return assigned(state, assignments, (assignments[0] as readonly number[]).length)
  }
  if (replicationFactor < -1 || replicationFactor === 0) return { errorCode: 'INVALID_REPLICATION_FACTOR' }
  if (numPartitions < -1 || numPartitions === 0) return { errorCode: 'INVALID_PARTITIONS' }
  const { config } = state
  return place(
    state,
    numPartitions === -1 ? config['num.partitions'] : numPartitions,
    replicationFactor === -1 ? config['default.replication.factor'] : replicationFactor,
    choose,
  )
}

function assigned(
  state: ControllerState,
  assignments: readonly (readonly number[])[],
  replicationFactor: number,
): Placed {
  const registrations: PartitionRegistration[] = []
  for (const replicas of assignments) {
    const isr = replicas.filter(state.isActive)
    if (!isValidAssignment(state, replicas, replicationFactor) || isr.length === 0)
      return { errorCode: 'INVALID_REPLICA_ASSIGNMENT' }
    registrations.push(newPartition(replicas, isr))
  }
  return { errorCode: 'NONE', registrations }
}

function place(
  state: ControllerState,
  numPartitions: number,
  replicationFactor: number,
  choose: Choose,
): Placed {
  const placer = new ReplicaPlacer(usableBrokers(state), choose)
  if (placer.problem(replicationFactor) !== undefined) return { errorCode: 'INVALID_REPLICATION_FACTOR' }
  const registrations = new Array<PartitionRegistration>(numPartitions)
  for (let partition = 0; partition < numPartitions; partition += 1) {
    const replicas = placer.place(replicationFactor)
    const isr = replicas.every(state.isActive) ? replicas : replicas.filter(state.isActive)
    if (isr.length === 0) return { errorCode: 'INVALID_REPLICATION_FACTOR' }
    registrations[partition] = newPartition(replicas, isr)
  }
  return { errorCode: 'NONE', registrations }
}

/** Brokers that are registered, and not shutting down as far as this controller remembers. */
function usableBrokers({ metadata, heartbeats }: ControllerState): readonly UsableBroker[] {
  const usable: UsableBroker[] = []
  for (const broker of metadata.brokers.values())
    if (!heartbeats.isShuttingDown(broker.brokerId)) usable.push(broker)
  return usable
}

/** Adds the records of partitions to those of their topic. */
function addPartitions(
  records: MetadataRecord[],
  topic: string,
  first: number,
  registrations: readonly PartitionRegistration[],
): void {
  let partition = first
  for (const registration of registrations)
    records.push({ type: 'Partition', topic, partition: partition++, registration })
}
