import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { folderOf, invoke, ROOT, scenarioText } from '../../fixtures/cli.ts'

const choreography = join(ROOT, 'scenarios/order-choreography')
const scenario = (...lines: readonly string[]): string =>
  [`system: ${choreography}/system.ts`, ...lines, ''].join('\n')

describe('faultline check', () => {
  it('[R44] says that every state is an end or is left', async () => {
    const folder = folderOf({ 'a.yaml': scenario(), 'b.yaml': scenarioText() })
    const { code, stdout } = await invoke(['check', 'a.yaml'], folder)
    expect([code, stdout]).toEqual([
      0,
      expect.stringMatching(/^✓ order-choreography: \d+ states of \d+ columns, each is/),
    ])
    expect((await invoke(['check', 'b.yaml'], folder)).code).toBe(0)
  })

  it('[R44] finds a dead state with its place, without running', async () => {
    const folder = folderOf({ 'a.yaml': scenario('params: { paymentHears: order-events }') })
    const { code, stdout } = await invoke(['check', 'a.yaml'], folder)
    expect(code).toBe(1)
    expect(stdout).toMatch(
      /payment\.ts:\d+ ✗ payment\.payments status COMPLETED: InventoryReservationFailed and/,
    )
    const json = await invoke(['check', 'a.yaml', '--json'], folder)
    expect(json.code).toBe(1)
    const [dead] = JSON.parse(json.stdout).dead
    expect(dead).toMatchObject({
      service: 'payment',
      table: 'payments',
      column: 'status',
      state: 'COMPLETED',
    })
    expect(dead.place).toMatch(/payment\.ts:\d+$/)
  })

  it('[R44] refuses a scenario that cannot be meant', async () => {
    const folder = folderOf({ 'a.yaml': scenario('params: { paymentHears: nothing }') })
    expect((await invoke(['check', 'a.yaml'], folder)).code).toBe(2)
  })
})
