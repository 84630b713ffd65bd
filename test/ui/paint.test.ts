import { beforeAll, describe, expect, it } from 'vitest'
import type { FaultBand } from '../../ui/model/fault-band.ts'
import { rowsOf } from '../../ui/model/lanes.ts'
import { RunView } from '../../ui/model/run-view.ts'
import { wholeOf } from '../../ui/model/viewport.ts'
import { maskOf } from '../../ui/timeline/mask.ts'
import { paintScene } from '../../ui/timeline/paint.ts'
import { Pyramid } from '../../ui/timeline/pyramid.ts'
import { axisOf, rowsByLane, type Scene, xOf, yOf } from '../../ui/timeline/scene.ts'
import type { Pen } from '../../ui/timeline/shapes.ts'
import type { Tokens } from '../../ui/timeline/tokens.ts'
import { DOUBLE_CHARGE, recorded } from './recordings.ts'

const TOKENS: Tokens = {
  classes: {
    broker: 'broker',
    process: 'process',
    database: 'database',
    messaging: 'messaging',
    timer: 'timer',
    effect: 'effect',
    fault: 'fault',
  },
  surface: 'surface',
  stripe: 'stripe',
  line: 'line',
  text: 'text',
  quiet: 'quiet',
  accent: 'accent',
  violation: 'violation',
  hatch: 'hatch',
  other: 'other',
}

interface Drawn {
  readonly call: string
  readonly args: readonly unknown[]
  readonly fill: string
  readonly stroke: string
}

/** A pen that writes down what is drawn with it. */
function loggingPen(): { readonly pen: Pen; readonly log: Drawn[] } {
  const log: Drawn[] = []
  const state: Record<string, unknown> = { fillStyle: '', strokeStyle: '' }
  const pen = new Proxy(state, {
    get: (target, name: string) =>
      name in target
        ? target[name]
        : (...args: unknown[]) => {
            log.push({ call: name, args, fill: String(target.fillStyle), stroke: String(target.strokeStyle) })
          },
  })
  return { pen: pen as unknown as Pen, log }
}

function sceneOf(run: RunView, storyOnly: boolean): Scene {
  const mask = maskOf(run, '', '', storyOnly)
  const hidden = new Set(
    run.lanes.map(({ number }) => number).filter((lane) => storyOnly && !run.storyLanes.has(lane)),
  )
  const rows = rowsOf(run.lanes, new Set(), hidden)
  const axis = axisOf(run, 'time', true, mask)
  const rowOfLane = rowsByLane(rows, run.recording.columns.lanes.length)
  const viewport = wholeOf(axis.lengthUnits)
  return { run, rows, rowOfLane, axis, mask, viewport, width: 1_000, rowHeight: 20, comparison: undefined }
}

describe('what is drawn of a double charge', () => {
  let run: RunView
  let scene: Scene
  let log: Drawn[]

  beforeAll(async () => {
    run = (await recorded(DOUBLE_CHARGE)).view
    scene = sceneOf(run, true)
    const drawn = loggingPen()
    paintScene(drawn.pen, scene, () => new Pyramid(run, scene.axis, scene.mask), TOKENS)
    log = drawn.log
  })

  it('[V18] shows the lanes of the story alone: who acted, what was written, what was charged', () => {
    expect(scene.rows.map(({ label }) => label)).toEqual(
      expect.arrayContaining(['users', 'payment-2', 'payment-db', 'provider.charges', 'group payment']),
    )
    expect(scene.rows.length).toBeLessThan(run.lanes.length / 2)
    const order = ['users', 'orders-db', 'payment-2', 'provider.charges', 'group payment']
    const places = order.map((name) => scene.rows.findIndex(({ label }) => label === name))
    expect(places).toEqual([...places].sort((left, right) => left - right))
  })

  it('[V18] hatches the lane of a process while it is down', () => {
    const [band] = run.laneBands
    const row = scene.rowOfLane[band?.lane ?? 0] as number
    expect(scene.rows[row]?.label).toBe('payment-2')
    const hatched = log.filter(({ call, fill }) => call === 'fillRect' && fill === 'hatch')
    expect(hatched).toHaveLength(1)
    const [, y = 0, , height = 0] = (hatched[0]?.args ?? []) as number[]
    expect(y).toBeGreaterThanOrEqual(row * 20)
    expect(y + height).toBeLessThanOrEqual((row + 1) * 20)
  })

  it('[V18] hatches what a partition cuts off, also when something else crashes at that moment', () => {
    const { recording, laneBands } = run
    const { scenario, summary, story } = recording.facts
    const fromMicros = laneBands[0]?.fromMicros ?? 0
    const band = (kind: string, targets: string[]): FaultBand => {
      return { index: 0, kind, says: kind, fromMicros, toMicros: fromMicros + 9, targets }
    }
    const bands = [band('crash', ['payment']), band('partition', ['orders', 'broker'])]
    const both = new RunView(recording.columns, { scenario, summary, story, bands })
    const marked = both.laneBands.map(({ lane, down }) => `${recording.columns.lanes[lane]} ${down}`)
    expect(marked.sort()).toEqual([
      'orders-1 false',
      'orders-2 false',
      'orders-relay false',
      'payment-2 true',
    ])
  })

  it('[V18] draws a line through all lanes where the promise broke, and a ring around the event', () => {
    const { event = 0 } = run.mainViolation ?? {}
    const x = xOf(scene, scene.axis.units[event] as number)
    const lines = log.filter(
      ({ call, args, stroke }) => call === 'lineTo' && stroke === 'violation' && args[0] === x,
    )
    expect(lines.map(({ args }) => args[1])).toContain(scene.rows.length * 20)
    const row = scene.rows.findIndex(({ label }) => label === 'provider.charges')
    expect(
      log.filter(({ call, args }) => call === 'arc' && args[0] === x && args[1] === yOf(scene, row)),
    ).not.toEqual([])
  })

  it('[V18] draws arrows for the story alone, and those of a redelivery cross', () => {
    const heads = log.filter(({ call, fill }) => call === 'closePath' && fill === 'accent').length
    const edges = [...run.storyEvents].reduce((sum, id) => sum + run.recording.parents(id).length, 0)
    expect(heads).toBeGreaterThan(4)
    expect(heads).toBeLessThan(edges / 2)
  })

  it('[V18] dims what the story does not tell of, instead of leaving it out', () => {
    const { mask } = scene
    const other = run.recording.ofEntity('order-1')
    expect(other.length).toBeGreaterThan(0)
    for (const id of other)
      if (!run.storyEvents.has(id) && run.recording.kind(id) !== 'fault') expect(mask[id]).toBe(1)
  })
})
