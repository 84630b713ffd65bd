import { once } from 'node:events'
import { createWriteStream, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { finished } from 'node:stream/promises'
import { gunzipSync } from 'node:zlib'
import { PICTURES } from '../browser/picture.ts'

interface Line {
  readonly id: number
  readonly atMicros: number
  readonly parents: readonly number[]
}

/** Writes a trace of at least so many records: a recorded run over and over, later each time and of other orders. */
export async function writeLongTrace(file: string, records: number): Promise<void> {
  const text = gunzipSync(readFileSync(join(PICTURES, 'double-charge.jsonl.gz'))).toString()
  const [header = '', ...lines] = text.trimEnd().split('\n')
  const parsed = lines.map((line) => JSON.parse(line) as Line)
  const span = (parsed.at(-1)?.atMicros ?? 0) + 100_000
  const rounds = Math.ceil(records / lines.length)
  const out = createWriteStream(file)
  const head = JSON.parse(header) as object
  out.write(`${JSON.stringify({ ...head, records: rounds * lines.length })}\n`)
  for (let round = 0; round < rounds; round++) {
    const later = parsed.map((line) =>
      JSON.stringify({
        ...line,
        id: line.id + round * lines.length,
        atMicros: line.atMicros + round * span,
        parents: line.parents.map((parent) => parent + round * lines.length),
      }),
    )
    const own = later
      .join('\n')
      .replaceAll(/order-(\d)/g, (_, number) => `order-${Number(number) + round * 3}`)
    if (!out.write(`${own}\n`)) await once(out, 'drain')
  }
  out.end()
  await finished(out)
}
