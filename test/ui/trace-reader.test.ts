import { beforeAll, describe, expect, it } from 'vitest'
import type { Trace } from '../../sim/kernel/trace.ts'
import { traceLines } from '../../sim/report/trace-file.ts'
import { Recording } from '../../ui/model/recording.ts'
import { readTraceFile } from '../../ui/model/trace-reader.ts'
import { narrated } from '../../ui/worker/packing.ts'
import { DOUBLE_CHARGE, recorded } from './recordings.ts'

const HEADER = '{"format":"faultline-trace","version":1,"records":1}'
const RECORD = '{"id":1,"atMicros":5,"kind":"act","lane":"users","parents":[]}'

describe('a trace file', () => {
  let trace: Trace
  let lines: string[]

  beforeAll(async () => {
    trace = (await recorded(DOUBLE_CHARGE)).trace
    lines = [...traceLines(trace)]
  })

  it('[V2] is read back as the trace that it was written from', () => {
    const { columns } = readTraceFile(`${lines.join('\n')}\n`, narrated)
    const facts = { scenario: undefined, summary: undefined, story: undefined }
    const recording = new Recording(columns, facts)
    expect(recording.count).toBe(trace.length)
    for (const [at, line] of lines.slice(1).entries()) {
      const { data } = JSON.parse(line) as { readonly data?: unknown }
      expect(recording.dataText(at + 1)).toBe(data === undefined ? '' : JSON.stringify(data))
    }
    const told = Array.from({ length: trace.length }, (_, at) => recording.phrase(at + 1)).filter(Boolean)
    expect(told).toContain('payment-2 crashed: its memory and its open transactions are gone')
  })

  it.each([
    ['nothing', '', 'This file is empty'],
    ['blank lines', '\n\n', 'This file is empty'],
    ['what is no JSON', 'hello\n', 'its first line is not JSON'],
    ['other JSON', '{"a":1}\n', 'its first line is not a header'],
    ['a list', '[]\n', 'its first line is not a header'],
    ['null', 'null\n', 'its first line is not a header'],
    ['a saved run', '{"format":"faultline-run","version":1}\n', 'This is a saved run, not a trace'],
    ['an old version', HEADER.replace('1,', '0,'), 'old format version 0'],
    ['a future version', HEADER.replace('1,', '2,'), 'format version 2, and this page reads version 1'],
    ['a version that is none', HEADER.replace('1,', '"x",'), 'format version x'],
    ['no count', '{"format":"faultline-trace","version":1}', 'does not say how many records follow'],
    ['fewer records than promised', HEADER, 'it has 0'],
    ['more records than promised', [HEADER, RECORD, RECORD.replace('1', '2')].join('\n'), 'it has 2'],
    ['a cut line', [HEADER, RECORD.slice(0, 20)].join('\n'), 'Line 2 of this trace is not JSON'],
    ['a record of another number', [HEADER, RECORD.replace('1', '7')].join('\n'), 'expected record 1'],
    [
      'a record without a time',
      [HEADER, '{"id":1,"kind":"a","lane":"b","parents":[]}'].join('\n'),
      'is no record',
    ],
    ['a cause that comes later', [HEADER, RECORD.replace('[]', '[1]')].join('\n'), 'is no record'],
    ['a null', [HEADER, 'null'].join('\n'), 'is no record'],
  ])('[V2] that holds %s is refused with a sentence', (_what, text, told) => {
    expect(() => readTraceFile(text)).toThrow(told)
  })

  it('[V2] written otherwise, with spaces or another order of members, means the same', () => {
    const odd =
      '{"id": 1, "data": {"a": "],\\"data\\":"}, "atMicros": 5, "parents": [ ], "kind": "a", "lane": "b"}'
    const { columns } = readTraceFile(`${HEADER}\n${odd}`)
    const facts = { scenario: undefined, summary: undefined, story: undefined }
    expect(new Recording(columns, facts).data(1)).toEqual({ a: '],"data":' })
  })

  it('[V2] of nothing but its header is a trace without records', () => {
    expect(readTraceFile('{"format":"faultline-trace","version":1,"records":0}\n').columns.count).toBe(0)
  })
})
