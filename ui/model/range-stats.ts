import type { RunView } from './run-view.ts'

/** What happened in a part of the axis. */
export interface RangeStats {
  readonly events: number
  /** Virtual time from the first event to the last. */
  readonly fromMicros: number
  readonly toMicros: number
  /** By what people call it, only what there is; what matters most comes first. */
  readonly counts: readonly { readonly what: string; readonly times: number }[]
  readonly entities: number
  readonly lanes: number
  /** The lane with the most events; '' when there is none. */
  readonly busiest: string
}

/** Kinds that are worth a word, and that word for one and for many. */
const NAMED: readonly (readonly [kind: string, one: string, many: string])[] = [
  ['fault', 'fault', 'faults'],
  ['crash', 'crash', 'crashes'],
  ['rejected', 'refusal', 'refusals'],
  ['failed', 'failure', 'failures'],
  ['rebalance', 'rebalance', 'rebalances'],
  ['ledger', 'effect outside', 'effects outside'],
  ['deliver', 'delivery', 'deliveries'],
  ['request', 'request', 'requests'],
  ['append', 'append', 'appends'],
  ['publish', 'message sent', 'messages sent'],
  ['commit', 'commit', 'commits'],
]

/** Counts the events that lie in a part of the axis and are shown. @param shown 0 for events that are not */
export function rangeStats(
  { recording }: RunView,
  units: Float64Array,
  shown: Uint8Array,
  fromUnit: number,
  toUnit: number,
): RangeStats {
  const { columns } = recording
  const byKind = new Uint32Array(columns.kinds.length)
  const byLane = new Uint32Array(columns.lanes.length)
  const entities = new Set<number>()
  let [events, fromMicros, toMicros] = [0, Number.POSITIVE_INFINITY, 0]
  for (let id = 1; id <= columns.count; id++) {
    const unit = units[id] as number
    if (shown[id] === 0 || unit < fromUnit || unit > toUnit) continue
    const [kind, lane, entity] = [columns.kind[id], columns.lane[id], columns.entity[id]] as [
      number,
      number,
      number,
    ]
    events++
    byKind[kind] = (byKind[kind] as number) + 1
    byLane[lane] = (byLane[lane] as number) + 1
    if (entity > 0) entities.add(entity)
    fromMicros = Math.min(fromMicros, recording.at(id))
    toMicros = Math.max(toMicros, recording.at(id))
  }
  const busiest = byLane.indexOf(Math.max(0, ...byLane))
  const counts = NAMED.map(([kind, one, many]) => {
    const times = byKind[columns.kinds.indexOf(kind)] ?? 0
    return { what: times === 1 ? one : many, times }
  })
  return {
    events,
    fromMicros: events === 0 ? 0 : fromMicros,
    toMicros,
    counts: counts.filter(({ times }) => times > 0),
    entities: entities.size,
    lanes: byLane.filter((times) => times > 0).length,
    busiest: events === 0 ? '' : (columns.lanes[busiest] as string),
  }
}
