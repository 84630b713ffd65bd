import { join } from 'node:path'
import fc from 'fast-check'
import { beforeAll, describe, expect, it } from 'vitest'
import { bundleSystem } from '../../sim/cli/bundle.ts'
import { ColumnWriter } from '../../ui/model/columns.ts'
import { settledMicros, weightOf } from '../../ui/model/fault-weight.ts'
import { gistOf } from '../../ui/model/gist.ts'
import { rangeStats } from '../../ui/model/range-stats.ts'
import { Recording } from '../../ui/model/recording.ts'
import { RunView } from '../../ui/model/run-view.ts'
import { maskOf } from '../../ui/timeline/mask.ts'
import { axisOf, SHOWN } from '../../ui/timeline/scene.ts'
import { perform } from '../../ui/worker/bench.ts'
import type { FaultWeights, RunAsk } from '../../ui/worker/protocol.ts'
import { ROOT } from '../fixtures/cli.ts'
import { scenarioFiles } from '../fixtures/scenarios.ts'
import { anyRecording, DOUBLE_CHARGE, recorded, viewOf } from './recordings.ts'

const nothing = (): void => {}

describe('why an order was charged twice', () => {
  let ask: RunAsk
  let run: RunView
  let weights: FaultWeights

  beforeAll(async () => {
    const file = scenarioFiles().find(({ path }) => path === DOUBLE_CHARGE)
    if (file === undefined) throw new Error('there is no double charge')
    const bundle = await bundleSystem(join(ROOT, 'scenarios/order-choreography/system.ts'), ROOT)
    // A second fault, after the harm is done, which has no part in it.
    const faults = [{ at: '20s', crash: 'shipping' }, ...file.scenario.faults]
    ask = { bundle, scenario: { ...file.scenario, faults }, seed: 1 }
    const answer = await perform('run', ask, nothing)
    run = new RunView(answer.columns, answer)
    const property = run.mainViolation?.property ?? ''
    const order = [...run.bands].sort((a, b) => a.fromMicros - b.fromMicros).map(({ index }) => index)
    weights = await perform('weigh', { ...ask, property, order }, nothing)
  })

  it('[V31] is said in at most four sentences: the charge, the crash, the charge again', () => {
    const told = gistOf(run).map((place) => run.story?.lines[place]?.text ?? '')
    expect(told.length).toBeLessThanOrEqual(4)
    expect(told).toEqual([
      expect.stringMatching(/took OrderCreated \(.*charged 36\.00 EUR/),
      expect.stringMatching(/^payment crashed and restarted/),
      expect.stringMatching(/took OrderCreated again .*charged 36\.00 EUR/),
    ])
  })

  it('[V31] is said of what came again by both of its times', async () => {
    const { view } = await recorded('redelivery-without-inbox.yaml')
    expect(gistOf(view).map((place) => view.story?.lines[place]?.text ?? '')).toEqual([
      expect.stringMatching(/took PaymentCompleted \(.*reservations row RESERVED/),
      expect.stringMatching(/were delivered to inventory again/),
      expect.stringMatching(/took PaymentCompleted again .*reservations row RESERVED/),
    ])
  })

  it('[V18] has no lanes of its own where nothing is told: all of them are shown', () => {
    fc.assert(fc.property(anyRecording, (recording) => viewOf(recording).storyLanes.size === 0))
    const crashed = ['deliver', 'crash'].map((kind, at) => ({ kind, lane: `payment-${at}` }))
    const writer = new ColumnWriter()
    for (const each of crashed) writer.add({ ...each, entity: undefined, atMicros: 1, parents: [], data: '' })
    const facts = { scenario: undefined, summary: undefined, story: undefined }
    const view = viewOf(new Recording(writer.finish(), facts))
    expect([view.laneBands.length, view.storyLanes.size]).toEqual([1, 0])
  })

  it('[V31] is not said of a run in which nothing broke', async () => {
    const { scenario } = ask
    const params = { ...scenario.params, providerIdempotencyKey: true }
    const answer = await perform('run', { ...ask, scenario: { ...scenario, params } }, nothing)
    expect(gistOf(new RunView(answer.columns, answer))).toEqual([])
  })

  it('[V32] is the fault without which it does not happen, and not the other one', () => {
    expect(weights).toEqual({ property: 'no double charge', needed: [false, true], settledBy: 1 })
    const line = run.story?.lines.find(({ mark }) => mark === 'fault')
    if (line === undefined) throw new Error('no fault is told')
    expect(weightOf(run, line, weights)).toBe(
      'needed: without it the promise is kept; from here on nothing more had to go wrong',
    )
    expect(weightOf(run, line, undefined)).toBe('')
    expect(weightOf(run, { ...line, mark: 'plain' }, weights)).toBe('')
    expect(settledMicros(run, weights)).toBe(line.atMicros)
  })

  it('[V32] would be no fault at all where the promise breaks without any', async () => {
    const free = { ...ask.scenario, params: { ...ask.scenario.params, requestId: false }, faults: [] }
    const clicks = scenarioFiles().find(({ path }) => path === 'order-choreography/double-click.yaml')
    const scenario = clicks?.scenario ?? free
    const found = await perform(
      'weigh',
      { ...ask, scenario, property: 'no double order', order: [] },
      nothing,
    )
    expect(found).toMatchObject({ needed: [], settledBy: -1 })
    expect(settledMicros(run, found)).toBe(0)
  })

  it('[V33] counts what is in a part of the axis, and nothing else', () => {
    const mask = maskOf(run, '', '', false)
    const { units, lengthUnits } = axisOf(run, 'steps', false, mask)
    const whole = rangeStats(run, units, mask, 0, lengthUnits)
    expect(whole.events).toBe(run.recording.count)
    const kinds = Array.from({ length: run.recording.count }, (_, at) => run.recording.kind(at + 1))
    expect(whole.counts).toContainEqual({
      what: 'deliveries',
      times: kinds.filter((kind) => kind === 'deliver').length,
    })
    const halves = [
      rangeStats(run, units, mask, 0, lengthUnits / 2),
      rangeStats(run, units, mask, lengthUnits / 2 + 0.5, lengthUnits),
    ]
    expect((halves[0]?.events ?? 0) + (halves[1]?.events ?? 0)).toBe(whole.events)
    expect(rangeStats(run, units, mask, -9, -8)).toMatchObject({ events: 0, counts: [], busiest: '' })
  })

  it('[V34] lies to the right of all its causes on the axis of causes, in every lane from left to right', () => {
    const mask = maskOf(run, '', '', false)
    const axis = axisOf(run, 'depth', true, mask)
    const { recording } = run
    for (let id = 1; id <= recording.count; id++)
      for (const parent of recording.parents(id))
        expect(axis.units[parent] as number).toBeLessThan(axis.units[id] as number)
    for (const { number } of run.lanes) {
      const places = [...axis.ofLane(number)].map((id) => axis.units[id] as number)
      expect(places).toEqual([...places].sort((left, right) => left - right))
      expect(places).toHaveLength(recording.ofLane(number).length)
    }
    const story = axisOf(run, 'depth', true, maskOf(run, '', run.story?.subject ?? '', true))
    expect(story.lengthUnits).toBeLessThanOrEqual(axis.lengthUnits)
    expect(mask[1]).toBe(SHOWN)
  })
})
