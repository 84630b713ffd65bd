import fc from 'fast-check'
import { beforeAll, describe, expect, it } from 'vitest'
import { timesText } from '../../ui/model/duplicates.ts'
import { nameParts, rowsOf } from '../../ui/model/lanes.ts'
import type { RunView } from '../../ui/model/run-view.ts'
import { fitted, wholeOf } from '../../ui/model/viewport.ts'
import { type Badge, badgesOf } from '../../ui/timeline/badges.ts'
import { maskOf } from '../../ui/timeline/mask.ts'
import { axisOf, rowsByLane, type Scene, xOf } from '../../ui/timeline/scene.ts'
import { DOUBLE_CHARGE, recorded } from './recordings.ts'

function sceneOf(run: RunView, width: number, rowHeight: number): Scene {
  const mask = maskOf(run, '', '', true)
  const rows = rowsOf(run.lanes, new Set(), new Set())
  const axis = axisOf(run, 'time', true, mask)
  const rowOfLane = rowsByLane(rows, run.recording.columns.lanes.length)
  const viewport = wholeOf(axis.lengthUnits)
  return { run, rows, rowOfLane, axis, mask, viewport, width, rowHeight, comparison: undefined }
}

/** How far two badges lie over each other, in pixels of the lesser direction. */
function covering(left: Badge, right: Badge): number {
  const wide = (left.width + right.width) / 2 - Math.abs(left.x - right.x)
  const high = (left.height + right.height) / 2 - Math.abs(left.y - right.y)
  return Math.min(wide, high)
}

describe('what came more than once', () => {
  let runs: Readonly<Record<string, RunView>>

  beforeAll(async () => {
    const views = ['redelivery-without-inbox.yaml', 'double-click.yaml', 'happy-path.yaml'].map(
      async (file) => [file, (await recorded(`order-choreography/${file}`)).view] as const,
    )
    const charge = (await recorded(DOUBLE_CHARGE)).view
    runs = Object.fromEntries([...(await Promise.all(views)), ['double charge', charge]])
  })

  const runOf = (name: string): RunView => runs[name] as RunView

  it('[V37] has a badge on both deliveries of the record that was charged twice, and on no other', () => {
    const run = runOf('double charge')
    const scene = sceneOf(run, 1_000, 34)
    const { duplicates } = badgesOf(scene)
    expect(duplicates.map(({ text }) => text).sort()).toEqual(['1 of 2', '2 of 2'])
    for (const { id, x } of duplicates) {
      expect(run.recording.kind(id)).toBe('deliver')
      expect(run.recording.fields(id)).toMatchObject({ partition: 'order-events/3', offset: 0 })
      expect(Math.abs(x - xOf(scene, scene.axis.units[id] as number))).toBeLessThan(40)
    }
    const [first, second] = duplicates.map(({ id }) => id) as [number, number]
    expect(run.recording.kind(first)).toBe('deliver')
    expect(run.story?.lines.flatMap(({ records }) => records)).toEqual(
      expect.arrayContaining([first, second]),
    )
  })

  it('[V37] is a request that came twice too, and is nothing where everything came once', () => {
    const click = runOf('double-click.yaml')
    const kinds = [...click.duplicates.keys()].map((id) => click.recording.kind(id))
    expect(new Set(kinds)).toEqual(new Set(['request']))
    expect(runOf('happy-path.yaml').duplicates.size).toBe(0)
    const again = runOf('redelivery-without-inbox.yaml')
    const deliveries = new Map<string, number[]>()
    for (let id = 1; id <= again.recording.count; id++) {
      if (again.recording.kind(id) !== 'deliver') continue
      const { partition, offset } = again.recording.fields(id)
      const service = again.recording.lane(id).replace(/-\d+$/, '')
      const key = `${service} ${partition} ${offset}`
      deliveries.set(key, [...(deliveries.get(key) ?? []), id])
    }
    const repeated = [...deliveries.values()].filter(({ length }) => length > 1)
    expect(repeated.length).toBeGreaterThan(0)
    for (const ids of repeated)
      expect(ids.map((id) => again.duplicates.get(id))).toEqual(
        ids.map((_, at) => ({ nth: at + 1, of: ids.length })),
      )
  })

  it('[V37] badges lie over no other badge and within the picture, at any width and anywhere on the axis', () => {
    const places = fc.record({
      name: fc.constantFrom(...Object.keys(runs)),
      width: fc.constantFrom(286, 700, 900),
      rowHeight: fc.constantFrom(26, 30, 34),
      from: fc.double({ min: 0, max: 0.9, noNaN: true }),
      share: fc.double({ min: 0.02, max: 1, noNaN: true }),
    })
    let shown = 0
    fc.assert(
      fc.property(places, ({ name, width, rowHeight, from, share }) => {
        const whole = sceneOf(runOf(name), width, rowHeight)
        const { lengthUnits } = whole.axis
        const viewport = fitted(from * lengthUnits, (from + share) * lengthUnits, lengthUnits)
        const { story, duplicates } = badgesOf({ ...whole, viewport })
        const all: Badge[] = [...story, ...duplicates]
        shown += duplicates.length
        for (const [at, left] of all.entries())
          for (const right of all.slice(at + 1)) expect(covering(left, right)).toBeLessThanOrEqual(1e-6)
        for (const { x, width: wide } of duplicates) {
          expect(x + wide / 2).toBeLessThanOrEqual(width + 1e-6)
          expect(x - wide / 2).toBeGreaterThanOrEqual(-1e-6)
        }
      }),
      { numRuns: 60 },
    )
    expect(shown).toBeGreaterThan(20)
  })

  it('[V37] the canary: badges where they are wanted, each for itself, do cover each other', () => {
    const scene = sceneOf(runOf('redelivery-without-inbox.yaml'), 286, 26)
    const crowded = badgesOf(scene).story.map((badge) => ({
      ...badge,
      x: xOf(scene, scene.axis.units[badge.id] as number),
    }))
    const pairs = crowded.flatMap((left, at) => crowded.slice(at + 1).map((right) => covering(left, right)))
    expect(Math.max(...pairs)).toBeGreaterThan(0)
  })

  it('[V37] of many are those of the story alone, until somebody looks closer', async () => {
    const { view } = await recorded('payments/back-to-the-form.yaml')
    const scene = sceneOf(view, 900, 30)
    expect(view.duplicates.size).toBeGreaterThan(40)
    const { duplicates } = badgesOf(scene)
    expect(duplicates.length).toBeLessThan(10)
    expect(duplicates.filter(({ dim }) => dim)).toEqual([])
    const { lengthUnits } = scene.axis
    const other = [...view.duplicates.keys()].find((id) => scene.mask[id] === 1) ?? 0
    const at = scene.axis.units[other] as number
    const viewport = fitted(at - lengthUnits * 0.001, at + lengthUnits * 0.001, lengthUnits)
    expect(badgesOf({ ...scene, viewport }).duplicates.filter(({ dim }) => dim)).not.toEqual([])
  })

  it('[V37] is no webhook that tells of another event of the same order', async () => {
    const { view } = await recorded('payments/back-to-the-form.yaml')
    const { recording } = view
    const seen = new Map<string, number>()
    let different = 0
    for (const id of recording.ofEntity('order-1')) {
      const { route, request } = recording.fields(id) as { route?: string; request?: { eventId?: string } }
      if (recording.kind(id) !== 'request' || route !== 'hook') continue
      const event = String(request?.eventId)
      seen.set(event, (seen.get(event) ?? 0) + 1)
      if (seen.size > 1 && seen.get(event) === 1) {
        different++
        expect(recording.phrase(id)).not.toContain('again')
      }
    }
    expect(different).toBeGreaterThan(0)
    for (const id of recording.ofEntity('order-1')) {
      const { request } = recording.fields(id) as { request?: { eventId?: string } }
      const times = seen.get(String(request?.eventId))
      if (times === 1) expect(view.duplicates.has(id)).toBe(false)
    }
  })

  it.each([
    [1, 2, 'the 1st of 2 times'],
    [2, 3, 'the 2nd of 3 times'],
    [3, 3, 'the 3rd of 3 times'],
    [11, 12, 'the 11th of 12 times'],
    [22, 30, 'the 22nd of 30 times'],
  ])('[V37] is told as %i of %i: %s', (nth, of, told) => {
    expect(timesText({ nth, of })).toBe(told)
  })
})

describe('the name of a lane', () => {
  it.each([
    ['order-events/3', 'order-events', '/3'],
    ['payment-commands/12', 'payment-commands', '/12'],
    ['payment-2', 'payment', '-2'],
    ['orchestrator-relay', 'orchestrator', '-relay'],
    ['inventory-db', 'inventory', '-db'],
    ['provider.charges', 'provider', '.charges'],
    ['users.acknowledgements', 'users.acknowledgements', ''],
    ['users', 'users', ''],
    ['', '', ''],
  ])('[V38] %s is cut between %s and %s', (name, head, tail) => {
    expect(nameParts(name)).toEqual([head, tail])
  })

  it('[V38] keeps every letter, and the number of a partition in the part that is never cut', () => {
    fc.assert(
      fc.property(fc.string(), fc.nat(999), (topic, number) => {
        const [head, tail] = nameParts(`${topic}/${number}`)
        expect(head + tail).toBe(`${topic}/${number}`)
        expect(tail).toBe(`/${number}`)
      }),
    )
  })
})
