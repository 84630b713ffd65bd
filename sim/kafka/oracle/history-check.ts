import type { ClientAnomaly } from './history-anomaly.ts'
import type { ClientHistory } from './history-client.ts'
import { checkCycles } from './history-cycle.ts'
import { HistoryIndex } from './history-index.ts'
import { checkPollOrder } from './history-poll-order.ts'
import { checkSendOrder } from './history-send-order.ts'
import { checkWrites, type Expired } from './history-write.ts'

/**
 * Everything that is wrong with what clients saw, after the checker of jepsen.tests.kafka: what is not tolerated (see
 * `isTolerated`) a correct Kafka cannot show. Takes the time of a sort of the history's offsets.
 * @param expired which records may be gone in order; none unless said
 */
export function checkClientHistory(
  history: ClientHistory,
  expired: Expired = () => false,
): readonly ClientAnomaly[] {
  const index = new HistoryIndex(history.operations)
  return [
    ...checkWrites(index, expired),
    ...checkPollOrder(index, expired),
    ...checkSendOrder(index),
    ...checkCycles(index),
  ]
}
