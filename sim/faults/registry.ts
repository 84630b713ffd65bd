import { addPartitions } from './add-partitions.ts'
import { corruptSegment } from './corrupt-segment.ts'
import { crash } from './crash.ts'
import { crashMachine } from './crash-machine.ts'
import { deploy } from './deploy.ts'
import { diskFull } from './disk-full.ts'
import { dropSlots } from './drop-slots.ts'
import { edit } from './edit.ts'
import { evict } from './evict.ts'
import { failover } from './failover.ts'
import type { FaultKind } from './fault.ts'
import { partition, slow } from './link.ts'
import { moveLogs } from './move-logs.ts'
import { pause } from './pause.ts'
import { redeliver } from './redeliver.ts'
import { redrive } from './redrive.ts'
import { replay } from './replay.ts'
import { scale } from './scale.ts'
import { shutDown } from './shut-down.ts'
import { skew } from './skew.ts'
import { slowCommit } from './slow-commit.ts'
import { tornTail } from './torn-tail.ts'

/** Every kind of fault, by name. A new kind is added here and nowhere else. */
export const FAULT_KINDS: readonly FaultKind[] = [
  crash,
  crashMachine,
  shutDown,
  pause,
  partition,
  slow,
  redeliver,
  scale,
  deploy,
  addPartitions,
  replay,
  redrive,
  failover,
  dropSlots,
  slowCommit,
  evict,
  skew,
  moveLogs,
  diskFull,
  tornTail,
  corruptSegment,
  edit,
]

/** The kind that an entry of a scenario file means: the one whose name is a member of it. */
export function faultKindOf(entry: object): FaultKind | undefined {
  return FAULT_KINDS.find(({ kind }) => kind in entry)
}
