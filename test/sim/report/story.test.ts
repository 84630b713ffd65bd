import { describe, expect, it } from 'vitest'
import type { PropertyResult } from '../../../sim/check/monitor.ts'
import { Entity } from '../../../sim/kernel/choice.ts'
import { Trace } from '../../../sim/kernel/trace.ts'
import { type Story, storyOf } from '../../../sim/report/story.ts'
import { type RunSummary, summaryOf } from '../../../sim/report/summary.ts'
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

/** A run of which nothing but its trace is of interest. */
const UNEVENTFUL: RunSummary = {
  seed: 1,
  verdict: 'pass',
  noun: 'car',
  digest: '0',
  properties: [],
  faults: [],
  orders: 1,
  events: 1,
  resumes: 1,
  endMicros: 1,
  reason: undefined,
  failureCode: undefined,
  waiting: [],
  steps: [],
  passes: [],
}

/** A trace that is written by hand. */
class Tale {
  readonly trace = new Trace()
  private readonly car = new Entity('car-1', [])
  private now = 0

  constructor() {
    this.note('act', 'users', 0, {})
  }

  note(kind: string, lane: string, cause: number, data: unknown): number {
    return this.trace.append(++this.now * 1000, kind, lane, this.car, cause, 0, data)
  }

  /** The only record is delivered. */
  deliver(lane: string): number {
    const event = { eventType: 'CarPassed', eventId: 'e' }
    return this.note('deliver', lane, 0, { partition: 'roads/0', offset: 0, event })
  }

  /** The work ends in an error. */
  fails(lane: string, work: number): number {
    const step = this.note('before', lane, work, {})
    const answer = this.note('after', lane, step, { data: new Error('it is down') })
    return this.note('failed', lane, answer, { handler: 'CarPassed', error: 'Error', message: 'it is down' })
  }

  commit(lane: string, work: number, table: string): number {
    const step = this.note('before', lane, work, {})
    return this.note('commit', 'booth-db', step, [{ table, before: undefined, after: {} }])
  }

  get lines(): string[] {
    const story = storyOf(UNEVENTFUL, this.trace, {})
    return (story?.lines ?? []).map(({ atMicros, text }) => `${atMicros / 1000} ${text}`)
  }
}

describe('a story of deliveries that overlap', () => {
  it('[R21] tells what each did at its own time, by who did it', () => {
    const tale = new Tale()
    const first = tale.deliver('booth-1')
    tale.commit('booth-1', first, 'tolls')
    const second = tale.deliver('booth-2')
    tale.commit('booth-1', first, 'receipts')
    tale.commit('booth-2', second, 'tolls')
    tale.commit('booth-1', first, 'doubles')
    expect(tale.lines).toEqual([
      '1 users began car-1',
      '2 booth-1 took CarPassed (roads/0 offset 0), and committed tolls row',
      '5 booth-2 took CarPassed again (roads/0 offset 0), and committed tolls row',
      '7 booth-1 committed receipts row, and committed doubles row',
    ])
  })

  it('[R21] does not take the work of a service that was called for that of its caller', () => {
    const tale = new Tale()
    const work = tale.deliver('booth-1')
    const call = tale.note('before', 'booth-1', work, {})
    const request = tale.note('request', 'bank-1', call, { route: 'POST /pay' })
    const answer = tale.note('after', 'booth-1', request, {})
    tale.trace.addParent(call)
    tale.commit('booth-1', answer, 'tolls')
    expect(tale.lines.slice(1)).toEqual([
      '2 booth-1 took CarPassed (roads/0 offset 0), and committed tolls row',
      '4 bank-1 received POST /pay',
    ])
  })

  it('[R22] is told in a time that grows with the trace and not with its square', () => {
    const tale = new Tale()
    let last = 0
    // What took a quarter of a million records squared would take hours.
    for (let n = 0; n < 50_000; n++) {
      const work = tale.note('request', `gate-${n}`, last, { route: 'GET /' })
      last = tale.commit(`gate-${n}`, work, 'cars')
      tale.note('log', `gate-${n}`, work, { message: 'passed' })
    }
    expect(tale.lines).toHaveLength(24)
  })
})

describe('a story of a run that did not come to rest', () => {
  it('[R28] says who still waits for what when the budget ran out', () => {
    const tale = new Tale()
    const work = tale.deliver('booth-1')
    tale.note('before', 'booth-1', work, { step: 'booth.CarPassed provider.charge' })
    tale.note('before', 'booth-1', work, { step: 'booth.CarPassed tx.durable' })
    const summary: RunSummary = { ...UNEVENTFUL, verdict: 'inconclusive', endMicros: 9_000_000 }
    const texts = (of: RunSummary) => storyOf(of, tale.trace, {})?.lines.map(({ text }) => text)
    expect(texts(summary)).toEqual([
      'users began car-1',
      'booth-1 took CarPassed (roads/0 offset 0)',
      'booth-1 still waits at booth.CarPassed provider.charge, since 0.003 s',
    ])
    expect(texts(UNEVENTFUL)).toHaveLength(2)
  })

  it('[R28] is that of the order without a verdict', () => {
    const tale = new Tale()
    const other = new Entity('car-2', [])
    tale.trace.append(5_000, 'act', 'users', other, 0, 0, {})
    const open = {
      name: 'all paid',
      says: '',
      kind: 'eventually',
      verdict: 'inconclusive',
      message: '',
      key: 'car-2',
      atMicros: undefined,
      cause: 0,
    } as const
    const summary: RunSummary = { ...UNEVENTFUL, verdict: 'inconclusive', properties: [open] }
    expect(storyOf(summary, tale.trace, {})?.subject).toBe('car-2')
  })
})

describe('a story that must be short', () => {
  /** A car that the booth takes twice: the first time it fails, and so three times more, while others look on. */
  function tale(): { tale: Tale; breach: PropertyResult } {
    const tale = new Tale()
    const commits = (lane: string, work: number, table: string): void =>
      void tale.note('after', lane, tale.commit(lane, work, table), {})
    const ticks = (table: string): void => commits('gate-1', tale.note('tick', 'gate-1', 0, {}), table)
    const first = tale.deliver('booth-1')
    commits('booth-1', first, 'tolls')
    for (let other = 0; other < 6; other++) ticks('hints')
    tale.note('fault', 'booth-1', first, { fault: 'booth-db failed (7ms)' })
    for (let time = 0; time < 5; time++) tale.fails('booth-1', tale.deliver('booth-1'))
    const last = tale.deliver('booth-1')
    commits('booth-1', last, 'tolls')
    ticks('hints')
    ticks('tolls')
    const atMicros = 1_000_000
    const told = { name: 'paid once', says: '', kind: 'eventually', message: 'car-1 paid twice' } as const
    return {
      tale,
      breach: { ...told, verdict: 'violated', atMicros, key: 'car-1', cause: 0, reads: ['booth.tolls'] },
    }
  }
  const linesOf = (maxLines: number): { lines: string[]; leftOut: number } => {
    const { tale: of, breach } = tale()
    const summary: RunSummary = { ...UNEVENTFUL, verdict: 'violated', properties: [breach] }
    const { lines = [], leftOut = 0 } = storyOf(summary, of.trace, {}, maxLines) ?? {}
    return { lines: lines.map(({ text }) => text), leftOut }
  }

  it('[R27] tells once what fails again in the same way, with its reason and its moments', () => {
    const { lines } = linesOf(30)
    const failures = lines.filter((line) => line.includes('failed in'))
    expect(failures).toEqual([
      'booth-1 took CarPassed again (roads/0 offset 0), and failed in CarPassed (Error: it is down); and so 4 times more until 0.047 s',
    ])
    expect(lines.join()).not.toContain('got an error')
    expect(lines).toContain('booth-db failed')
  })

  it('[R27] keeps what happened a second time with the first, then what the property reads', () => {
    expect(linesOf(7)).toEqual({
      lines: [
        'users began car-1',
        'booth-1 took CarPassed (roads/0 offset 0), and committed tolls row',
        'booth-db failed',
        expect.stringMatching(/^booth-1 took CarPassed again .* and failed/),
        'booth-1 took CarPassed again (roads/0 offset 0), and committed tolls row',
        'gate-1 committed tolls row',
        'paid once: car-1 paid twice',
      ],
      leftOut: 7,
    })
    expect(linesOf(6).lines).not.toContain('gate-1 committed tolls row')
  })
})

describe('a story of what broke for a key that orders share', () => {
  /** Two cars are let onto the same bridge. A fault strikes elsewhere. */
  function bridge(faults: number): readonly string[] {
    const trace = new Trace()
    const cars = ['car-1', 'car-2', 'car-3'].map((name) => new Entity(name, []))
    const note = (
      kind: string,
      lane: string,
      car: number | undefined,
      parent: number,
      data: object,
    ): number =>
      trace.append(
        trace.length * 1_000,
        kind,
        lane,
        car === undefined ? undefined : cars[car],
        parent,
        0,
        data,
      )
    const letOn = (car: number, bridge: string): number => {
      const act = note('act', 'users', car, 0, {})
      const work = note('request', 'gate-1', car, act, { route: 'POST /crossings' })
      const change = { table: 'crossings', before: undefined, after: { bridge } }
      return note('commit', 'gate-db', car, note('before', 'gate-1', car, work, {}), [change])
    }
    letOn(0, 'west')
    letOn(1, 'east')
    for (let fault = 0; fault < faults; fault++)
      note('fault', 'faults', undefined, 0, { fault: `fault ${fault}` })
    const cause = letOn(2, 'west')
    const { atMicros } = trace.at(cause)
    const breach: PropertyResult = {
      name: 'one car a bridge',
      says: '',
      kind: 'always',
      verdict: 'violated',
      message: 'west: 2',
      key: 'west',
      atMicros,
      cause,
      reads: ['gate.crossings'],
    }
    const story = storyOf({ ...UNEVENTFUL, verdict: 'violated', properties: [breach] }, trace, {})
    return (story?.lines ?? []).map(({ text }) => text)
  }

  it('[R46] tells what the last one did before, and the fault of which no cause is known', () => {
    expect(bridge(1)).toEqual([
      'gate-1 committed crossings row for car-1',
      'fault 0',
      'users began car-3',
      'gate-1 received POST /crossings, and committed crossings row',
      'one car a bridge: west: 2',
    ])
  })

  it('[R46] leaves faults out that are too many to be told without a reason', () => {
    expect(bridge(4).join()).not.toContain('fault')
  })
})

describe('a story of what an order waits for in the end', () => {
  it('[R46] tells what befell the service meanwhile, and the faults that did it', () => {
    const tale = new Tale()
    const away = tale.note('fault', 'booth-1', 0, { fault: 'booth crashed (2ms)' })
    tale.note('append', 'roads/0', away, { offset: 4, value: { eventType: 'CarPassed', eventId: 'e' } })
    const deaths = ['booth-1', 'gate-1'].map((lane) => {
      const fault = new Entity('faults', [])
      const struck = tale.trace.append(20_000, 'fault', 'faults', fault, 0, 0, { fault: `${lane} died` })
      return tale.trace.append(20_000, 'crash', lane, undefined, struck, 0, {})
    })
    expect(deaths).toHaveLength(2)
    tale.trace.append(90_000, 'deliver', 'booth-1', new Entity('car-1', []), 0, 0, {
      partition: 'roads/0',
      offset: 4,
      event: { eventType: 'CarPassed', eventId: 'e' },
    })
    const breach: PropertyResult = {
      name: 'all pay',
      says: '',
      kind: 'eventually',
      verdict: 'violated',
      message: 'car-1 has not paid',
      key: 'car-1',
      atMicros: 60_000,
      cause: 0,
      reads: [],
    }
    const summary: RunSummary = { ...UNEVENTFUL, verdict: 'violated', properties: [breach] }
    const texts = storyOf(summary, tale.trace, {})?.lines.map(({ text }) => text)
    expect(texts).toContain('booth-1 died')
    expect(texts).not.toContain('gate-1 died')
    expect(texts?.at(-2)).toContain('booth has still not taken CarPassed')
  })
})
