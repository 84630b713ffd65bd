import { Narrator, plainData, type Trace, type TraceRecord } from '../../sim/index.ts'
import { type Columns, ColumnWriter } from '../model/columns.ts'
import { Recording } from '../model/recording.ts'

/** Records above which no phrases are made: they would take as much memory as all the rest. */
const MAX_PHRASED = 300_000

/** A trace as columns. */
export function packed(trace: Trace): Columns {
  const writer = new ColumnWriter()
  const phrase = phraser(trace, trace.length)
  for (const record of trace.records()) {
    const { data } = record
    const text = data === undefined ? '' : JSON.stringify(plainData(data))
    writer.add({ ...record, data: text, phrase: phrase(record) })
  }
  return writer.finish()
}

/** The same columns, with what each record says to people. */
export function phrased(columns: Columns): Columns {
  const recording = new Recording(columns, { scenario: undefined, summary: undefined, story: undefined })
  const at = (id: number): TraceRecord => ({
    id,
    atMicros: recording.at(id),
    kind: recording.kind(id),
    lane: recording.lane(id),
    entity: recording.entity(id) || undefined,
    parents: [...recording.parents(id)],
    data: recording.data(id) ?? {},
  })
  const writer = new ColumnWriter()
  const phrase = phraser({ at }, columns.count)
  for (let id = 1; id <= columns.count; id++) {
    const record = at(id)
    writer.add({ ...record, data: recording.dataText(id), phrase: phrase(record) })
  }
  return writer.finish()
}

function phraser(trace: Pick<Trace, 'at'>, records: number): (record: TraceRecord) => string {
  if (records > MAX_PHRASED) return () => ''
  const narrator = new Narrator(trace)
  return (record) => {
    const told = phraseOf(narrator, record)
    return told === undefined ? '' : `${told.subject} ${told.did}`
  }
}

/** A trace file may be of something that no narrator knows, or of nothing sensible: then its records stay unsaid. */
function phraseOf(narrator: Narrator, record: TraceRecord): ReturnType<Narrator['phrase']> {
  try {
    return narrator.phrase(record)
  } catch {
    return undefined
  }
}
