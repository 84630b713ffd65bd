import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { folderOf, invoke, ROOT } from '../fixtures/cli.ts'
import { PageBench } from './opened-page.ts'

const SCENARIO = join(ROOT, 'scenarios/order-choreography/crash-between-charge-and-commit.yaml')

describe('a report in one file', () => {
  let bench: PageBench
  let file: string
  let printed: string

  beforeAll(async () => {
    bench = await PageBench.open()
    const folder = folderOf()
    printed = (await invoke(['run', SCENARIO, '--html', 'report.html'], folder)).stdout
    file = join(folder, 'report.html')
  })

  afterAll(async () => {
    await bench.close()
  })

  it('[V21] shows its run from a file, and runs it again, without asking anybody', async () => {
    expect(printed).toContain('page:     report.html')
    expect(existsSync(file)).toBe(true)
    const before = bench.requests.length
    const page = await bench.page({}, '', pathToFileURL(file).href)
    await page.waitForSelector('.verdict-violated')
    expect(await page.locator('#verdict-title').textContent()).toContain('charged twice')
    const digest = /digest ([0-9a-f]{16})/.exec(printed)?.[1]
    expect(await page.locator('.digest').textContent()).toBe(digest)
    for (const pane of ['2', '3', '4', '5', '6', '7', '8', '9']) await page.keyboard.press(pane)
    await page.keyboard.press('7')
    await page.waitForSelector('.recharts-surface')
    await page.keyboard.press('9')
    await page.locator('#param-providerIdempotencyKey').click()
    await page.keyboard.press('Control+Enter')
    await page.waitForSelector('.compared')
    expect(await page.locator('.compared').textContent()).toContain('✓ every promise kept')
    const asked = bench.requests.slice(before).filter((url) => !/^(?:file|blob|data):/.test(url))
    expect(asked).toEqual([])
    expect(bench.errors).toEqual([])
  })

  it('[V40] tells of every moment in the words of the command line', async () => {
    const page = await bench.page({}, '', pathToFileURL(file).href)
    await page.waitForSelector('.verdict-violated')
    const times = await page.locator('.sentence-time').allTextContents()
    expect(times.length).toBeGreaterThan(5)
    for (const time of times) expect(printed).toMatch(new RegExp(`^ *${time.replace('.', '[.]')}  `, 'm'))
    const broken = await page.locator('.property-violated .property-how').allTextContents()
    for (const told of broken) {
      const [moment = 'none'] = /[\d.]+ s/.exec(told) ?? []
      expect(printed).toContain(`violated at ${moment}:`)
    }
    const [counts = ''] = await page.locator('.verdict-counts').allTextContents()
    expect(printed.replaceAll(' · ', ', ')).toContain(counts)
  })

  it('[V23] keeps texts that look like code out of its own', () => {
    const html = readFileSync(file, 'utf8')
    expect(html.match(/<\/script>/g)?.length).toBe(4)
    expect(html.match(/<script/g)?.length).toBeGreaterThanOrEqual(4)
    const [, workspace = ''] = /id="faultline-workspace"[^>]*>([^<]*)</.exec(html) ?? []
    expect(JSON.parse(workspace)).toMatchObject({ systems: [{ name: 'order-choreography' }] })
  })
})
