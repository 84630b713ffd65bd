import type { Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { announcement, objections, PageBench } from './opened-page.ts'

const DESK = { width: 1440, height: 900 }
const HAND = { width: 390, height: 844 }
const PLOT = '.plot:not(.plot-beside)'
/** What the axis says: another text when it was moved. */
const TICKS = `document.querySelector('.axis').textContent`

describe('both runs, one above the other', () => {
  let bench: PageBench

  beforeAll(async () => {
    bench = await PageBench.open()
  })

  afterAll(async () => {
    await bench.close()
  })

  /** The double charge as run A, and with an idempotency key as run B, which is looked at. */
  const compared = async (options: Parameters<PageBench['running']>[1] = {}): Promise<Page> => {
    const page = await bench.running(undefined, options)
    await page.keyboard.press('9')
    await page.locator('#param-providerIdempotencyKey').click()
    await page.keyboard.press('Control+Enter')
    await page.waitForSelector('.compared')
    await page.keyboard.press('5')
    return page
  }
  const pressed = (page: Page): Promise<string | null> =>
    page.getByRole('button', { name: 'both runs' }).getAttribute('aria-pressed')
  const active = (page: Page): Promise<string | null> =>
    page.locator('.run-strip [aria-pressed=true] b').textContent()

  it('[V65] [V67] are there with a key where there are two, and else it is said why not', async () => {
    const page = await bench.running()
    await page.keyboard.press('c')
    expect(await announcement(page)).toBe('There is one run: change something and run it again.')
    expect(await page.locator('.said').textContent()).toBe(await announcement(page))
    expect(await objections(page)).toEqual([])
    await page.waitForSelector('.said', { state: 'detached' })
    await page.keyboard.press('b')
    expect(await page.locator('.said').textContent()).toBe(await announcement(page))
    expect(await page.locator('.plot').count()).toBe(1)
    expect(await page.getByRole('button', { name: 'both runs' }).count()).toBe(0)
    await page.keyboard.press('9')
    await page.locator('#param-providerIdempotencyKey').click()
    await page.keyboard.press('Control+Enter')
    await page.waitForSelector('.compared')
    expect(await pressed(page)).toBe('false')
    await page.keyboard.press('c')
    expect(await announcement(page)).toBe('Both runs, A above B: 1 record only in A, 0 only in B.')
    expect(await page.locator('.plot').count()).toBe(2)
    expect(await pressed(page)).toBe('true')
    await page.keyboard.press('c')
    expect(await announcement(page)).toBe('Run B alone.')
    expect(await page.locator('.plot').count()).toBe(1)
    await page.keyboard.press('Control+k')
    await page.keyboard.type('Both runs')
    await page.keyboard.press('Enter')
    await page.waitForSelector('.plot-beside')
    await page.getByRole('button', { name: 'both runs' }).click()
    await page.waitForSelector('.plot-beside', { state: 'detached' })
    expect(bench.errors).toEqual([])
  })

  it('[V65] [V64] are gone along with keys, from what is looked at to what the other has for it', async () => {
    const page = await compared()
    await page.keyboard.press('c')
    await page.keyboard.press('x')
    expect(await active(page)).toBe('B')
    expect(await announcement(page)).toMatch(
      /charged 12\.00 EUR.*\. In run A it is record \d+, at 0\.336 s\.$/,
    )
    await page.keyboard.press('1')
    const label = (): Promise<string> => page.evaluate(`document.activeElement.getAttribute('aria-label')`)
    await page.waitForFunction(`document.activeElement.matches(${JSON.stringify(PLOT)})`)
    expect(await label()).toMatch(/^Timeline of run B, beside run A\. J and K/)
    await page.keyboard.press('w')
    const zoomed = await page.evaluate(TICKS)
    await page.keyboard.press('b')
    expect(await active(page)).toBe('A')
    expect(await announcement(page)).toMatch(/charged 12\.00 EUR.*\. In run B it is record \d+/)
    expect(await page.evaluate(TICKS)).toBe(zoomed)
    await page.waitForFunction(
      `document.activeElement.getAttribute('aria-label').startsWith('Timeline of run A, beside run B. J')`,
    )
    expect(await page.locator('.plot-beside').getAttribute('aria-label')).toBe(
      'Timeline of run B, beside run A. B goes to it from run A.',
    )
    await page.keyboard.press('n')
    expect(await announcement(page)).toMatch(/charged 36\.00 EUR.*\. Run B lacks it\.$/)
    // What the other run lacks leads nowhere in it, but the picture stays where it was.
    const moved = await page.evaluate(TICKS)
    await page.keyboard.press('b')
    expect(await active(page)).toBe('B')
    expect(await page.evaluate(TICKS)).toBe(moved)
    // Nor when nothing but one order is seen.
    await page.keyboard.press('b')
    await page.keyboard.press('n')
    await page.keyboard.press('o')
    const alone = await page.evaluate(TICKS)
    await page.keyboard.press('b')
    expect(await active(page)).toBe('B')
    expect(await page.evaluate(TICKS)).toBe(alone)
    await page.keyboard.press('b')
    await page.keyboard.press('n')
    await page.keyboard.press('b')
    await page.goBack()
    await page.waitForFunction(
      `document.querySelector('.run-strip [aria-pressed=true] b').textContent === 'A'`,
    )
  })

  it('[V65] are gone along with the pointer: what is picked in either is looked at, and both move alike', async () => {
    const page = await compared()
    await page.getByRole('button', { name: 'both runs' }).click()
    const upper = page.locator('.plot').first()
    // What broke the promise in A, which is not looked at yet.
    await upper.locator('.badge-breach').scrollIntoViewIfNeeded()
    await upper.locator('.badge-breach').click()
    expect(await active(page)).toBe('A')
    expect(await announcement(page)).toMatch(/charged 36\.00 EUR.*Run B lacks it\.$/)
    const scrolled = (): Promise<number[]> =>
      page.evaluate(`[...document.querySelectorAll('.timeline-scroll')].map(({ scrollTop }) => scrollTop)`)
    await page.evaluate(`document.querySelectorAll('.timeline-scroll')[1].scrollTop = 60`)
    await expect.poll(scrolled).toEqual([60, 60])
    // The flag of what matters leads there, in the run above which it stands.
    const flags = page.locator('.run-flags')
    await flags.last().getByText('first consequence').click()
    expect(await active(page)).toBe('B')
    expect(await announcement(page)).toContain('charged 12.00 EUR')
    const before = await page.evaluate(TICKS)
    const box = await page.locator('.plot').last().boundingBox()
    const y = (await page.locator('.timeline-scroll').last().boundingBox())?.y ?? 0
    await page.mouse.move((box?.x ?? 0) + 300, y + 50)
    const cursors = await page.evaluate(
      `[...document.querySelectorAll('.plot')].map((plot) => getComputedStyle(plot, '::after').left)`,
    )
    expect(cursors).toEqual(['300px', '300px'])
    await page.keyboard.down('Control')
    await page.mouse.wheel(0, -600)
    await page.keyboard.up('Control')
    await page.waitForFunction(`${TICKS} !== ${JSON.stringify(before)}`)
    // What lies beyond an edge has its flag there.
    await page.keyboard.press('Shift+D')
    await page.keyboard.press('Shift+D')
    expect(await flags.first().textContent()).toContain('‹ first consequence')
  })

  it('[V65] [V9] lead to where they part, in the run that has something there', async () => {
    const page = await bench.running()
    await page.locator('.fault-remove').click()
    await page.waitForSelector('.compared')
    const chosen = page.getByRole('group', { name: 'Run', exact: true }).locator('[aria-pressed=true]')
    expect(await chosen.textContent()).toContain('B')
    const part = page.locator('.compared').getByText('They part at')
    await part.click()
    expect(await chosen.textContent()).toContain('A')
    expect(await announcement(page)).toMatch(/^fault in payment-2, .* record$/)
    await page.keyboard.press('b')
    await page.keyboard.press('c')
    await part.click()
    expect(await active(page)).toBe('A')
    expect(await announcement(page)).toMatch(/^fault in payment-2, .*\. Run B lacks it\.$/)
    await page.keyboard.press('r')
    expect(await page.locator('.range-panel b').textContent()).toMatch(/^[\d,]+ records of run A$/)
    await page.keyboard.press('x')
    await page.keyboard.press('b')
    expect(await active(page)).toBe('B')
    const box = await page.locator('.plot-beside').boundingBox()
    const scroller = await page.locator('.timeline-scroll').first().boundingBox()
    const tooltip = page.locator('.tooltip-beside')
    for (let x = 40; x < 900 && (await tooltip.count()) === 0; x += 6)
      await page.mouse.move((box?.x ?? 0) + x, (scroller?.y ?? 0) + 30)
    expect(await tooltip.textContent()).toMatch(
      /^In run B it is record \d+, at [\d.]+ s\.$|^Run B lacks it\.$/,
    )
  })

  it.each([
    ['a desk', 'light', DESK],
    ['a desk', 'dark', DESK],
    ['a hand', 'light', HAND],
    ['a hand', 'dark', HAND],
  ] as const)('[V65] [V22] [V27] have room on %s (%s)', async (_size, colorScheme, viewport) => {
    const page = await compared({ viewport, colorScheme })
    await page.keyboard.press('c')
    await page.keyboard.press('x')
    expect(await objections(page)).toEqual([])
    expect(await page.evaluate('document.documentElement.scrollWidth')).toBeLessThanOrEqual(viewport.width)
    await page.evaluate(`document.querySelector('.timeline').scrollIntoView({ block: 'start' })`)
    const boxes = await Promise.all(
      (await page.locator('.timeline-scroll').all()).map((each) => each.boundingBox()),
    )
    for (const box of boxes) {
      expect(box?.height).toBeGreaterThan(140)
      expect((box?.y ?? 0) + (box?.height ?? 0)).toBeLessThanOrEqual(viewport.height)
    }
    expect(boxes[0]?.height).toBe(boxes[1]?.height)
    const crowded = await page.evaluate(`[...document.querySelectorAll('.run-flags')].flatMap((strip) => {
      const boxes = [...strip.children].map((flag) => flag.getBoundingClientRect())
      const { left, right } = strip.getBoundingClientRect()
      return boxes.filter((box, at) => box.left < left - 0.5 || box.right > right + 0.5 ||
        boxes.some((other, index) => index > at && other.left < box.right && box.left < other.right)).length
    })`)
    expect(crowded).toEqual([0, 0])
  })
})
