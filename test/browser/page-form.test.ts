import axe from 'axe-core'
import type { Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { pageFolder } from '../../sim/cli/page-folder.ts'
import { servePage } from '../../sim/cli/page-server.ts'
import { workspaceOf } from '../../sim/cli/workspace.ts'
import { folderOf } from '../fixtures/cli.ts'
import { objections, PageBench } from './opened-page.ts'
import { pageSizes } from './page-sizes.ts'

const SIZES = [
  { width: 1440, height: 900 },
  { width: 390, height: 844 },
]
const PANES = ['2', '3', '4', '5', '6', '7', '8', '9']

describe('the form of the page', () => {
  let bench: PageBench

  beforeAll(async () => {
    bench = await PageBench.open()
  })

  afterAll(async () => {
    await bench.close()
  })

  it.each(['light', 'dark'] as const)(
    '[V22] leaves axe nothing to object to in any pane (%s)',
    async (colorScheme) => {
      const page = await bench.page({ colorScheme })
      await page.waitForSelector('.card')
      expect(await objections(page)).toEqual([])
      const run = await bench.running(undefined, { colorScheme })
      await run.keyboard.press('n')
      for (const pane of PANES) {
        await run.keyboard.press(pane)
        await run.waitForTimeout(150)
        expect(await objections(run), `pane ${pane}`).toEqual([])
      }
      await run.keyboard.press('?')
      expect(await objections(run), 'help').toEqual([])
      await run.keyboard.press('Escape')
      await run.keyboard.press('Control+k')
      expect(await objections(run), 'palette').toEqual([])
    },
  )

  it.each(['light', 'dark'] as const)(
    '[V22] [V27] leaves axe nothing to object to in a gallery in which nothing works, nor is anything too wide (%s)',
    async (colorScheme) => {
      const long = 'unheard'.repeat(60)
      const folder = folderOf({
        'misspelt/system.ts': `import { ${long} } from './${long}.ts'\nconst = 1\n`,
        'throws/system.ts': `throw new Error('${long} is not there')\nexport default {}\n`,
        'throws/crash.yaml': 'name: never\nsystem: throws\nexpect: { no double charge: violated }\n',
        'throws/broken.yaml': `name: broken\nsystem: throws\n${long}: 1\n`,
        'throws/unread.yaml': 'name: [\n',
        'lonely/system.ts': 'export default {}\n',
      })
      const server = await servePage(pageFolder(), 0, () => workspaceOf(folder, folder))
      try {
        for (const viewport of SIZES) {
          const page = await bench.page({ colorScheme, viewport }, '', server.url)
          await page.waitForFunction(`document.querySelectorAll('.system-fails').length === 2`)
          expect(await page.locator('.gallery-problems li').count()).toBe(3)
          expect(await page.locator('.card').count()).toBe(1)
          expect(await objections(page), `${viewport.width}`).toEqual([])
          const wide =
            await page.evaluate(`[...document.querySelectorAll('.gallery, .gallery *')].filter((each) =>
            each.scrollWidth > each.clientWidth + 1 && getComputedStyle(each).display !== 'inline' || each.getBoundingClientRect().right > innerWidth + 1
          ).map((each) => each.className || each.localName)`)
          expect(wide, `${viewport.width}`).toEqual([])
          await page.locator('.card').click()
          await page.waitForSelector('.problem')
          expect(await objections(page), `refused, ${viewport.width}`).toEqual([])
        }
      } finally {
        await server.close()
      }
    },
  )

  it.each([
    ['a desk', 1440, 900],
    ['a hand', 390, 844],
  ])('[V27] fits the page of %s with every pane', async (_where, width, height) => {
    const gallery = await bench.page({ viewport: { width, height } })
    await gallery.waitForSelector('.card')
    const wide = (page: Page): Promise<number> => page.evaluate('document.documentElement.scrollWidth')
    expect(await wide(gallery)).toBeLessThanOrEqual(width)
    const page = await bench.running(undefined, { viewport: { width, height } })
    for (const pane of PANES) {
      await page.keyboard.press(pane)
      await page.waitForTimeout(100)
      expect(await wide(page), `pane ${pane}`).toBeLessThanOrEqual(width)
      const box = await page.locator('#pane').boundingBox()
      expect((box?.x ?? 0) + (box?.width ?? 0), `pane ${pane}`).toBeLessThanOrEqual(width)
    }
  })

  it('[V16] has the script of its charts before they are opened, draws them all, and shows the moment on each', async () => {
    const page = await bench.page()
    const charts = page.waitForRequest(/CounterCharts/)
    const html = await (await page.request.get(bench.server.url)).text()
    expect(html).toContain('index-')
    expect(html).not.toContain('CounterCharts')
    await page.locator('.card', { hasText: 'crash between charge and commit' }).first().click()
    const script = (await charts).url()
    expect(await page.locator('.charts').count()).toBe(0)
    // Once its script has run, nobody is told to wait for it: what is told stays for a while.
    await page.evaluate(`import(${JSON.stringify(script)})`)
    await page.evaluate(`{
      window.toldToWait = false
      new MutationObserver(() => {
        if (document.getElementById('pane').textContent.includes('Loading the charts')) window.toldToWait = true
      }).observe(document.body, { childList: true, subtree: true })
    }`)
    await page.keyboard.press('7')
    await page.waitForSelector('.charts')
    expect(await page.evaluate('window.toldToWait')).toBe(false)
    await page.waitForFunction(
      `document.querySelectorAll('.chart').length > 3 && document.querySelectorAll('.chart:not(:has(.recharts-area))').length === 0`,
    )
    const places = (): Promise<number[]> =>
      page.evaluate(
        `[...document.querySelectorAll('.chart-now')].map((line) => line.getBoundingClientRect().x - line.parentElement.getBoundingClientRect().x)`,
      )
    await page.keyboard.press('n')
    const late = await places()
    expect(late.length).toBe(await page.locator('.chart').count())
    for (let steps = 0; steps < 8; steps++) await page.keyboard.press('k')
    const early = await places()
    for (const [at, x] of early.entries()) expect(x).toBeLessThan((late[at] as number) - 20)
  })

  it('[V22] leaves axe nothing to object to while something runs, nor in what it brings', async () => {
    const page = await bench.running()
    await page.keyboard.press('9')
    await page.locator('#param-providerIdempotencyKey').click()
    await page.keyboard.press('Control+Enter')
    await page.waitForSelector('.compared')
    expect(await objections(page), 'compared').toEqual([])
    await page.keyboard.press('b')
    await page.keyboard.press('n')
    await page.keyboard.press('m')
    await page.waitForSelector('.marks')
    expect(await objections(page), 'marks').toEqual([])
    await page.locator('.danger button', { hasText: 'Try it at every step' }).click()
    await page.waitForFunction(`document.querySelector('.danger-row') &&
      !document.querySelector('.danger-unknown') && !document.querySelector('.busy')`)
    expect(await objections(page), 'danger map').toEqual([])
    await page.evaluate(axe.source)
    // More than can be done while axe looks.
    await page.locator('.run-fields input').nth(1).fill('3000')
    await page.keyboard.press('Control+Enter')
    await page.waitForSelector('.busy')
    expect(await objections(page), 'busy').toEqual([])
    expect(await page.locator('.busy').count()).toBe(1)
    await page.keyboard.press('Control+.')
    await page.waitForSelector('.busy', { state: 'detached' })
    expect(bench.errors).toEqual([])
  })

  it.each(['light', 'dark'] as const)(
    '[V51] [V22] tells in a hand how a re-run went, leads to the comparison, and leaves the keyboard where it was (%s)',
    async (colorScheme) => {
      const page = await bench.running(undefined, { colorScheme, viewport: { width: 390, height: 844 } })
      const bar = page.locator('.compared-bar')
      const focused = (): Promise<string> => page.evaluate('document.activeElement.id')
      await page.keyboard.press('9')
      await page.locator('#param-providerIdempotencyKey').click()
      await page.keyboard.press('Control+Enter')
      await bar.waitFor()
      expect(await bar.textContent()).toMatch(/^B ✓ every promise kept.*first consequence at [\d.]+ s ↑$/)
      expect(await focused()).toBe('param-providerIdempotencyKey')
      expect(await objections(page)).toEqual([])
      await page.evaluate(`document.querySelector('.workbench').scrollTop = 1e6`)
      const [last, top] = (await page.evaluate(
        `[document.getElementById('pane').getBoundingClientRect().bottom, document.querySelector('.compared-bar').getBoundingClientRect().top]`,
      )) as [number, number]
      expect(last).toBeLessThanOrEqual(top)
      await bar.focus()
      await page.keyboard.press('Enter')
      await bar.waitFor({ state: 'detached' })
      const box = await page.locator('.compared').boundingBox()
      const head = await page.locator('.topbar').boundingBox()
      expect(box?.y).toBeGreaterThanOrEqual((head?.y ?? 0) + (head?.height ?? 0))
      expect((box?.y ?? 844) + (box?.height ?? 0)).toBeLessThan(844)
      expect(await page.evaluate('document.activeElement.className')).toBe('compared')
      // Once it was seen, nobody is led there again, until there is something new.
      await page.evaluate(`document.querySelector('.workbench').scrollTop = 1e6`)
      await page.waitForTimeout(200)
      expect(await bar.count()).toBe(0)
      await page.keyboard.press('Control+Enter')
      await bar.waitFor()
    },
  )

  it('[V51] needs no bar on a desk, where the comparison is always in sight', async () => {
    const page = await bench.running()
    await page.keyboard.press('9')
    await page.evaluate(`document.querySelector('.story').scrollTop = 1e6`)
    await page.keyboard.press('Control+Enter')
    await page.waitForSelector('.compared')
    await page.waitForTimeout(200)
    expect(await page.locator('.compared-bar').count()).toBe(0)
    expect(await page.evaluate(`document.querySelector('.story').scrollTop`)).toBe(0)
  })

  it('[V26] is no larger than it may be: the page, what it loads later, and the simulator', () => {
    const sizes = pageSizes()
    expect(sizes.length).toBeGreaterThan(2)
    for (const { what, kibi, most } of sizes) expect(kibi, what).toBeLessThan(most)
  })
})
