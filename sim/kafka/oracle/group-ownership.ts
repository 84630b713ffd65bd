import type { PartitionName } from '../transaction/topic-partition.ts'
import type { GroupAnomaly, GroupAnomalyType } from './group-anomaly.ts'
import type {
  AssignOperation,
  CommitOperation,
  GroupEpochOperation,
  GroupProtocol,
  MemberGoneOperation,
  Operation,
} from './history-operation.ts'

interface Member {
  epoch: number
  /** The AssignOperation that said so. */
  toldBy: number
  partitions: ReadonlySet<PartitionName>
}

/**
 * Whether the members of groups own partitions one at a time, in time linear in what they are assigned.
 * - `double-ownership`: two members own a partition and both may commit for it; shown by their assignments. In the
 *   classic protocol that is two of one generation; of KIP-848 any two, until the coordinator lets one go.
 * - `epoch-regress`: the epoch of a group or of a member went back; shown by where it had been, and back.
 * - `stale-commit`: a commit was accepted of an older generation, or of a member that the coordinator had let go before
 *   (rules O4, O5); shown by what ended its right, and the commit.
 *
 * A group that was deleted and comes again needs another name. Source: the invariants NoDoubleClientAssignment,
 * ValidPartitionEpoch and ValidMemberEpoch of Vanlightly's specification of KIP-848.
 */
export function checkOwnership(operations: readonly Operation[]): GroupAnomaly[] {
  const anomalies: GroupAnomaly[] = []
  const groups = new Map<string, GroupOwnership>()
  const group = (name: string): GroupOwnership => {
    let found = groups.get(name)
    if (found === undefined) {
      found = new GroupOwnership(anomalies)
      groups.set(name, found)
    }
    return found
  }
  for (const operation of operations) {
    if (operation.kind === 'group-epoch') group(operation.group).begin(operation)
    else if (operation.kind === 'assign' && operation.epoch >= 0) group(operation.group).assign(operation)
    else if (operation.kind === 'member-gone') group(operation.group).remove(operation)
    else if (operation.kind === 'commit') group(operation.group).commit(operation)
  }
  return anomalies
}

class GroupOwnership {
  private readonly anomalies: GroupAnomaly[]
  private readonly members = new Map<string, Member>()
  private readonly owners = new Map<PartitionName, Set<string>>()
  /** Of members that are gone, up to which epoch what they say is old, and by what. */
  private readonly gone = new Map<string, { readonly epoch: number; readonly by: number }>()
  private protocol: GroupProtocol = 'classic'
  private epoch = -1
  private begunBy = -1

  constructor(anomalies: GroupAnomaly[]) {
    this.anomalies = anomalies
  }

  begin({ id, protocol, epoch }: GroupEpochOperation): void {
    if (epoch <= this.epoch) this.report('epoch-regress', [this.begunBy, id])
    this.protocol = protocol
    this.epoch = epoch
    this.begunBy = id
  }

  assign({ id, client, epoch, partitions }: AssignOperation): void {
    const gone = this.gone.get(client)
    // The answer may have been under way when the coordinator let the member go.
    if (gone !== undefined && epoch <= gone.epoch) return
    this.gone.delete(client)
    const before = this.members.get(client)
    if (before !== undefined && epoch < before.epoch) this.report('epoch-regress', [before.toldBy, id])
    this.release(client)
    for (const partition of partitions) {
      const owners = this.owners.get(partition)
      for (const other of owners ?? []) this.compare(partition, other, epoch, id)
      if (owners === undefined) this.owners.set(partition, new Set([client]))
      else owners.add(client)
    }
    this.members.set(client, { epoch, toldBy: id, partitions: new Set(partitions) })
  }

  remove({ id, client }: MemberGoneOperation): void {
    this.release(client)
    this.members.delete(client)
    this.gone.set(client, { epoch: this.epoch, by: id })
  }

  commit({ id, client, epoch, outcome }: CommitOperation): void {
    if (outcome !== 'ok' || epoch < 0) return
    const gone = this.gone.get(client)
    if (gone !== undefined && epoch <= gone.epoch) this.report('stale-commit', [gone.by, id])
    else if (this.protocol === 'classic' && epoch < this.epoch)
      this.report('stale-commit', [this.begunBy, id])
  }

  private compare(partition: PartitionName, other: string, epoch: number, id: number): void {
    const member = this.members.get(other)
    if (member === undefined || (this.protocol === 'classic' && member.epoch !== epoch)) return
    this.report('double-ownership', [member.toldBy, id], partition)
  }

  private release(client: string): void {
    for (const partition of this.members.get(client)?.partitions ?? [])
      this.owners.get(partition)?.delete(client)
  }

  private report(type: GroupAnomalyType, operations: readonly number[], partition?: PartitionName): void {
    this.anomalies.push({
      type,
      operations,
      ...(partition === undefined ? {} : { partition }),
      values: [],
      offsets: [],
    })
  }
}
