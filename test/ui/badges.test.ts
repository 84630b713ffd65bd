import fc from 'fast-check'
import { beforeAll, describe, expect, it } from 'vitest'
import { timesText } from '../../ui/model/duplicates.ts'
import { nameParts } from '../../ui/model/lanes.ts'
import type { RunView } from '../../ui/model/run-view.ts'
import { fitted } from '../../ui/model/viewport.ts'
import { type Box, ringsOf } from '../../ui/timeline/badge-places.ts'
import { badgesOf } from '../../ui/timeline/badges.ts'
import { eventsInView, MAX_SHAPES, rowOf, xOf } from '../../ui/timeline/scene.ts'
import { DOUBLE_CHARGE, recorded } from './recordings.ts'
import { sceneOf } from './scenes.ts'

/** How far two badges lie over each other, in pixels of the lesser direction. */
function covering(left: Box, right: Box): number {
  const wide = (left.width + right.width) / 2 - Math.abs(left.x - right.x)
  const high = (left.height + right.height) / 2 - Math.abs(left.y - right.y)
  return Math.min(wide, high)
}

const LEFT_OF_THE_PICTURE = [
  { name: 'reads-on.yaml', width: 286, rowHeight: 26, from: 0, share: 0.3 },
  { name: 'reads-on.yaml', width: 286, rowHeight: 26, from: 0.27, share: 0.11 },
]

describe('what came more than once', () => {
  let runs: Readonly<Record<string, RunView>>

  beforeAll(async () => {
    const files = ['redelivery-without-inbox.yaml', 'double-click.yaml', 'happy-path.yaml']
    const views = [...files.map((file) => `order-choreography/${file}`), 'kafka/reads-on.yaml'].map(
      async (file) => [file.slice(file.indexOf('/') + 1), (await recorded(file)).view] as const,
    )
    const charge = (await recorded(DOUBLE_CHARGE)).view
    runs = Object.fromEntries([...(await Promise.all(views)), ['double charge', charge]])
  })

  const runOf = (name: string): RunView => runs[name] as RunView

  it('[V37] has a badge on both deliveries of the record that was charged twice, and on no other', () => {
    const run = runOf('double charge')
    const scene = sceneOf(run, { width: 1_000, rowHeight: 34, storyOnly: true })
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
        const whole = sceneOf(runOf(name), { width, rowHeight, storyOnly: true })
        const { lengthUnits } = whole.axis
        const viewport = fitted(from * lengthUnits, (from + share) * lengthUnits, lengthUnits)
        const scene = { ...whole, viewport }
        const { story, duplicates, crowds } = badgesOf(scene)
        const all: Box[] = [...story, ...duplicates, ...crowds]
        shown += duplicates.length
        for (const ring of ringsOf(scene))
          for (const badge of all) expect(covering(badge, ring)).toBeLessThanOrEqual(1e-6)
        for (const [at, left] of all.entries())
          for (const right of all.slice(at + 1)) expect(covering(left, right)).toBeLessThanOrEqual(1e-6)
        for (const { x, width: wide } of [...duplicates, ...crowds]) {
          expect(x + wide / 2).toBeLessThanOrEqual(width + 1e-6)
          expect(x - wide / 2).toBeGreaterThanOrEqual(-1e-6)
        }
      }),
      // Looked at in a narrow picture, these had their badges beyond its left edge.
      { numRuns: 60, examples: LEFT_OF_THE_PICTURE.map((place) => [place]) },
    )
    expect(shown).toBeGreaterThan(20)
  })

  it('[V37] the canary: badges where they are wanted, each for itself, do cover each other', () => {
    const scene = sceneOf(runOf('redelivery-without-inbox.yaml'), {
      width: 286,
      rowHeight: 26,
      storyOnly: true,
    })
    const crowded = badgesOf(scene).story.map((badge) => ({
      ...badge,
      x: xOf(scene, scene.axis.units[badge.id] as number),
      y: (rowOf(scene, badge.id) + 0.5) * 26,
    }))
    const pairs = crowded.flatMap((left, at) => crowded.slice(at + 1).map((right) => covering(left, right)))
    expect(Math.max(...pairs)).toBeGreaterThan(0)
  })

  it('[V37] and the numbers of the story leave free what two broken promises are ringed with', () => {
    const scene = sceneOf(runOf('reads-on.yaml'), { width: 900, rowHeight: 30, storyOnly: true })
    const rings = ringsOf(scene)
    expect(rings.length).toBeGreaterThan(1)
    const { story } = badgesOf(scene)
    const wanted = story.map((badge) => ({
      ...badge,
      x: xOf(scene, scene.axis.units[badge.id] as number) - 13,
    }))
    // The canary: where they are wanted, some do lie on a ring.
    const covered = (badges: readonly Box[]) =>
      badges.filter((badge) => rings.some((ring) => covering(badge, ring) > 1e-6)).length
    expect(covered(wanted)).toBeGreaterThan(0)
    expect(covered(story)).toBe(0)
    expect(story.length).toBe(wanted.length)
  })

  it.each([
    ['double charge', 286, 26],
    ['redelivery-without-inbox.yaml', 286, 26],
    ['reads-on.yaml', 286, 26],
    ['double charge', 900, 34],
  ])(
    '[V37] and the numbers of the story hide no event of another sentence: %s, %i wide',
    (name, width, rowHeight) => {
      const scene = sceneOf(runOf(name), { width, rowHeight, storyOnly: true })
      const { story } = badgesOf(scene)
      const marks = story.map(({ id }) => ({
        id,
        x: xOf(scene, scene.axis.units[id] as number),
        y: (rowOf(scene, id) + 0.5) * rowHeight,
      }))
      const hidden = story.flatMap((badge) =>
        marks.filter(
          ({ id, x, y }) =>
            id !== badge.id &&
            Math.abs(badge.x - x) < badge.width / 2 &&
            Math.abs(badge.y - y) < badge.height / 2,
        ),
      )
      expect(hidden).toEqual([])
      const told = runOf(name).story?.lines.filter(({ records }) => records.length > 0) ?? []
      expect(new Set(story.map(({ number }) => number)).size).toBe(told.length)
    },
  )

  it('[V37] is counted by lane and place where there is no room for a badge each, and none is left out', async () => {
    const { view } = await recorded('payments/back-to-the-form.yaml')
    const near = sceneOf(view, { width: 900, rowHeight: 30, storyOnly: true })
    const long = (
      await recorded('order-choreography/redelivery-without-inbox.yaml', {
        workload: { orders: 60, every: '20ms' } as never,
      })
    ).view
    const far = sceneOf(long, { width: 900, rowHeight: 30, storyOnly: true })
    expect(eventsInView(near)).toBeLessThan(MAX_SHAPES)
    expect(eventsInView(far)).toBeGreaterThan(MAX_SHAPES)
    for (const scene of [near, far]) {
      const { duplicates, crowds } = badgesOf(scene)
      expect(crowds.length).toBeGreaterThan(0)
      expect(crowds.length).toBeLessThan(120)
      const all = [...scene.run.duplicates.keys()]
      const told = crowds.reduce((sum, { count }) => sum + count, duplicates.length)
      expect(told).toBe(all.length)
      for (const { id, count, text, fromUnit, toUnit } of crowds) {
        expect(text).toBe(`${count} again`)
        const within = all.filter((other) => {
          const unit = scene.axis.units[other] as number
          return rowOf(scene, other) === rowOf(scene, id) && unit >= fromUnit && unit <= toUnit
        })
        expect(within.length).toBeGreaterThanOrEqual(count)
      }
    }
    expect(badgesOf(far).duplicates).toEqual([])
  })

  it('[V37] of many are those of the story alone, until somebody looks closer', async () => {
    const { view } = await recorded('payments/back-to-the-form.yaml')
    const scene = sceneOf(view, { width: 900, rowHeight: 30, storyOnly: true })
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
