import type { RunSummary, Scenario, Story, TraceRecord } from '../../sim/index.ts'
import { type Columns, ColumnWriter } from './columns.ts'

/** Version of trace files that this page reads. */
const READABLE = 1
/** Above this many characters a file is refused: the page would need several times as much memory. */
const MAX_CHARACTERS = 400_000_000

/** How a line goes on before what it says. */
const PARENTS = '"parents":['
const DATA = ',"data":'

/** A trace file, read. */
export interface TraceFile {
  readonly columns: Columns
  readonly run:
    | { readonly scenario: Scenario; readonly summary: RunSummary; readonly story: Story | undefined }
    | undefined
}

/** What is wrong with a trace file, for people. */
export class TraceFileError extends Error {}

/** Says what records say to people, in their order; earlier ones can be looked up. */
export type Phraser = (at: (id: number) => TraceRecord, count: number) => (record: TraceRecord) => string

interface Line {
  readonly id?: unknown
  readonly atMicros?: unknown
  readonly kind?: unknown
  readonly lane?: unknown
  readonly entity?: unknown
  readonly parents?: unknown
  readonly data?: unknown
}

/**
 * Reads a trace file: JSON lines, a header first.
 * @param phraser what records say to people; without it they say nothing
 * @throws TraceFileError that says what is wrong, in which line, and what to do
 */
export function readTraceFile(text: string, phraser: Phraser = () => () => ''): TraceFile {
  if (text.length > MAX_CHARACTERS) {
    const size = `${Math.round(text.length / 1e6)} MB`
    throw new TraceFileError(
      `This trace has ${size}, more than the ${MAX_CHARACTERS / 1e6} MB that the page can open. Run the scenario with fewer orders, or let the page run it: it needs no file.`,
    )
  }
  const lines = text.replace(/^\uFEFF/, '').split('\n')
  while (lines.length > 0 && lines.at(-1)?.trim() === '') lines.pop()
  if (lines.length === 0)
    throw new TraceFileError(
      'This file is empty: expected a trace that `faultline run --trace <file>` wrote.',
    )
  const header = headerOf(lines[0] as string)
  const writer = new ColumnWriter()
  const read: TraceRecord[] = []
  const phrase = phraser((id) => read[id - 1] as TraceRecord, header.records)
  for (let number = 1; number < lines.length; number++) {
    const line = lines[number] as string
    const record = recordOf(line, number)
    read.push(record)
    writer.add({ ...record, data: dataText(line, record.data), phrase: phrase(record) })
  }
  if (lines.length - 1 !== header.records) {
    throw new TraceFileError(
      `This trace is cut off: its header promises ${header.records} records, and it has ${lines.length - 1}. Write it again.`,
    )
  }
  return { columns: writer.finish(), run: header.run }
}

function headerOf(line: string): { readonly records: number; readonly run: TraceFile['run'] } {
  const header = parsed(line, 1) as {
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
  if (header?.format !== 'faultline-trace') {
    throw new TraceFileError(
      'This is no trace of Faultline: its first line is not a header. Traces are written by `faultline run --trace <file>`.',
    )
  }
  const { version, records, run } = header
  if (typeof version !== 'number' || version > READABLE) {
    throw new TraceFileError(
      `This trace has format version ${String(version)}, and this page reads version ${READABLE}: open it with the faultline that wrote it, or a newer one.`,
    )
  }
  if (version < READABLE) {
    throw new TraceFileError(
      `This trace has the old format version ${version}, and this page reads version ${READABLE}: write it again with this faultline.`,
    )
  }
  if (!Number.isSafeInteger(records))
    throw new TraceFileError('The header of this trace does not say how many records follow.')
  return { records: records as number, run }
}

function recordOf(text: string, number: number): TraceRecord {
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
    id: number,
    atMicros: record.atMicros as number,
    kind: record.kind as string,
    lane: record.lane as string,
    entity: record.entity as string | undefined,
    parents: record.parents as number[],
    data: record.data,
  }
}

/**
 * The data of a record as they stand in its line. They come last, after the parents, which are numbers: a quotation mark
 * within a text would be escaped, so that this is found nowhere else.
 */
function dataText(line: string, data: unknown): string {
  if (data === undefined) return ''
  const end = line.indexOf(']', line.indexOf(PARENTS) + PARENTS.length) + 1
  return line.startsWith(DATA, end) && line.endsWith('}')
    ? line.slice(end + DATA.length, -1)
    : JSON.stringify(data)
}

function parsed(line: string, number: number): unknown {
  try {
    return JSON.parse(line)
  } catch {
    throw new TraceFileError(
      number === 1
        ? 'This is no trace of Faultline: its first line is not JSON. Traces are written by `faultline run --trace <file>`.'
        : `Line ${number} of this trace is not JSON: the file is damaged or cut off. Write it again.`,
    )
  }
}
