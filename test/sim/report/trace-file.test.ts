import { describe, expect, it } from 'vitest'
import { Entity } from '../../../sim/kernel/choice.ts'
import { Trace } from '../../../sim/kernel/trace.ts'
import { traceLines } from '../../../sim/report/trace-file.ts'

describe('the lines of a trace', () => {
  it('[R17] are a header and a record each, with its causes and its data', () => {
    const trace = new Trace()
    const first = trace.append(5, 'act', 'users', new Entity('order-1', []), 0, 0, { number: 1 })
    trace.append(6, 'after', 'payment-1', undefined, first, 0, {
      data: new RangeError('late'),
      rows: [{ a: null }],
    })
    expect([...traceLines(trace)].map((line) => JSON.parse(line))).toEqual([
      { format: 'faultline-trace', version: 1, records: 2 },
      { id: 1, atMicros: 5, kind: 'act', lane: 'users', entity: 'order-1', parents: [], data: { number: 1 } },
      {
        id: 2,
        atMicros: 6,
        kind: 'after',
        lane: 'payment-1',
        parents: [1],
        data: { data: { error: 'RangeError', message: 'late' }, rows: [{ a: null }] },
      },
    ])
  })
})
