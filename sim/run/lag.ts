import type { Source } from '../check/view.ts'
import type { KafkaCluster } from '../kafka/cluster.ts'
import { LagWatch } from '../kafka/watch/lag-watch.ts'
import type { Lag } from '../kernel/history.ts'

type AnyRow = Readonly<Record<string, unknown>>

/** The lag of a consumer group, a row for each partition in which something was written or committed. */
export function lagSource(cluster: KafkaCluster, group: string): Source {
  const { kernel } = cluster
  const rows = new Map<string, AnyRow>()
  const tallies: Parameters<NonNullable<Source['tally']>>[0][] = []
  const observers: Parameters<Source['observe']>[0][] = []
  new LagWatch(cluster, group, (place, { end, committed }) => {
    const before = rows.get(place)
    const lag = Math.max(0, end - Math.max(0, committed))
    const after: AnyRow = { group, place, end, committed, lag, atMicros: kernel.nowMicros } satisfies Lag
    rows.set(place, after)
    for (const tally of tallies) tally(before, after)
    for (const observe of observers) observe(after, kernel.cause)
  })
  return {
    columns: ['group', 'place', 'end', 'committed', 'lag', 'atMicros'],
    tally: (listener) => tallies.push(listener),
    all: () => [...rows.values()],
    rowsWhere: (column, value) => [...rows.values()].filter((row) => row[column] === value),
    observe: (listener) => observers.push(listener),
    index: () => {},
  }
}
