import { Narrator, plainData, type Trace, type TraceRecord } from '../../sim/index.ts'
import { type Columns, ColumnWriter, TextWriter } from '../model/columns.ts'
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
  const at = (id: number): TraceRecord => new ReadRecord(recording, id)
  const phrase = phraser({ at }, columns.count)
  const phrases = new TextWriter()
  for (let id = 1; id <= columns.count; id++) phrases.add(phrase(at(id)))
  return { ...columns, phrases: phrases.finish() }
}

/** A record of columns, whose data are parsed only when they are asked for. */
class ReadRecord implements TraceRecord {
  readonly id: number
  private readonly recording: Recording

  constructor(recording: Recording, id: number) {
    this.recording = recording
    this.id = id
  }

  get atMicros(): number {
    return this.recording.at(this.id)
  }

  get kind(): string {
    return this.recording.kind(this.id)
  }

  get lane(): string {
    return this.recording.lane(this.id)
  }

  get entity(): string | undefined {
    return this.recording.entity(this.id) || undefined
  }

  get parents(): readonly number[] {
    return [...this.recording.parents(this.id)]
  }

  get data(): unknown {
    return this.recording.data(this.id) ?? {}
  }
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
