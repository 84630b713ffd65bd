import { gzipSync } from 'node:zlib'
import fc from 'fast-check'
import { beforeAll, describe, expect, it } from 'vitest'
import type { Trace } from '../../sim/kernel/trace.ts'
import { traceLines } from '../../sim/report/trace-file.ts'
import { type Columns, transferables } from '../../ui/model/columns.ts'
import { isJson } from '../../ui/model/json-bytes.ts'
import { Recording } from '../../ui/model/recording.ts'
import { refuseTooLarge, type TraceFile, TraceReader } from '../../ui/model/trace-reader.ts'
import { readTrace } from '../../ui/worker/packing.ts'
import { DOUBLE_CHARGE, recorded } from './recordings.ts'

const HEADER = '{"format":"faultline-trace","version":1,"records":1}'
const RECORD = '{"id":1,"atMicros":5,"kind":"act","lane":"users","parents":[]}'

const FACTS = { scenario: undefined, summary: undefined, story: undefined }

/** Reads a file that comes in pieces of some size. */
function readInPieces(text: string, size = Number.POSITIVE_INFINITY): TraceFile {
  const bytes = new TextEncoder().encode(text)
  const reader = new TraceReader()
  for (let at = 0; at < bytes.length; at += size) reader.push(bytes.subarray(at, at + size))
  return reader.finish()
}

/** All that columns hold, in one piece. */
function memoryOf(columns: Columns): Buffer {
  const names = [columns.kinds, columns.lanes, columns.entities].map((list) =>
    Buffer.from(JSON.stringify(list)),
  )
  return Buffer.concat([...names, ...transferables(columns).map((buffer) => Buffer.from(buffer))])
}

describe('a trace file', () => {
  let trace: Trace
  let lines: string[]

  beforeAll(async () => {
    trace = (await recorded(DOUBLE_CHARGE)).trace
    lines = [...traceLines(trace)]
  })

  it('[V2] is read back as the trace that it was written from', () => {
    const { columns } = readInPieces(`${lines.join('\n')}\n`)
    const recording = new Recording(columns, FACTS)
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
    ['a version that is none', HEADER.replace('1,', '"x",'), 'format version "x"'],
    ['a version in quotes', HEADER.replace('1,', '"1",'), 'format version "1"'],
    ['a count below zero', HEADER.replace('"records":1', '"records":-1'), 'does not say how many'],
    ['no count', '{"format":"faultline-trace","version":1}', 'does not say how many records follow'],
    ['fewer records than promised', HEADER, 'it has 0'],
    [
      'more records than promised',
      [HEADER, RECORD, RECORD.replace('1', '2')].join('\n'),
      'damaged: its header promises 1',
    ],
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
    expect(() => readInPieces(text)).toThrow(told)
    expect(() => readInPieces(text, 3)).toThrow(told)
  })

  it('[V2] written otherwise, with spaces or another order of members, means the same', () => {
    const odd =
      '{"id": 1, "data": {"a": "],\\"data\\":"}, "atMicros": 5, "parents": [ ], "kind": "a", "lane": "b"}'
    const { columns } = readInPieces(`${HEADER}\n${odd}`)
    expect(new Recording(columns, FACTS).data(1)).toEqual({ a: '],"data":' })
  })

  it('[V2] of nothing but its header is a trace without records', () => {
    expect(readInPieces('{"format":"faultline-trace","version":1,"records":0}\n').columns.count).toBe(0)
  })

  it('[V2] comes in pieces of any size, packed or not, and is the same', async () => {
    const text = lines.join('\n')
    const whole = memoryOf(readInPieces(text).columns)
    for (const size of [7, 1_000, 64_000])
      expect(memoryOf(readInPieces(text, size).columns).equals(whole)).toBe(true)
    const packed = new Blob([new Uint8Array(gzipSync(text))])
    expect(memoryOf((await readTrace(packed)).columns).equals(whole)).toBe(true)
    await expect(readTrace(packed.slice(0, packed.size >> 1))).rejects.toThrow(
      'cannot be unpacked: it is damaged',
    )
  })

  it('[V2] with names beyond ASCII, escapes and time before the last record is read as JSON says', () => {
    const odd = [
      { id: 1, atMicros: 9, kind: 'act', lane: 'Zürich "1"', entity: '', parents: [], data: { x: '\\"' } },
      { id: 2, atMicros: 5.5, kind: 'act', lane: 'Zürich "1"', parents: [1] },
    ]
    const text = [HEADER.replace('"records":1', '"records":2'), ...odd.map((each) => JSON.stringify(each))]
    const { columns } = readInPieces(text.join('\r\n'))
    const recording = new Recording(columns, FACTS)
    expect([recording.lane(1), recording.entity(1), recording.data(1)]).toEqual([
      'Zürich "1"',
      '',
      { x: '\\"' },
    ])
    expect([recording.lane(2), recording.at(2), recording.data(2)]).toEqual(['Zürich "1"', 5.5, undefined])
  })

  it('[V2] damaged anywhere is either refused or still says what JSON says', () => {
    const text = `${HEADER}\n${RECORD.replace('}', ',"data":{"a":[1,-2.5e3,true,null,"\\u00e9"],"b":{}}}')}`
    expect(readInPieces(text).columns.count).toBe(1)
    fc.assert(
      fc.property(fc.nat(text.length - 1), fc.integer({ min: 32, max: 126 }), (at, code) => {
        const damaged = text.slice(0, at) + String.fromCharCode(code) + text.slice(at + 1)
        let read: TraceFile
        try {
          read = readInPieces(damaged)
        } catch (error) {
          expect((error as Error).message).toMatch(/trace|saved run/)
          return
        }
        const said = JSON.parse(damaged.split('\n')[1] as string) as { data?: unknown }
        expect(new Recording(read.columns, FACTS).data(1)).toEqual(said.data)
      }),
      { numRuns: 2_000 },
    )
  })

  it('[V2] that is older than a field of its run has nothing there', () => {
    const summary = { properties: [], faults: [], steps: [] }
    const run = { scenario: { faults: [] }, summary, story: { lines: [], records: [] } }
    const header = JSON.stringify({ ...(JSON.parse(HEADER) as object), run })
    expect(readInPieces([header, RECORD].join('\n')).run?.summary).toEqual({ ...summary, waiting: [] })
  })

  it('[V2] whose header says nonsense of its run is a trace without it', () => {
    for (const run of [
      7,
      null,
      [],
      {},
      { summary: 5 },
      { summary: { faults: [], properties: 'x', steps: [] } },
    ]) {
      const header = JSON.stringify({ ...(JSON.parse(HEADER) as object), run })
      expect(readInPieces([header, RECORD].join('\n')).run, JSON.stringify(run)).toBeUndefined()
    }
  })

  it('[V2] with more lanes than anybody could look at is refused', () => {
    const line = (id: number): string =>
      JSON.stringify({ id, atMicros: 0, kind: 'act', lane: `lane ${id}`, parents: [] })
    const lines = Array.from({ length: 5_001 }, (_, at) => line(at + 1))
    const header = HEADER.replace('"records":1', '"records":5001')
    expect(() => readInPieces([header, ...lines].join('\n'))).toThrow('5001 lanes, more than the 5000')
  })

  it('[V2] that is larger than the page can open is refused with its size, before it is read', () => {
    expect(() => refuseTooLarge(2_000_000_000)).toThrow(
      'This trace has 2000 MB or more, and the page can open 800 MB',
    )
    expect(() => refuseTooLarge(799_000_000)).not.toThrow()
    expect(() => {
      const reader = new TraceReader()
      for (let at = 0; at < 40; at++) reader.push(new Uint8Array(1_000_000).fill(120))
    }).toThrow('its first line does not end')
  })
})

describe('what passes for JSON without being parsed', () => {
  const accepted = (text: string): boolean => {
    const bytes = new TextEncoder().encode(text)
    return isJson(bytes, 0, bytes.length)
  }

  it('[V2] is every value that is written without white space', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        expect(accepted(JSON.stringify(value))).toBe(true)
      }),
    )
  })

  it('[V2] is nothing that is not JSON', () => {
    const mutilated = fc
      .tuple(fc.json(), fc.nat(), fc.string({ maxLength: 2 }))
      .map(([text, at, put]) => text.slice(0, at % text.length) + put + text.slice((at % text.length) + 1))
    const isParsed = (text: string): boolean => {
      try {
        JSON.parse(text)
        return true
      } catch {
        return false
      }
    }
    fc.assert(
      fc.property(fc.oneof(mutilated, fc.string()), (text) => {
        if (accepted(text)) expect(isParsed(text)).toBe(true)
      }),
      { numRuns: 3_000 },
    )
    for (const wrong of [
      '',
      '01',
      '1.',
      '-',
      '1e',
      '"a',
      '[1,]',
      '{"a"}',
      '{"a":1,}',
      'nul',
      '"\\x"',
      '"\\u12"',
    ])
      expect(accepted(wrong), wrong).toBe(false)
  })
})
