import type { Recording } from './recording.ts'

/** A span of time in which one broker leads a partition. */
export interface Leadership {
  /** Number of the partition's lane. */
  readonly lane: number
  /** Name of the broker's process. */
  readonly leader: string
  readonly fromMicros: number
  readonly toMicros: number
}

/** Who led each partition, and when; who did before the first record of a partition is who that one names. */
export function leadershipsOf(recording: Recording): Leadership[] {
  const { kinds, kind, lane, count } = recording.columns
  const [change, watermark] = ['leader', 'watermark'].map((name) => kinds.indexOf(name))
  const open = new Map<number, Leadership>()
  const found: Leadership[] = []
  for (let id = 1; id <= count; id++) {
    if (kind[id] !== change && kind[id] !== watermark) continue
    const before = open.get(lane[id] as number)
    // Watermarks tell who led from the beginning, which nothing else does.
    if (kind[id] === watermark && before !== undefined) continue
    const { leader } = recording.fields(id)
    if (typeof leader !== 'string' || leader === before?.leader) continue
    const fromMicros = before === undefined ? 0 : recording.at(id)
    if (before !== undefined) found.push({ ...before, toMicros: fromMicros })
    open.set(lane[id] as number, {
      lane: lane[id] as number,
      leader,
      fromMicros,
      toMicros: recording.endMicros,
    })
  }
  return [...found, ...open.values()]
}
