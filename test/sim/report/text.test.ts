import { describe, expect, it } from 'vitest'
import { plainPaint } from '../../../sim/report/paint.ts'
import type { Story } from '../../../sim/report/story.ts'
import type { RunSummary } from '../../../sim/report/summary.ts'
import { counted, resultText } from '../../../sim/report/text.ts'
import { scenarioOf } from '../../../sim/run/scenario.ts'

const property = { kind: 'always' as const, says: '', key: undefined, cause: 0 }

const SUMMARY: RunSummary = {
  seed: 7,
  verdict: 'violated',
  digest: '8f2c41d09b77e3aa',
  properties: [
    {
      ...property,
      name: 'no double charge',
      verdict: 'violated',
      atMicros: 412_000,
      message: 'order-2 was charged twice',
    },
    { ...property, name: 'no lost order', verdict: 'pass', atMicros: 1, message: '3 of 3' },
    {
      ...property,
      name: 'agrees',
      verdict: 'inconclusive',
      atMicros: undefined,
      message: 'the run did not come to rest',
    },
  ],
  faults: [
    {
      spec: { crash: 'payment', at: 'after provider.charge', of: 'order 2' },
      description: 'payment crashed',
      struckAtMicros: 163_000,
    },
    {
      spec: { crash: 'payment', at: 'after provider.chrge' },
      description: 'payment crashed',
      struckAtMicros: undefined,
    },
  ],
  noun: 'order',
  orders: 3,
  events: 2034,
  resumes: 1,
  endMicros: 6_362_014,
  reason: undefined,
  failureCode: undefined,
  waiting: [],
  steps: ['payment.OrderCreated provider.charge', 'payment.OrderCreated tx.commit'],
  passes: [1, 1],
}

const STORY: Story = {
  subject: 'order-2',
  lines: [
    { atMicros: 101_000, mark: 'plain', text: 'users began order-2', records: [1] },
    { atMicros: 163_000, mark: 'fault', text: 'payment crashed', records: [2] },
    {
      atMicros: 12_412_000,
      mark: 'breach',
      text: `no double charge: ${'order-2 was charged twice '.repeat(6).trim()}`,
      records: [3],
    },
  ],
  leftOut: 2,
  records: [1, 2, 3],
}

const scenario = scenarioOf({
  system: 'order-choreography',
  name: 'crash',
  expect: { 'no double charge': 'violated' },
})

describe('the text of a result', () => {
  it('[R14] says what ran, how the properties fared, what was counted, why, and what was expected', () => {
    expect(
      resultText(SUMMARY, scenario, STORY, plainPaint),
    ).toBe(`order-choreography · crash · seed 7 · digest 8f2c41d09b77e3aa

  ✗ no double charge  violated at 0.412 s: order-2 was charged twice
  ✓ no lost order     3 of 3
  ? agrees            the run did not come to rest

  3 orders · 2,034 events · 6.362 s of virtual time · 1 of 2 faults struck
  ! never struck: payment crashed (after provider.chrge); no handler reached the step 'provider.chrge': did you mean
    'provider.charge'?

  why (order-2)
     0.101 s  users began order-2
     0.163 s  ✗ fault: payment crashed
    12.412 s  ✗ no double charge: order-2 was charged twice order-2 was charged twice order-2 was charged twice
                order-2 was charged twice order-2 was charged twice order-2 was charged twice
    … 2 lines more: --trace <file> writes everything

  expected: no double charge  violated ✓
  expected: agrees            pass, but no verdict ?
  ? inconclusive
`)
  })

  it('[R14] is short when everything is as it should be', () => {
    const properties = SUMMARY.properties.slice(1, 2)
    const text = resultText(
      { ...SUMMARY, verdict: 'pass', properties, faults: [] },
      { ...scenario, expect: {} },
      undefined,
      plainPaint,
    )
    expect(text.split('\n\n').slice(1)).toEqual([
      '  ✓ no lost order  3 of 3',
      '  3 orders · 2,034 events · 6.362 s of virtual time',
      '  expected: every property holds ✓\n',
    ])
  })

  it('[K30] says who waits for ever, and of more than three how many more', () => {
    const one = { handler: 'hall.book', process: 'hall-1', entity: 'booking-1' }
    const steps = ['hall.book seats.update', 'hall.book sleep']
    const waiting = [
      { ...one, steps, sinceMicros: 61_000 },
      { ...one, process: 'hall-2', steps: [], sinceMicros: undefined },
    ]
    const textOf = (all: RunSummary['waiting']) =>
      resultText({ ...SUMMARY, faults: [], waiting: all }, scenario, undefined, plainPaint).replace(
        /\s+/g,
        ' ',
      )
    expect(textOf(waiting)).toContain(
      'waits for ever though everything is quiet: ' +
        'hall.book in hall-1, for booking-1, since 0.061 s for the end of hall.book seats.update and hall.book sleep; ' +
        'hall.book in hall-2, for booking-1, for nothing that the simulator does',
    )
    expect(textOf([...waiting, ...waiting, ...waiting])).toContain('; and 3 more')
  })

  it.each([
    ['transfer', '3 transfers'],
    ['delivery', '3 deliveries'],
    ['match', '3 matches'],
    ['day', '3 days'],
  ])('[R14] counts what users did by the noun of the workload: %s', (noun, counts) => {
    const text = resultText({ ...SUMMARY, noun }, scenario, undefined, plainPaint)
    expect(text).toContain(`  ${counts} · 2,034 events`)
  })

  it('[P16] marks a property that was asked for no key', () => {
    const properties = SUMMARY.properties.slice(1, 2).map((property) => ({ ...property, checkedKeys: 0 }))
    const text = resultText({ ...SUMMARY, properties, faults: [] }, scenario, undefined, plainPaint)
    expect(text).toContain('  ○ no lost order  3 of 3')
  })

  it('[R14] gives the reason of an error in the place of the properties', () => {
    const text = resultText(
      { ...SUMMARY, verdict: 'error', reason: 'service code called Date.now' },
      scenario,
      undefined,
      plainPaint,
    )
    expect(text).toContain('\n  error: service code called Date.now\n')
    expect(text).not.toContain('3 of 3')
    expect(text).not.toContain('never struck')
  })

  it('[R14] colours what its paint colours', () => {
    const paint = { ...plainPaint, bad: (text: string) => `<${text}>`, good: (text: string) => `(${text})` }
    const text = resultText(SUMMARY, scenario, STORY, paint)
    expect(text).toContain('  <✗> no double charge')
    expect(text).toContain('<✗ fault: payment crashed>')
    expect(text).toContain('violated (✓)')
  })

  it.each([
    [0, '0 orders'],
    [1, '1 order'],
    [999, '999 orders'],
    [1000, '1,000 orders'],
    [1234567, '1,234,567 orders'],
  ])('[R14] counts %i', (count, text) => expect(counted(count, 'order')).toBe(text))
})
