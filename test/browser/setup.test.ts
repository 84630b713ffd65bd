import type { Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { announcement, PageBench } from './opened-page.ts'

const KEY = '#param-providerIdempotencyKey'

describe('what is set up', () => {
  let bench: PageBench

  beforeAll(async () => {
    bench = await PageBench.open()
  })

  afterAll(async () => {
    await bench.close()
  })

  const settingUp = async (viewport = { width: 1440, height: 900 }): Promise<Page> => {
    const page = await bench.running(undefined, { viewport })
    await page.keyboard.press('9')
    await page.waitForSelector(KEY)
    return page
  }
  const chips = (page: Page): Promise<string[]> => page.locator('.fault-grip').allTextContents()

  it('[V53] stays when a fault of the run that is seen is moved or left out, though it is set up no more', async () => {
    const page = await settingUp()
    await page.getByRole('button', { name: '+ pause', exact: true }).click()
    await page.getByRole('button', { name: 'Remove this fault' }).first().click()
    await page.locator('.fault-remove').click()
    await page.waitForSelector('.compared')
    expect(await chips(page)).toEqual([expect.stringContaining('stood still')])
    // Back at run A its crash is moved: what is set up keeps the pause.
    await page.keyboard.press('b')
    const box = await page.locator('.fault-grip', { hasText: 'crashed' }).boundingBox()
    if (box === null) throw new Error('there is no crash')
    await page.mouse.move(box.x + 30, box.y + 8)
    await page.mouse.down()
    await page.mouse.move(box.x - 120, box.y + 8, { steps: 4 })
    await page.mouse.up()
    await page.waitForFunction(`document.querySelector('.compared')?.textContent.includes('1 → 2 faults')`)
    expect((await chips(page)).sort()).toEqual([
      expect.stringContaining('stood still'),
      expect.stringContaining('crashed'),
    ])
  })

  it('[V53] has a danger map only as long as it is what was tried, and keeps it while other panes are open', async () => {
    const page = await settingUp()
    const told = page.locator('.danger [role=status]')
    const cells = page.locator('.danger-cell')
    await page.locator('.danger button', { hasText: 'Try it at every step' }).click()
    await page.waitForFunction(`document.querySelectorAll('.danger-violated').length > 0 &&
      document.querySelectorAll('.danger-unknown').length === 0`)
    expect(await told.count()).toBe(0)
    expect(await cells.first().isEnabled()).toBe(true)
    await page.locator(KEY).click()
    expect(await told.textContent()).toContain('with another set-up')
    expect(await cells.first().isEnabled()).toBe(false)
    await page.keyboard.press('5')
    await page.keyboard.press('9')
    expect(await told.textContent()).toContain('with another set-up')
    await page.locator(KEY).click()
    expect(await told.count()).toBe(0)
    await page.locator('.danger-violated').last().click()
    await page.waitForSelector('.compared')
    expect(await page.locator('.compared').textContent()).toContain('a fault was changed')
    expect(await told.count()).toBe(0)
    // The only other fault stands where the first one stood: it is another one.
    await page.getByRole('button', { name: '+ pause', exact: true }).click()
    await page.getByRole('button', { name: 'Remove this fault' }).first().click()
    expect(await told.textContent()).toContain('with another set-up')
  })

  it('[V53] has no pinned moment, no range and nothing under the pointer of another run', async () => {
    const page = await settingUp()
    await page.keyboard.press('5')
    await page.keyboard.press('p')
    const head = page.locator('.state .pane-head')
    expect(await head.textContent()).toMatch(/after #(\d+) .* since #\1 /)
    await page.keyboard.press('n')
    await page.keyboard.press('Control+Enter')
    await page.waitForSelector('.compared')
    expect(await head.textContent()).toContain('changes of this record marked')
    await page.keyboard.press('p')
    await page.keyboard.press('b')
    expect(await head.textContent()).toContain('changes of this record marked')
  })

  it('[V59] is seen in the state: what is so in one run alone', async () => {
    const page = await settingUp()
    await page.locator(KEY).click()
    await page.keyboard.press('Control+Enter')
    await page.waitForSelector('.compared')
    await page.keyboard.press('b')
    await page.keyboard.press('5')
    const compare = page.getByRole('button', { name: 'Compare with run B' })
    await compare.click()
    expect(await page.locator('.state .pane-head').textContent()).toContain('what is not so in run B then')
    const charges = page.locator('.state-table', { has: page.locator('caption', { hasText: 'charges' }) })
    // Without the key there is a second charge; with it the first one carries the key.
    expect(await charges.locator('tr.row-added').count()).toBe(2)
    expect(await charges.locator('tr.row-gone').allTextContents()).toEqual([
      expect.stringContaining('charge:order-2'),
    ])
    await compare.click()
    expect(await page.locator('.state .pane-head').textContent()).toContain('changes of this record')
  })

  it('[V55] of a run without a verdict, or with an error, nobody is told that it kept its promises', async () => {
    const page = await settingUp()
    const of = page.locator('.fault-line .field', { hasText: /^of$/ }).locator('input')
    await of.fill('order 9')
    await page.keyboard.press('Control+Enter')
    await page.waitForSelector('.problem')
    expect(await page.locator('.problem').textContent()).toContain('expected order 1 to order 3')
    expect(await page.locator('.segmented[aria-label=Run]').textContent()).toBe('run A ✗run B ✗')
    expect(await page.locator('.compared').textContent()).toContain('✗ it ended with an error')
    expect(await page.locator('.compared .mark-good').count()).toBe(0)
  })

  it('[V57] takes numbers as they are typed, from an empty field on', async () => {
    const page = await settingUp()
    const orders = page.getByLabel('orders', { exact: true })
    await orders.press('End')
    await orders.press('Backspace')
    expect(await orders.inputValue()).toBe('')
    await page.keyboard.type('2')
    await page.keyboard.press('Control+Enter')
    await page.waitForSelector('.compared')
    expect(await page.locator('.compared').textContent()).toContain('3 → 2 orders')
    await orders.press('Backspace')
    await orders.blur()
    expect(await orders.inputValue()).toBe('2')
  })

  it('[V48] is no longer tried when something else is opened, which stays as its file has it', async () => {
    const page = await settingUp()
    const [worker] = page.workers()
    if (worker === undefined) throw new Error('there is no worker')
    const ended = new Promise((resolve) => worker.once('close', resolve))
    // In one task: shrinking may be over before anybody outside can go elsewhere.
    await page.evaluate(`{
      [...document.querySelectorAll('button')].find((each) => each.textContent.includes('Find the smallest run')).click()
      document.querySelector('.brand').click()
    }`)
    await ended
    await page
      .locator('.card', { has: page.getByText('happy path', { exact: true }) })
      .first()
      .click()
    await page.waitForSelector('.verdict-pass')
    expect(await page.locator('.busy').count()).toBe(0)
    await page.keyboard.press('Control+Enter')
    await page.waitForSelector('.compared')
    expect(await page.locator('.compared').textContent()).toContain('Nothing was changed')
    expect(await announcement(page)).toContain('pass')
  })

  it('[V54] stays under the finger in a hand, whatever a run brings', async () => {
    const page = await settingUp({ width: 390, height: 844 })
    await page.waitForSelector('.gist .fault-weight')
    const key = page.locator(KEY)
    await key.scrollIntoViewIfNeeded()
    const top = async (): Promise<number> => (await key.boundingBox())?.y ?? Number.NaN
    const before = await top()
    for (const verdict of ['pass', 'violated']) {
      await key.click()
      await page.keyboard.press('Control+Enter')
      await page.waitForSelector(`.compared ~ .verdict-${verdict}`)
      await page.waitForSelector('.compared-bar')
      // Faults are weighed, and bars come, after the run is shown.
      if (verdict === 'violated') await page.waitForSelector('.gist .fault-weight')
      await expect.poll(top).toBeCloseTo(before, -1)
    }
    expect(bench.errors).toEqual([])
  })
})
