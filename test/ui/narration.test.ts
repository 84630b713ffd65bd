import { Narrator } from 'faultline'
import { describe, expect, it } from 'vitest'
import { Recording } from '../../ui/model/recording.ts'
import { DOUBLE_CHARGE, recorded } from './recordings.ts'

describe('what records say', () => {
  it.each([
    DOUBLE_CHARGE,
    'order-choreography/redelivery-without-inbox.yaml',
    'order-orchestration/orchestrator-crash.yaml',
    'kafka/retry-duplicates.yaml',
  ])('[V28] is the same in whatever order it is asked for: %s', async (name) => {
    const { trace, columns } = await recorded(name)
    const narrator = new Narrator(trace)
    const inOrder = [...trace.records()].map((record) => {
      const told = narrator.phrase(record)
      return told === undefined ? '' : `${told.subject} ${told.did}`
    })
    const recording = new Recording(columns, { scenario: undefined, summary: undefined, story: undefined })
    const backwards: string[] = []
    for (let id = recording.count; id > 0; id--) backwards[id - 1] = recording.phrase(id)
    expect(backwards).toEqual(inOrder)
    expect(inOrder.filter((text) => text.includes(' again')).length).toBeGreaterThan(0)
  })
})
