import { join } from 'node:path'
import { beforeAll, describe, expect, it } from 'vitest'
import { workspaceOf } from '../../sim/cli/workspace.ts'
import type { WorkspaceSystem } from '../../sim/index.ts'
import { brokenBy, galleryOf, saysOf } from '../../ui/model/gallery.ts'
import { ROOT } from '../fixtures/cli.ts'

describe('the gallery', () => {
  let systems: readonly WorkspaceSystem[]

  beforeAll(async () => {
    systems = (await workspaceOf(join(ROOT, 'scenarios'), ROOT)).systems
  })

  const names = (query: string, says: Readonly<Record<string, string>> = {}): string[] =>
    galleryOf(systems, says, query).systems.flatMap(({ scenarios }) =>
      scenarios.map(({ scenario }) => scenario.name),
    )

  it('[V42] begins with the order saga, and in it with the double charge', () => {
    const [first, second, ...others] = galleryOf(systems, {}, '').systems
    expect([first?.name, second?.name]).toEqual(['order-choreography', 'order-orchestration'])
    expect(first?.scenarios[0]?.scenario.name).toBe('crash between charge and commit')
    const sizes = others.map(({ scenarios }) => scenarios.length)
    expect(sizes).toEqual([...sizes].sort((left, right) => left - right))
    expect(others.length).toBeGreaterThan(2)
  })

  it('[V42] shows in every system what breaks a promise before what keeps them all, and leaves nothing out', () => {
    for (const { name, scenarios } of galleryOf(systems, {}, '  ').systems) {
      const broken = scenarios.map((each) => brokenBy(each).length > 0)
      expect(broken).toEqual([...broken].sort((left, right) => Number(right) - Number(left)))
      const all = systems.find((system) => system.name === name)?.scenarios ?? []
      expect(new Set(scenarios)).toEqual(new Set(all))
    }
  })

  it('[V42] finds scenarios by words of their names, sentences, promises and systems, in any order', () => {
    expect(names('COMMIT charge crash')).toContain('crash between charge and commit')
    expect(names('idempotency').every((name) => names('').includes(name))).toBe(true)
    expect(names('no double charge')).toContain('crash between charge and commit')
    expect(names('order-choreography happy')).toEqual(['happy path'])
    expect(names('unheard', { payments: 'A till that is unheard of.' })).toHaveLength(
      systems.find(({ name }) => name === 'payments')?.scenarios.length ?? 0,
    )
    expect(names('gibberish')).toEqual([])
    expect(galleryOf(systems, {}, 'gibberish')).toEqual({ systems: [], isPartial: false })
  })

  it('[V42] answers the question of a customer who was charged twice, and a question of which it knows a part', () => {
    expect(names('charged twice')[0]).toBe('crash between charge and commit')
    const partly = galleryOf(systems, {}, 'idempotency gibberish key')
    expect(partly.isPartial).toBe(true)
    expect(names('idempotency gibberish key')).toEqual(names('idempotency key'))
    expect(galleryOf(systems, {}, 'idempotency key').isPartial).toBe(false)
  })

  it.each([
    [0, {}, 'Nothing strikes, and every promise is to hold.'],
    [1, { 'no double charge': 'violated' }, '1 fault strikes, and a promise is to break.'],
    [2, { 'no double charge': 'pass' }, '2 faults strike, and every promise is to hold.'],
  ])(
    '[V42] says of a scenario without a sentence, with %i faults, what its file says',
    (count, expected, said) => {
      const [any] = systems.flatMap(({ scenarios }) => scenarios)
      if (any === undefined) throw new Error('there is no scenario')
      const faults = Array.from({ length: count }, () => ({ kind: 'crash' }) as never)
      const scenario = { ...any.scenario, description: '', faults, expect: expected as never }
      expect(saysOf({ ...any, scenario })).toBe(said)
      expect(saysOf({ ...any, scenario: { ...scenario, description: 'One of its own.' } })).toBe(
        'One of its own.',
      )
    },
  )
})
