import { join } from 'node:path'
import type { Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { pageFolder } from '../../sim/cli/page-folder.ts'
import { servePage } from '../../sim/cli/page-server.ts'
import { workspaceOf } from '../../sim/cli/workspace.ts'
import { ROOT } from '../fixtures/cli.ts'
import { announcement, drop, PageBench, pressAtOnce } from './opened-page.ts'

describe('a page on which something takes long, fails or hides', () => {
  let bench: PageBench

  beforeAll(async () => {
    bench = await PageBench.open()
  })

  afterAll(async () => {
    await bench.close()
  })

  const stopped = (page: Page): Promise<unknown> =>
    page.waitForFunction(`document.querySelector('[aria-live=polite]').textContent.endsWith('stopped.')`)

  /** Presses Stop in the task in which it comes: whoever presses it from outside may be later than the end of the work. @returns the height of the bar then */
  const stopAtOnce = (page: Page): Promise<number> =>
    page.evaluate(`new Promise((resolve) => {
      const bar = document.querySelector('.topbar')
      const watch = new MutationObserver(() => {
        const stop = [...bar.querySelectorAll('button')].find((each) => each.textContent === 'Stop')
        if (stop === undefined) return
        watch.disconnect()
        resolve(bar.getBoundingClientRect().height)
        stop.click()
      })
      watch.observe(bar, { childList: true, subtree: true })
      const begin = [...document.querySelectorAll('button')].find((each) => each.textContent.includes('Find the smallest run'))
      begin.click()
    })`)

  it('[V48] stops shrinking with its button, and runs again as ever', async () => {
    const page = await bench.running()
    const digest = await page.locator('.digest').textContent()
    await page.keyboard.press('9')
    await page.getByRole('button', { name: 'Find the smallest run' }).waitFor()
    await stopAtOnce(page)
    await stopped(page)
    expect(await announcement(page)).toBe('Shrinking: stopped.')
    expect(await page.getByRole('button', { name: 'Stop', exact: true }).count()).toBe(0)
    expect(await page.locator('.problem').count()).toBe(0)
    expect(await page.locator('.digest').textContent()).toBe(digest)
    await page.keyboard.press('Control+Enter')
    await page.waitForSelector('.segmented[aria-label=Run]')
    expect(await page.locator('.digest').textContent()).toBe(digest)
  })

  it('[V48] has room for the button in a hand: nothing moves when it comes', async () => {
    const page = await bench.running(undefined, { viewport: { width: 390, height: 844 } })
    const before = await page.locator('.topbar').boundingBox()
    await page.keyboard.press('Control+Enter')
    await page.waitForSelector('.segmented[aria-label=Run]')
    await page.keyboard.press('9')
    await page.getByRole('button', { name: 'Find the smallest run' }).waitFor()
    const during = await stopAtOnce(page)
    await stopped(page)
    expect(during).toBe(before?.height)
  })

  it('[V48] stops a run with its key: with one that was there it stays, without one it goes back to the gallery', async () => {
    const page = await bench.running()
    // No answer can come in between.
    await pressAtOnce(page, ['Enter', '.'], { ctrlKey: true })
    await stopped(page)
    expect(await page.locator('.segmented[aria-label=Run]').count()).toBe(0)
    expect(await page.locator('.timeline').count()).toBe(1)
    const gallery = await bench.page()
    await gallery.waitForSelector('.card')
    await gallery.evaluate(`{
      document.querySelector('.card').click()
      window.dispatchEvent(new KeyboardEvent('keydown', { key: '.', ctrlKey: true }))
    }`)
    await gallery.waitForSelector('.card')
    expect(await gallery.locator('.timeline').count()).toBe(0)
    // What systems are made of is still learnt: it was not what was stopped.
    await gallery.waitForFunction(
      `[...document.querySelectorAll('.system-says')].every((each) => each.textContent.length > 5)`,
    )
    expect(await gallery.locator('.system-fails').count()).toBe(0)
    await gallery.locator('.card').first().click()
    await gallery.waitForSelector('.verdict-violated')
  })

  it('[V50] says in the gallery which system cannot be loaded, and why', async () => {
    const whole = await workspaceOf(join(ROOT, 'scenarios/order-choreography'), ROOT)
    const [system] = whole.systems
    if (system === undefined) throw new Error('there is no system')
    const bundle = { ...system.bundle, text: `throw new Error('this ledger is not there')` }
    const broken = { ...system, name: 'broken', bundle }
    const server = await servePage(pageFolder(), 0, async () => ({ ...whole, systems: [broken, system] }))
    try {
      const page = await bench.page({}, '', server.url)
      await page.waitForSelector('.system-fails')
      expect(await page.locator('.system-fails').allTextContents()).toEqual([
        expect.stringMatching(/^This system cannot be loaded: .*this ledger is not there/s),
      ])
      const cards = (name: string) => page.locator(`section[aria-labelledby=system-${name}] .card-facts`)
      expect(await cards('broken').count()).toBe(system.scenarios.length)
      for (const facts of await cards('broken').allTextContents()) {
        expect(facts).toContain('✗ cannot be run: its system fails')
        expect(facts).not.toContain('✓')
      }
      const others = await cards('order-choreography').allTextContents()
      expect(others.filter((facts) => facts.includes('✓ every promise holds'))).not.toEqual([])
      expect(others.filter((facts) => facts.includes('cannot be run'))).toEqual([])
      await page.locator('section[aria-labelledby=system-broken] .card').first().click()
      await page.waitForSelector('.problem')
      expect(await page.locator('.problem').textContent()).toContain('this ledger is not there')
    } finally {
      await server.close()
    }
  })

  it('[V49] writes out what hides in a trace, in every pane, and finds it as it is', async () => {
    const page = await bench.page()
    await page.waitForSelector('.card')
    const [lane, entity] = ['\u202epay-1', 'order\u200b-\u2066']
    const records = ['act', 'deliver', 'insert', 'commit', 'append', 'ledger', 'crash', 'log'].map(
      (kind, at) => ({
        id: at + 1,
        atMicros: at * 1_000,
        kind,
        lane,
        entity,
        parents: at === 0 ? [] : [at],
        data:
          kind === 'insert' || kind === 'commit'
            ? [{ table: 't\u202e', key: entity, before: null, after: { id: entity, note: '\u0007\ufeff' } }]
            : {
                message: 'a\u202eb',
                partition: 'p/0',
                offset: 0,
                event: { eventType: '\u2067E', eventId: '\u200f' },
              },
      }),
    )
    const header = { format: 'faultline-trace', version: 1, records: records.length }
    await drop(page, 'hidden.jsonl', [header, ...records].map((line) => JSON.stringify(line)).join('\n'))
    await page.waitForSelector('.timeline')
    const hidden = `(() => {
      const found = []
      for (const each of document.querySelectorAll('body *')) {
        if (each.matches('script, style')) continue
        for (const { nodeType, data } of each.childNodes) if (nodeType === 3) found.push(data)
        for (const name of ['title', 'aria-label']) found.push(each.getAttribute(name) ?? '')
      }
      return found.filter((text) => /[\\u202a-\\u202e\\u2066-\\u2069\\u200b-\\u200f\\ufeff\\u0000-\\u0008]/.test(text))
    })()`
    expect(await page.locator('.lanes').textContent()).toContain('\\u{202e}pay')
    await page.keyboard.press('.')
    for (const key of ['2', '3', '4', '5', '6', '7', '8', '9', '.', 'm', 'u']) {
      await page.keyboard.press(key)
      await page.waitForTimeout(60)
      expect(await page.evaluate(hidden), `after ${key}`).toEqual([])
    }
    await page.keyboard.press('8')
    expect(await page.locator('#pane').textContent()).toContain('order\\u{200b}-\\u{2066}')
    await page.locator('#filter').fill(`order:${entity}`)
    await page.locator('#pane', { hasText: `${records.length} of ${records.length}` }).waitFor()
    expect(bench.errors).toEqual([])
  })
})
