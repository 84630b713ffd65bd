import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { DOUBLE_TOLL, folderOf, invoke, ROOT } from '../../fixtures/cli.ts'

const SIDE_BY_SIDE = 'scenarios/order-choreography/side-by-side.yaml'

describe('faultline compare', () => {
  it('[R42] puts params beside each other, each column as its runs alone', async () => {
    const folder = folderOf({ 'a.yaml': DOUBLE_TOLL })
    const { code, stdout } = await invoke(
      ['compare', 'a.yaml', '--as', 'key=true', '--seeds', '2', '--json'],
      folder,
    )
    expect(code).toBe(0)
    const { columns } = JSON.parse(stdout)
    expect(columns).toHaveLength(2)
    const events = await Promise.all(
      ['1', '2'].map(async (seed) =>
        JSON.parse((await invoke(['run', 'a.yaml', '--seed', seed, '--json'], folder)).stdout),
      ),
    )
    const [wrong, right] = columns
    expect(wrong.events).toBe(events[0].events + events[1].events)
    expect(wrong.verdicts.violated).toBe(events.filter(({ verdict }) => verdict === 'violated').length)
    expect(wrong.verdicts.violated).toBeGreaterThan(0)
    expect(right.verdicts).toEqual({ pass: 2, violated: 0, inconclusive: 0, error: 0 })
    expect(right.label).toContain('key=true')
    const again = await invoke(['compare', 'a.yaml', '--as', 'key=true', '--seeds', '2', '--json'], folder)
    expect(again.stdout).toBe(stdout)
  })

  it('[R42] puts choreography and orchestration under the same load and faults', async () => {
    const wrongs = ['--as', 'outbox=dual-write', '--as', 'order-orchestration providerIdempotencyKey=false']
    const { code, stdout, stderr } = await invoke(
      [
        'compare',
        join(ROOT, SIDE_BY_SIDE),
        '--as',
        'order-orchestration',
        ...wrongs,
        '--seeds',
        '2',
        '--json',
      ],
      ROOT,
    )
    expect([code, stderr]).toEqual([0, ''])
    const [choreography, orchestration, dual, keyless] = JSON.parse(stdout).columns
    for (const column of [choreography, orchestration]) {
      expect(column).toMatchObject({ verdicts: { pass: 2 }, notEnded: 0, orders: 20, struck: 10 })
      expect(column.p50Micros).toBeLessThanOrEqual(column.p99Micros)
    }
    expect(orchestration.messages).toBeGreaterThan(choreography.messages)
    expect(dual.verdicts.violated).toBe(2)
    expect(dual.notEnded).toBeGreaterThan(0)
    const broken = keyless.properties.filter(({ violated }: { violated: number }) => violated > 0)
    expect(broken.map(({ name }: { name: string }) => name)).toContain('no double charge')
  })

  it.each([
    [['--as', 'kee=true'], "--as 'kee=true': params.kee: toll has no param 'kee'"],
    [['--as', 'a b'], "--as 'a b': expected params, a system, or a system with params"],
    [['--as', 'nowhere'], "--as 'nowhere': system: there is no system 'nowhere'"],
    [['--seeds', '0'], "expected a whole number from 1, got '0'"],
  ])('[R42] refuses what cannot be meant: %j', async (argv, message) => {
    const folder = folderOf({ 'a.yaml': DOUBLE_TOLL })
    const { code, stderr } = await invoke(['compare', 'a.yaml', ...argv], folder)
    expect(code).toBe(2)
    expect(stderr).toContain(message)
  })
})
