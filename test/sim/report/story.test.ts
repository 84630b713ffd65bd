import { describe, expect, it } from 'vitest'
import { Trace } from '../../../sim/kernel/trace.ts'
import { type Story, storyOf } from '../../../sim/report/story.ts'
import { summaryOf } from '../../../sim/report/summary.ts'
import { run } from '../../../sim/run/run.ts'
import type { Scenario } from '../../../sim/run/scenario.ts'
import { doubleToll, toll } from '../../fixtures/toll.ts'

async function told(scenario: Scenario, maxLines?: number): Promise<Story> {
  const result = await run(toll(scenario), scenario, 1, { trace: true })
  const story = storyOf(summaryOf(result), result.trace ?? new Trace(), scenario.expect, maxLines)
  if (story === undefined) throw new Error('there is no story')
  return story
}

const texts = ({ lines }: Story): string[] => lines.map(({ text }) => text)

describe('a story', () => {
  it('[R14] of a breach tells what led there, from the order to the breach, with the fault in between', async () => {
    const story = await told(doubleToll)
    expect(story.subject).toBe('car-3')
    expect(texts(story)).toEqual([
      'users began car-3',
      expect.stringMatching(/^gate-1 received POST \/cars, and committed cars row and outbox row CarPassed$/),
      expect.stringMatching(/^gate-relay sent CarPassed to roads\/\d \(offset \d\)$/),
      expect.stringMatching(
        /^booth-\d took CarPassed \(roads\/\d offset \d\), and charged 5\.00 EUR \(charge ch-\d, no idempotency key\)$/,
      ),
      expect.stringContaining('booth crashed'),
      expect.stringMatching(/^booth-\d crashed: its memory and its open transactions are gone$/),
      expect.stringMatching(/^group booth gave up booth-\d: its session timed out$/),
      expect.stringMatching(/^group booth shared its partitions among booth-\d and booth-\d$/),
      expect.stringMatching(/^booth-\d took CarPassed again .* and charged 5\.00 EUR/),
      'paid once: car-3 paid 2 times',
    ])
    expect(story.lines.map(({ mark }) => mark).filter((mark) => mark !== 'plain')).toEqual([
      'fault',
      'breach',
    ])
    expect(story.leftOut).toBe(0)
  })

  it('[R14] is in the order of time', async () => {
    const { lines } = await told(doubleToll)
    const times = lines.map(({ atMicros }) => atMicros)
    expect(times).toEqual([...times].sort((left, right) => left - right))
  })

  it('[R14] of a run in which nothing is wrong is that of the order that a fault struck, whole', async () => {
    const story = await told({ ...doubleToll, params: { key: true }, expect: {} })
    expect(story.subject).toBe('car-3')
    expect(texts(story).at(-1)).toMatch(/took CarPassed again .*, and committed tolls row and inbox row$/)
    expect(texts(story).join()).not.toContain('no idempotency key')
  })

  it('[R14] of a run without faults is that of the first order', async () => {
    const story = await told({ ...doubleToll, faults: [], expect: {} })
    expect(story.subject).toBe('car-1')
    expect(texts(story)[0]).toBe('users began car-1')
    expect(texts(story).join()).not.toContain('shared its partitions')
  })

  it('[R14] of an error is that of the order that was worked on last', async () => {
    const story = await told({ ...doubleToll, faults: [], params: { mistake: 'ambient' } })
    expect(texts(story).at(-1)).toMatch(/^booth-\d took CarPassed/)
  })

  it('[R14] keeps the faults and the breach when it must be short, and counts what it leaves out', async () => {
    const story = await told(doubleToll, 6)
    expect(story.lines.length).toBe(6)
    expect(story.leftOut).toBe(4)
    expect(story.lines.filter(({ mark }) => mark !== 'plain').length).toBe(2)
  })
})
