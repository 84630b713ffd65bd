import fc from 'fast-check'
import { beforeAll, describe, expect, it } from 'vitest'
import type { Trace } from '../../sim/kernel/trace.ts'
import { storyStops, walked } from '../../ui/model/causal-walk.ts'
import type { Columns } from '../../ui/model/columns.ts'
import { Recording } from '../../ui/model/recording.ts'
import type { RunView } from '../../ui/model/run-view.ts'
import { anyRecording, DOUBLE_CHARGE, recorded } from './recordings.ts'

describe('a recording', () => {
  let trace: Trace
  let columns: Columns
  let view: RunView

  beforeAll(async () => {
    const run = await recorded(DOUBLE_CHARGE)
    trace = run.trace
    columns = run.columns
    view = run.view
  })

  it('[V1] holds what the trace holds, record by record', () => {
    const { recording } = view
    expect(recording.count).toBe(trace.length)
    for (const { id, atMicros, kind, lane, entity, parents, data } of trace.records()) {
      const read = {
        atMicros: recording.at(id),
        kind: recording.kind(id),
        lane: recording.lane(id),
        entity: recording.entity(id),
        parents: [...recording.parents(id)],
      }
      expect(read).toEqual({ atMicros, kind, lane, entity: entity ?? '', parents: [...parents] })
      expect(recording.dataText(id)).toBe(data === undefined ? '' : JSON.stringify(data))
    }
  })

  it('[V1] crosses from thread to thread as memory, without a copy of what it holds', () => {
    const sent = structuredClone(columns)
    const read = new Recording(sent, { scenario: undefined, summary: undefined, story: undefined })
    expect(read.phrase(view.mainViolation?.event ?? 0)).toContain('charged 36.00 EUR')
  })

  it('[V3] walks from the violation back to the crash', () => {
    const from = view.mainViolation?.event ?? 0
    const causes = view.recording.causesOf([from]).map((id) => view.recording.kind(id))
    expect(causes).toContain('crash')
    const stops = storyStops(view).map((id) => view.recording.kind(id))
    expect(stops.slice(-2)).toEqual(['deliver', 'ledger'])
    expect(stops).toEqual(
      expect.arrayContaining(['act', 'append', 'fault', 'crash', 'session-expired', 'rebalance']),
    )
    expect(view.storyEvents.has(walked(view, from, 'cause'))).toBe(true)
  })
})

describe('indexes', () => {
  it('[V3] of causes and effects mirror each other', () => {
    fc.assert(
      fc.property(anyRecording, (recording) => {
        const edges = (of: (id: number) => Iterable<number>, turned: boolean): Set<string> => {
          const found = new Set<string>()
          for (let id = 1; id <= recording.count; id++)
            for (const other of of(id)) found.add(turned ? `${id}>${other}` : `${other}>${id}`)
          return found
        }
        const down = edges((id) => recording.parents(id), false)
        expect(edges((id) => recording.children(id), true)).toEqual(down)
      }),
    )
  })

  it('[V3] of entities and lanes hold every record once, in order', () => {
    fc.assert(
      fc.property(anyRecording, (recording) => {
        const { lanes, lane, entities, entity } = recording.columns
        const byLane = lanes.flatMap((_, number) => [...recording.ofLane(number)])
        expect([...byLane].sort((a, b) => a - b)).toEqual(
          Array.from({ length: recording.count }, (_, at) => at + 1),
        )
        for (const [number] of lanes.entries())
          for (const id of recording.ofLane(number)) expect(lane[id]).toBe(number)
        for (const [number, name] of entities.entries())
          if (number > 0) for (const id of recording.ofEntity(name)) expect(entity[id]).toBe(number)
      }),
    )
  })

  it('[V3] of what led to a record hold its causes and theirs, and nothing else', () => {
    fc.assert(
      fc.property(anyRecording, fc.nat(), (recording, choice) => {
        const from = 1 + (choice % recording.count)
        const causes = new Set(recording.causesOf([from]))
        for (const id of causes)
          for (const parent of recording.parents(id)) expect(causes.has(parent)).toBe(true)
        for (const id of causes) expect(recording.effectsOf([id])).toContain(from)
        expect(Math.max(...causes)).toBe(from)
      }),
    )
  })

  it('[V3] find the last record up to a moment', () => {
    fc.assert(
      fc.property(anyRecording, fc.integer({ min: -1, max: 60_000_000 }), (recording, moment) => {
        const found = recording.lastUpTo(moment)
        if (found > 0) expect(recording.at(found)).toBeLessThanOrEqual(moment)
        if (found < recording.count) expect(recording.at(found + 1)).toBeGreaterThan(moment)
      }),
    )
  })
})
