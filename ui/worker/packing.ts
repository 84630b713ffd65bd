import { plainData, type Trace } from '../../sim/index.ts'
import { type Columns, ColumnWriter } from '../model/columns.ts'
import { TraceFileError } from '../model/trace-file-error.ts'
import { refuseTooLarge, type TraceFile, TraceReader } from '../model/trace-reader.ts'

/** A trace as columns. */
export function packed(trace: Trace): Columns {
  const writer = new ColumnWriter()
  for (const record of trace.records()) {
    const { data } = record
    writer.add({ ...record, data: data === undefined ? '' : JSON.stringify(plainData(data)) })
  }
  return writer.finish()
}

/** Bytes between two reports of progress. */
const REPORTED_BYTES = 20_000_000

/**
 * Reads a trace file, gzipped or not, as it comes.
 * @param progress told how many bytes are read
 * @throws TraceFileError that says what is wrong, in which line, and what to do
 */
export async function readTrace(
  file: Blob,
  progress: (bytes: number) => void = () => {},
): Promise<TraceFile> {
  refuseTooLarge(file.size)
  const [first, second] = new Uint8Array(await file.slice(0, 2).arrayBuffer())
  const zipped = first === 0x1f && second === 0x8b
  const stream = zipped ? file.stream().pipeThrough(new DecompressionStream('gzip')) : file.stream()
  const reader = new TraceReader(zipped ? 0 : file.size)
  const pieces = stream.getReader()
  let read = 0
  let reported = 0
  for (;;) {
    const { value, done } = await pieces.read().catch(() => {
      throw new TraceFileError(
        `This file cannot be ${zipped ? 'unpacked: it is damaged or cut off' : 'read'}. Write it again.`,
      )
    })
    if (done) return reader.finish()
    reader.push(value)
    read += value.length
    if (read - reported < REPORTED_BYTES) continue
    reported = read
    progress(read)
  }
}
