import type { GroupAnomaly } from './group-anomaly.ts'
import { checkOffsets } from './group-offsets.ts'
import { checkOwnership } from './group-ownership.ts'
import { checkSkips } from './group-skip.ts'
import type { ClientHistory } from './history-client.ts'
import { HistoryIndex } from './history-index.ts'
import type { Expired } from './history-write.ts'

/**
 * Everything that is wrong with the groups of a history: who owns what, what is committed and what is skipped.
 * @param expired which records may be gone in order; none unless said
 */
export function checkGroups(history: ClientHistory, expired: Expired = () => false): readonly GroupAnomaly[] {
  const index = new HistoryIndex(history.operations)
  return [...checkOwnership(history.operations), ...checkOffsets(index), ...checkSkips(index, expired)]
}
