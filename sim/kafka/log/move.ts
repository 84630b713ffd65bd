import { NO_PARTITION_LEADER_EPOCH } from './batch.ts'
import type { Log } from './log.ts'

/**
 * A log is in another directory now: it was copied there batch by batch, and the copy has taken its place while the broker
 * went on (KIP-113). Without its epoch history the copy knows only the epochs of its batches (KAFKA-15608, KAFKA-20961).
 */
export function moveLog({ options, epochs, segments, logStartOffset }: Log): void {
  if (options.switches.epochsMoveWithLog) return
  epochs.clear()
  for (const { batches } of segments.all)
    for (const { partitionLeaderEpoch, baseOffset, nextOffset } of batches)
      if (partitionLeaderEpoch !== NO_PARTITION_LEADER_EPOCH && nextOffset > logStartOffset)
        epochs.assign(partitionLeaderEpoch, baseOffset)
}
