import type { FaultBand } from './fault-band.ts'
import { type Lane, serviceOf } from './lanes.ts'
import { leadershipsOf } from './leadership.ts'
import type { Recording } from './recording.ts'

/** A span of time in which a lane is under a fault: down, or cut off. */
export interface LaneBand {
  readonly lane: number
  readonly fromMicros: number
  readonly toMicros: number
  readonly says: string
  readonly down: boolean
  /** The broker that a partition is under the fault with, because it leads it; '' for what the fault acts on itself. */
  readonly through: string
}

/** Where faults leave their marks: on the lanes that they act on, and on the partitions that those lead meanwhile. */
export function laneBandsOf(
  recording: Recording,
  lanes: readonly Lane[],
  bands: readonly FaultBand[],
): LaneBand[] {
  const down = downtimes(recording)
  const isDown = ({ fromMicros, targets }: FaultBand): boolean =>
    down.some(
      (band) => band.fromMicros === fromMicros && isAimed(recording.columns.lanes[band.lane] ?? '', targets),
    )
  // A crash is hatched as the time that something was down; another fault may begin at the same moment.
  const lasting = bands.filter((band) => band.toMicros > band.fromMicros && !isDown(band))
  const own = lasting.flatMap(({ targets, fromMicros, toMicros, says }) =>
    lanes
      .filter(({ name, role }) => role === 'process' && isAimed(name, targets))
      .map(({ number }) => ({ lane: number, fromMicros, toMicros, says, down: false, through: '' })),
  )
  const spans = [
    ...down.map((band) => ({ ...band, targets: [recording.columns.lanes[band.lane] ?? ''] })),
    ...lasting.map((band) => ({ ...band, down: false })),
  ]
  const led = ledBands(recording, spans)
  const dark = [...down, ...led.filter((band) => band.down)]
  return [...dark, ...[...own, ...led].filter((band) => !band.down).flatMap((band) => apartFrom(band, dark))]
}

/** What is left of a band beside the times that its lane is down: one hatch over another tells neither. */
function apartFrom(band: LaneBand, dark: readonly LaneBand[]): LaneBand[] {
  return dark
    .filter(({ lane }) => lane === band.lane)
    .reduce<LaneBand[]>(
      (parts, { fromMicros, toMicros }) =>
        parts
          .flatMap((part) => [
            { ...part, toMicros: Math.min(part.toMicros, fromMicros) },
            { ...part, fromMicros: Math.max(part.fromMicros, toMicros) },
          ])
          .filter((part) => part.toMicros > part.fromMicros),
      [band],
    )
}

type Span = Pick<LaneBand, 'fromMicros' | 'toMicros' | 'says' | 'down'> & Pick<FaultBand, 'targets'>

/** The partitions that a broker under a fault leads, for as long as both last. */
function ledBands(recording: Recording, spans: readonly Span[]): LaneBand[] {
  if (spans.length === 0) return []
  return leadershipsOf(recording).flatMap(({ lane, leader, fromMicros, toMicros }) =>
    spans
      .filter(({ targets }) => isAimed(leader, targets))
      .map(({ says, down, ...span }) => ({
        lane,
        fromMicros: Math.max(fromMicros, span.fromMicros),
        toMicros: Math.min(toMicros, span.toMicros),
        says,
        down,
        through: leader,
      }))
      .filter((band) => band.toMicros > band.fromMicros),
  )
}

function isAimed(name: string, targets: readonly string[]): boolean {
  return targets.includes(name) || targets.includes(serviceOf(name))
}

/** When processes were down: from their crash or stop to their restart, or to the end. */
function downtimes(recording: Recording): LaneBand[] {
  const { columns } = recording
  const [crash, stop, restart] = ['crash', 'stop', 'restart'].map((kind) => columns.kinds.indexOf(kind))
  const open = new Map<number, LaneBand>()
  const bands: LaneBand[] = []
  if (crash === -1 && stop === -1) return bands
  for (let id = 1; id <= columns.count; id++) {
    const kind = columns.kind[id] as number
    const lane = columns.lane[id] as number
    if (kind === crash || kind === stop) {
      const name = recording.lane(id)
      open.set(lane, {
        lane,
        fromMicros: recording.at(id),
        toMicros: recording.endMicros,
        says: `${name} is down`,
        down: true,
        through: '',
      })
    } else if (kind === restart) {
      const band = open.get(lane)
      if (band !== undefined) bands.push({ ...band, toMicros: recording.at(id) })
      open.delete(lane)
    }
  }
  return [...bands, ...open.values()]
}
