import type { Anomaly } from './history-anomaly.ts'

/** What can be wrong with a group; only `commit-regress` is what Kafka lets clients do (rule O3). */
export type GroupAnomalyType =
  | 'double-ownership'
  | 'epoch-regress'
  | 'stale-commit'
  | 'lost-commit'
  | 'commit-regress'
  | 'commit-skip'

export type GroupAnomaly = Anomaly<GroupAnomalyType>
