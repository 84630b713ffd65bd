import type { Scenario } from 'faultline'
import { beforeAll, describe, expect, it } from 'vitest'
import { diffOf } from '../../ui/model/run-diff.ts'
import type { RunView } from '../../ui/model/run-view.ts'
import { changesBetween } from '../../ui/model/setup-changes.ts'
import { DOUBLE_CHARGE, recorded } from './recordings.ts'

describe('two runs', () => {
  let wrong: RunView
  let right: RunView
  let calm: RunView

  beforeAll(async () => {
    wrong = (await recorded(DOUBLE_CHARGE)).view
    right = (await recorded(DOUBLE_CHARGE, { params: {} })).view
    calm = (await recorded(DOUBLE_CHARGE, { faults: [] })).view
  })

  it('[V9] of the same inputs do not differ', async () => {
    const again = (await recorded(DOUBLE_CHARGE)).view
    const { onlyA, onlyB, first, consequential, inB } = diffOf(wrong.recording, again.recording)
    expect({ onlyA, onlyB, first, consequential }).toEqual({
      onlyA: 0,
      onlyB: 0,
      first: { a: 0, b: 0 },
      consequential: { a: 0, b: 0 },
    })
    expect([...inB]).toEqual(Array.from(inB, (_, id) => id))
    expect(changesBetween(wrong, again)).toEqual([])
  })

  it('[V9] are paired by what happened, not by when: without the second charge one event is missing', () => {
    const { onlyA, onlyB, inB } = diffOf(wrong.recording, right.recording)
    expect({ onlyA, onlyB }).toEqual({ onlyA: 1, onlyB: 0 })
    expect(inB[wrong.mainViolation?.event ?? 0]).toBe(0)
    expect(changesBetween(wrong, right)).toEqual(['providerIdempotencyKey is right'])
  })

  it('[V9] say which settings differ: of the load, of the cluster, and of what is set within it', async () => {
    const usual = wrong.scenario?.cluster as Scenario['cluster']
    const cluster = {
      ...usual,
      latency: 'constant',
      kafka: { ...usual.kafka, 'max.poll.records': 1 },
    } as const
    const small = (
      await recorded(DOUBLE_CHARGE, { workload: { orders: 2, every: '50ms', only: [2] }, cluster })
    ).view
    expect(changesBetween(wrong, small)).toEqual([
      '3 → 1 order',
      'every 50ms',
      'latency: constant',
      'max.poll.records: 1',
    ])
    expect(changesBetween(small, wrong)).toEqual([
      '1 → 3 orders',
      'every 100ms',
      'latency: usual',
      'max.poll.records as usual',
    ])
  })

  it('[V9] part at the fault when one lacks it, and in what matters no earlier', () => {
    const { first, consequential } = diffOf(wrong.recording, calm.recording)
    expect(wrong.recording.kind(first.a)).toBe('fault')
    const { recording } = wrong
    const moment = consequential.a > 0 ? recording.at(consequential.a) : calm.recording.at(consequential.b)
    expect(moment).toBeGreaterThanOrEqual(recording.at(first.a))
  })

  it('[V9] pair each event with at most one, in both directions alike', () => {
    const { inB, inA } = diffOf(wrong.recording, calm.recording)
    for (const [a, b] of inB.entries()) if (b !== 0) expect(inA[b]).toBe(a)
    const paired = inB.filter((b) => b !== 0)
    expect(new Set(paired).size).toBe(paired.length)
  })
})
