import type { RunSummary, Scenario, Story } from '../../sim/index.ts'
import { type Columns, ColumnWriter } from './columns.ts'
import { NameTable, type NameTables, readRecord } from './record-bytes.ts'
import { TraceFileError } from './trace-file-error.ts'

/** Version of trace files that this page reads. */
const READABLE = 1
/** Above this many bytes a file is refused: the page needs about as much memory. */
const MOST_BYTES = 800_000_000
/** No line of a trace is longer; without an end of line a whole file would be taken for one. */
const LONGEST_LINE = 32_000_000
/** Lanes, and kinds of records, that can be told apart; nobody could look at more. */
const MOST_NAMES = 5_000
const LINE_END = 10

/** A trace file, read. */
export interface TraceFile {
  readonly columns: Columns
  readonly run: Told | undefined
}

/** What a header tells of its run. */
interface Told {
  readonly scenario: Scenario
  readonly summary: RunSummary
  readonly story: Story | undefined
}

interface Header {
  readonly records: number
  readonly run: TraceFile['run']
}

interface Line {
  readonly id?: unknown
  readonly atMicros?: unknown
  readonly kind?: unknown
  readonly lane?: unknown
  readonly entity?: unknown
  readonly parents?: unknown
  readonly data?: unknown
}

/** Reads a trace file, JSON lines with a header first, piece by piece as it comes. */
export class TraceReader {
  private readonly writer: ColumnWriter
  private readonly names: NameTables
  private readonly decoder = new TextDecoder()
  private header: Header | undefined
  /** The beginning of a line that is not at its end yet. */
  private rest: Uint8Array[] = []
  private restBytes = 0
  private lines = 0
  private blankLine = 0
  private bytesRead = 0

  /** @param bytes of the whole file, if that is known */
  constructor(bytes = 0) {
    this.writer = new ColumnWriter(bytes)
    const { kinds, lanes, entities } = this.writer
    this.names = { kind: new NameTable(kinds), lane: new NameTable(lanes), entity: new NameTable(entities) }
  }

  /** Takes in a piece of the file. @throws TraceFileError that says what is wrong, in which line, and what to do */
  push(piece: Uint8Array): void {
    this.bytesRead += piece.length
    refuseTooLarge(this.bytesRead)
    if (!piece.includes(LINE_END)) {
      this.keep(piece)
      return
    }
    const bytes = this.taken(piece)
    let from = 0
    for (let end = bytes.indexOf(LINE_END); end !== -1; end = bytes.indexOf(LINE_END, from)) {
      this.line(bytes, from, end)
      from = end + 1
    }
    if (from < bytes.length) this.keep(bytes.subarray(from))
  }

  /** What was in the file. @throws TraceFileError when it ends too early or too late */
  finish(): TraceFile {
    const last = this.taken(new Uint8Array())
    if (last.length > 0) this.line(last, 0, last.length)
    const { header, writer } = this
    for (const [what, { texts }] of [
      ['lanes', writer.lanes],
      ['kinds of records', writer.kinds],
    ] as const)
      if (texts.length > MOST_NAMES)
        throw new TraceFileError(
          `This trace has ${texts.length} ${what}, more than the ${MOST_NAMES} that the page can show.`,
        )
    if (header === undefined)
      throw new TraceFileError(
        'This file is empty: expected a trace that `faultline run --trace <file>` wrote.',
      )
    if (writer.count > header.records)
      throw new TraceFileError(
        `This trace is damaged: its header promises ${header.records} records, and it has ${writer.count}. Write it again.`,
      )
    if (writer.count < header.records) {
      throw new TraceFileError(
        `This trace is cut off: its header promises ${header.records} records, and it has ${writer.count}. Write it again.`,
      )
    }
    return { columns: writer.finish(), run: header.run }
  }

  private keep(part: Uint8Array): void {
    this.rest.push(part.slice())
    this.restBytes += part.length
    if (this.restBytes > LONGEST_LINE)
      throw this.header === undefined ? noHeader('its first line does not end') : notJson(this.lines + 1)
  }

  /** What was kept, and this. */
  private taken(piece: Uint8Array): Uint8Array {
    if (this.restBytes === 0) return piece
    const bytes = new Uint8Array(this.restBytes + piece.length)
    let at = 0
    for (const part of [...this.rest, piece]) {
      bytes.set(part, at)
      at += part.length
    }
    this.rest = []
    this.restBytes = 0
    return bytes
  }

  private line(bytes: Uint8Array, from: number, to: number): void {
    this.lines++
    if (this.header !== undefined && this.blankLine === 0)
      if (readRecord(bytes, from, to, this.writer, this.names)) return
    const text = this.decoder.decode(bytes.subarray(from, to))
    if (text.trim() === '') {
      if (this.blankLine === 0) this.blankLine = this.lines
      return
    }
    if (this.blankLine > 0 && this.lines > this.blankLine) throw notJson(this.blankLine)
    if (this.header === undefined) this.header = headerOf(text)
    else this.writer.add(recordOf(text, this.lines - 1))
  }
}

/** Refuses what is too large, before it is read. @throws TraceFileError that says how large it is */
export function refuseTooLarge(bytes: number): void {
  if (bytes <= MOST_BYTES) return
  const size = `${Math.round(bytes / 1e6)} MB`
  throw new TraceFileError(
    `This trace has ${size} or more, and the page can open ${MOST_BYTES / 1e6} MB. Run the scenario with fewer orders, or let the page run it: it needs no file.`,
  )
}

function headerOf(line: string): Header {
  const header = parsed(line.replace(/^\uFEFF/, ''), 1) as {
    format?: unknown
    version?: unknown
    records?: unknown
    run?: TraceFile['run']
  } | null
  if (header?.format === 'faultline-result' || header?.format === 'faultline-run') {
    throw new TraceFileError(
      'This is a saved run, not a trace. Write a trace with `faultline replay <run.json> --trace <file>` and open that.',
    )
  }
  if (header?.format !== 'faultline-trace') throw noHeader('its first line is not a header')
  const { version, records, run } = header
  if (typeof version !== 'number' || version > READABLE) {
    throw new TraceFileError(
      `This trace has format version ${JSON.stringify(version)}, and this page reads version ${READABLE}: open it with the faultline that wrote it, or a newer one.`,
    )
  }
  if (version < READABLE) {
    throw new TraceFileError(
      `This trace has the old format version ${version}, and this page reads version ${READABLE}: write it again with this faultline.`,
    )
  }
  if (!Number.isSafeInteger(records) || (records as number) < 0)
    throw new TraceFileError('The header of this trace does not say how many records follow.')
  return { records: records as number, run: isRun(run) ? complete(run) : undefined }
}

/** Traces of this format that are older than a field have nothing to tell there. */
function complete(run: Told): Told {
  const { waiting } = run.summary as Partial<RunSummary>
  return { ...run, summary: { ...run.summary, waiting: Array.isArray(waiting) ? waiting : [] } }
}

/** Whether a header tells of its run what views rely on; without it a trace is shown as records alone. */
function isRun(run: TraceFile['run']): run is Told {
  const { scenario, summary, story } = (run ?? {}) as Readonly<
    Record<string, Record<string, unknown> | undefined>
  >
  const lists = [scenario?.faults, summary?.properties, summary?.faults, summary?.steps]
  if (story !== undefined && story !== null) lists.push(story.lines, story.records)
  return lists.every((list) => Array.isArray(list))
}

/** A record of any form that JSON allows; most are read without this. */
function recordOf(text: string, number: number): Parameters<ColumnWriter['add']>[0] {
  const record = parsed(text, number + 1) as Line | null
  const fits =
    record !== null &&
    typeof record === 'object' &&
    record.id === number &&
    typeof record.atMicros === 'number' &&
    typeof record.kind === 'string' &&
    typeof record.lane === 'string' &&
    (record.entity === undefined || typeof record.entity === 'string') &&
    Array.isArray(record.parents) &&
    record.parents.every((parent) => Number.isSafeInteger(parent) && parent >= 1 && parent < number)
  if (!fits)
    throw new TraceFileError(
      `Line ${number + 1} of this trace is no record: expected record ${number}. Write it again.`,
    )
  return {
    atMicros: record.atMicros as number,
    kind: record.kind as string,
    lane: record.lane as string,
    entity: record.entity as string | undefined,
    parents: record.parents as number[],
    data: record.data === undefined ? '' : JSON.stringify(record.data),
  }
}

function parsed(line: string, number: number): unknown {
  try {
    return JSON.parse(line)
  } catch {
    throw number === 1 ? noHeader('its first line is not JSON') : notJson(number)
  }
}

function noHeader(why: string): TraceFileError {
  return new TraceFileError(
    `This is no trace of Faultline: ${why}. Traces are written by \`faultline run --trace <file>\`.`,
  )
}

function notJson(number: number): TraceFileError {
  return new TraceFileError(
    `Line ${number} of this trace is not JSON: the file is damaged or cut off. Write it again.`,
  )
}
