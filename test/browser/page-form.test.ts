import axe from 'axe-core'
import type { Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { PageBench } from './opened-page.ts'
import { pageSizes } from './page-sizes.ts'

const PANES = ['2', '3', '4', '5', '6', '7', '8', '9']

/** What axe objects to: rule and places. */
async function objections(page: Page): Promise<string[]> {
  await page.evaluate(axe.source)
  return page.evaluate(`axe.run(document).then(({ violations }) =>
    violations.map(({ id, nodes }) => id + ': ' + nodes.map(({ target, failureSummary }) => target + ' ' + failureSummary).join(' | ')))`)
}

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

  it('[V26] is no larger than it may be: the page, what it loads later, and the simulator', () => {
    const sizes = pageSizes()
    expect(sizes.length).toBeGreaterThan(2)
    for (const { what, kibi, most } of sizes) expect(kibi, what).toBeLessThan(most)
  })
})
