import { beforeAll, describe, expect, it } from 'vitest'
import type { FaultBand } from '../../ui/model/fault-band.ts'
import type { LaneBand } from '../../ui/model/lane-bands.ts'
import { RunView } from '../../ui/model/run-view.ts'
import { crowdedBands } from '../../ui/timeline/crowded-bands.ts'
import { paintScene } from '../../ui/timeline/paint.ts'
import { Pyramid } from '../../ui/timeline/pyramid.ts'
import { type Scene, xOf, yOf } from '../../ui/timeline/scene.ts'
import { type Drawn, loggingPen, TOKENS } from './drawn.ts'
import { DOUBLE_CHARGE, recorded } from './recordings.ts'
import { sceneOf } from './scenes.ts'

function storyOf(run: RunView): Scene {
  const hidden = new Set(run.lanes.map(({ number }) => number).filter((lane) => !run.storyLanes.has(lane)))
  return sceneOf(run, { storyOnly: true, hidden })
}

describe('what is drawn of a double charge', () => {
  let run: RunView
  let scene: Scene
  let log: Drawn[]

  beforeAll(async () => {
    run = (await recorded(DOUBLE_CHARGE)).view
    scene = storyOf(run)
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
    const marks = (isLed: boolean) =>
      both.laneBands
        .filter(({ through }) => (through !== '') === isLed)
        .map(({ lane, down }) => `${recording.columns.lanes[lane]} ${down}`)
    expect(marks(true)).toContain('order-events/3 false')
    expect(marks(false).sort()).toEqual([
      'orders-1 false',
      'orders-2 false',
      'orders-relay false',
      'payment-2 true',
    ])
  })

  it.each([
    ['one service', ['orders'], false],
    [
      'every service',
      ['orders', 'payment', 'inventory', 'shipping', 'notification', 'analytics', 'broker'],
      true,
    ],
  ])(
    '[V52] hatches what is cut off where it is %s: the row or, where most rows are, its edge',
    (_which, services, isMost) => {
      const { recording } = run
      const { scenario, summary, story } = recording.facts
      const bands = services.map((service, index): FaultBand => {
        return {
          index,
          kind: 'partition',
          says: service,
          fromMicros: 200_000,
          toMicros: 3_000_000,
          targets: [service],
        }
      })
      const cut = new RunView(recording.columns, { scenario, summary, story, bands })
      const all = storyOf(cut)
      const { pen, log: drawn } = loggingPen()
      paintScene(pen, all, () => new Pyramid(cut, all.axis, all.mask), TOKENS)
      const own = new Set(cut.laneBands.filter(({ down }) => !down).map(({ lane }) => all.rowOfLane[lane]))
      own.delete(-1)
      // What is down is hatched whole, 18 pixels high.
      const hatched = drawn
        .filter((_, at) => drawn[at + 1]?.call === 'clip')
        .map(({ args }) => args as number[])
        .filter(([, , , height]) => height !== 18)
      expect(hatched.length).toBeGreaterThanOrEqual(own.size)
      // A shape is 10 pixels high, in the middle of its row of 20.
      for (const [, y = 0, , height = 0] of hatched) {
        if (!isMost) expect(height).toBe(10)
        else expect((y % 20) + height === 20 && y % 20 >= 15).toBe(true)
      }
      expect(own.size > all.rows.length / 2).toBe(isMost)
    },
  )

  it.each([
    ['most rows', 5, 9, [0, 1, 2, 3, 4]],
    ['half of the rows', 5, 10, []],
    ['most of a few rows', 3, 4, []],
  ])('[V52] takes %s', (_what, under, rows, expected) => {
    const rowOfLane = Int32Array.from({ length: rows }, (_, lane) => lane)
    const band = (lane: number, fromMicros: number, down = false): LaneBand => {
      return { lane, fromMicros, toMicros: fromMicros + 10, says: '', down, through: '' }
    }
    const own = Array.from({ length: under }, (_, lane) => band(lane, 100 + lane))
    // The same rows again do not count twice, nor does what is over, or what is down.
    const others = [band(0, 101), band(rows - 1, 0), band(rows - 1, 100, true), band(rows - 1, 200)]
    const crowded = crowdedBands([...own, ...others], rowOfLane, rows)
    expect(own.filter((each) => crowded.has(each)).map(({ lane }) => lane)).toEqual(expected)
    expect(others.slice(1).some((each) => crowded.has(each))).toBe(false)
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
