import type { Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { announcement, DOUBLE_CHARGE, linkToFocus, linkWhere, PageBench, pressAtOnce } from './opened-page.ts'

const SIZES = [
  { width: 1440, height: 900 },
  { width: 390, height: 844 },
]
const SCENARIOS = [
  DOUBLE_CHARGE,
  'redelivery without inbox',
  'late answer taken for another',
  'a reader stands still',
  'crash of the orchestrator',
]

/** How far each of some elements sticks out of its clipping parent, and which of them lie over each other. */
const CROWDED = `((places) => {
  const boxes = [...document.querySelectorAll(places)].map((each) => [each.textContent, each.getBoundingClientRect()])
  return boxes.flatMap(([text, box], at) =>
    boxes.slice(at + 1)
      .filter(([, other]) => box.left < other.right - 0.5 && other.left < box.right - 0.5 && box.top < other.bottom - 0.5 && other.top < box.bottom - 0.5)
      .map(([other]) => text + ' over ' + other))
})`

describe('finding one’s way', () => {
  let bench: PageBench

  beforeAll(async () => {
    bench = await PageBench.open()
  })

  afterAll(async () => {
    await bench.close()
  })

  it('[V38] [V39] [V37] shows every number of a lane, and no label or badge over another one', async () => {
    for (const viewport of SIZES) {
      for (const name of SCENARIOS) {
        const page = await bench.running(name, { viewport })
        const where = `${name}, ${viewport.width}`
        const cut = await page.evaluate(`[...document.querySelectorAll('.lane')].filter((lane) => {
          const tail = lane.querySelector('.lane-tail')
          const box = tail.getBoundingClientRect()
          const role = lane.querySelector('.lane-role').getBoundingClientRect()
          const end = role.width > 0 ? role.left : lane.getBoundingClientRect().right
          return tail.textContent !== '' && (box.width < 4 || box.right > end + 0.5)
        }).map((lane) => lane.textContent)`)
        expect(cut, where).toEqual([])
        expect(await page.evaluate(`${CROWDED}('.axis > *')`), where).toEqual([])
        const clipped = await page.evaluate(
          `[...document.querySelectorAll('.axis > *')].filter((each) => each.scrollWidth > each.clientWidth + 1).map((each) => each.textContent)`,
        )
        expect(clipped, where).toEqual([])
        expect(await page.locator('.axis-tick').count(), where).toBeGreaterThan(0)
        await page.context().close()
      }
    }
  })

  it('[V38] shows faults that struck together beside or below each other', async () => {
    const page = await bench.running('a consumer reads on past a truncation')
    expect(await page.locator('.fault-chip').count()).toBeGreaterThan(4)
    expect(await page.evaluate(`${CROWDED}('.fault-chip')`)).toEqual([])
  })

  it('[V31] has a headline that fits, and what is too long for one below it', async () => {
    const page = await bench.running('without a lock two sales read the same stock')
    expect(await page.locator('#verdict-title').textContent()).toBe('✗ Every ticket is sold once: broken')
    expect(await page.locator('.property-violated').textContent()).toContain('"left":989')
    expect(
      await page.evaluate(`[...document.querySelectorAll('.verdict, .verdict *')]
        .filter((each) => each.scrollWidth > each.clientWidth + 1 && getComputedStyle(each).display !== 'inline')
        .map((each) => each.textContent)`),
    ).toEqual([])
  })

  it('[V37] leads from a badge to its delivery', async () => {
    const page = await bench.running()
    const badges = page.locator('.badge-again')
    expect(await badges.allTextContents()).toEqual(expect.arrayContaining(['1 of 2', '2 of 2']))
    await badges.filter({ hasText: '2 of 2' }).click()
    expect(await announcement(page)).toMatch(/took OrderCreated again.*the 2nd of 2 times/)
  })

  it('[V41] lists in its help every key that there is and no other, and every command in the palette', async () => {
    const page = await bench.running()
    await page.keyboard.press('?')
    const listed = await page.evaluate(`[...document.querySelectorAll('.help-groups dl > div')]
      .filter((row) => row.querySelector('kbd') !== null)
      .map((row) => [[...row.querySelectorAll('kbd')].map((key) => key.textContent).join('|'), row.querySelector('dd').textContent])`)
    await page.keyboard.press('Escape')
    await page.keyboard.press('Control+k')
    const offered = (await page.evaluate(`[...document.querySelectorAll('.palette-entry')]
      .map((entry) => [entry.querySelector('span').textContent, entry.querySelector('kbd')?.textContent ?? ''])`)) as [
      string,
      string,
    ][]
    const commands = offered.filter(([title]) => !title.startsWith('Open: '))
    expect(commands.length).toBeGreaterThan(50)
    const withKeys = commands.filter(([, key]) => key !== '')
    const told = (listed as [string, string][]).map(([keys, title]) => [title, keys.split('|')[0]])
    expect(told.sort()).toEqual(withKeys.sort())
    const [, fit] =
      (listed as [string, string][])
        .map(([keys, title]) => [title, keys])
        .find(([title]) => title === 'Show everything') ?? []
    expect(fit).toBe('0|F F|Home')
  })

  it('[V41] zooms out with f f, plays at another speed, and shows a lane alone that is clicked with Alt', async () => {
    const page = await bench.running()
    const axis = (): Promise<string | null> => page.locator('.axis').textContent()
    const whole = await axis()
    await page.keyboard.press('n')
    await page.keyboard.press('Shift+W')
    const close = await axis()
    expect(close).not.toBe(whole)
    await page.keyboard.press('f')
    await page.waitForTimeout(700)
    expect(await axis()).not.toBe(whole)
    // Two presses are one when they come fast enough.
    await pressAtOnce(page, ['f', 'f'])
    await expect.poll(axis).toBe(whole)
    await page.keyboard.press('w')
    await page.keyboard.press('0')
    expect(await axis()).toBe(whole)
    await page.keyboard.press('>')
    await page.keyboard.press('>')
    expect(await announcement(page)).toBe('Playing 4 times as fast.')
    await page.keyboard.press('<')
    expect(await page.locator('.player').textContent()).toContain('2×')
    const lane = await page.locator('.lane', { hasText: 'payment-2' }).boundingBox()
    const plot = await page.locator('.plot').boundingBox()
    if (lane === null || plot === null) throw new Error('there is no lane')
    const position = { x: plot.width - 40, y: lane.y - plot.y + lane.height / 2 }
    await page.locator('.plot').click({ position, modifiers: ['Alt'] })
    expect(await page.locator('.lane').allTextContents()).toEqual([expect.stringContaining('payment-2')])
  })

  it('[V13] keeps the offsets below the timeline when its axis is another one', async () => {
    const page = await bench.running()
    await page.keyboard.press('2')
    const lines = (): Promise<unknown> =>
      page.evaluate(
        `[...document.querySelectorAll('path.line-position')].map((line) => line.getAttribute('d'))`,
      )
    const drawn = async (): Promise<string> => JSON.stringify(await lines())
    const seen = [await drawn()]
    for (const key of ['t', 'v']) {
      await page.keyboard.press(key)
      // They follow what the timeline has laid out.
      await expect.poll(drawn).not.toBe(seen.at(-1))
      seen.push(await drawn())
    }
    expect(new Set(seen).size).toBe(3)
  })

  it('[V33] picks what is seen in the small picture, and moves it', async () => {
    const page = await bench.running()
    const box = await page.locator('.minimap').boundingBox()
    if (box === null) throw new Error('there is no small picture')
    const drag = async (from: number, to: number): Promise<readonly [number, number]> => {
      await page.mouse.move(box.x + from, box.y + 10)
      await page.mouse.down()
      await page.mouse.move(box.x + to, box.y + 12, { steps: 4 })
      await page.mouse.up()
      const seen = await page.locator('.minimap-window').boundingBox()
      return [(seen?.x ?? 0) - box.x, (seen?.x ?? 0) - box.x + (seen?.width ?? 0)]
    }
    const [left, right] = await drag(200, 400)
    expect(left).toBeGreaterThan(120)
    expect(right).toBeLessThan(480)
    const [movedLeft, movedRight] = await drag(300, 350)
    expect(movedLeft - left).toBeCloseTo(50, -1)
    expect(movedRight - right).toBeCloseTo(50, -1)
  })

  it('[V10] says why nothing is found, and leaves the filter with Escape', async () => {
    const page = await bench.running()
    await page.keyboard.press('/')
    await page.waitForFunction(`document.activeElement?.id === 'filter'`)
    await page.keyboard.type('kind:leger')
    expect(await page.locator('#pane .empty').textContent()).toContain("Did you mean 'ledger'?")
    const focused = (): Promise<string> => page.evaluate(`document.activeElement.id`)
    await page.keyboard.press('Escape')
    expect([await page.locator('#filter').inputValue(), await focused()]).toEqual(['', 'filter'])
    await page.keyboard.press('Escape')
    expect(await focused()).toBe('pane')
    await page.keyboard.press('n')
    expect(await announcement(page)).toContain('charged 36.00 EUR')
  })

  it('[V42] finds a scenario by its words, with keys alone', async () => {
    const page = await bench.page()
    await page.waitForSelector('.card')
    expect(await page.locator('.card-title').first().textContent()).toBe(DOUBLE_CHARGE)
    const all = await page.locator('.card').count()
    await page.keyboard.press('/')
    await page.keyboard.type('click request')
    expect(await page.locator('.card').count()).toBeLessThan(all / 4)
    expect(await page.locator('.gallery-search [role=status]').textContent()).toMatch(/^\d+ of \d+$/)
    await page.keyboard.type(' gibberish')
    expect(await page.locator('.empty').textContent()).toContain('these say most of it')
    await page.keyboard.press('Escape')
    expect(await page.locator('.card').count()).toBe(all)
    await page.keyboard.type('commit charge')
    await page.keyboard.press('Enter')
    await page.waitForSelector('.verdict-violated')
    await page.goBack()
    await page.waitForSelector('.card')
    await page.goForward()
    await page.waitForSelector('.verdict-violated')
  })

  /** What is seen, as far as the way back is concerned. */
  const placeOf = async (page: Page): Promise<string> => {
    const tab = await page.locator('[role=tab][aria-selected=true]').textContent()
    const run = await page.locator('.digest').textContent()
    const at = await page.evaluate(`document.querySelector('.sentence[aria-current]')?.textContent ?? ''`)
    return `${run} ${tab} ${at}`
  }

  it('[V43] goes back one by one over what was done fast', async () => {
    const page = await bench.running()
    const places = [await placeOf(page)]
    for (const key of ['n', '8', 'k', '4', 'k', '5']) {
      await page.keyboard.press(key)
      places.push(await placeOf(page))
    }
    await page.keyboard.press('9')
    await page.locator('#param-providerIdempotencyKey').click()
    await page.keyboard.press('Control+Enter')
    await page.waitForSelector('.compared')
    const digest = await page.locator('.digest').textContent()
    await linkWhere(page, (shared) => shared.digest === digest)
    await page.goBack()
    await expect.poll(() => placeOf(page)).toBe(places.at(-1)?.replace(/State 5/, 'Setup 9'))
    for (const place of places.slice().reverse()) {
      await page.goBack()
      await expect.poll(() => placeOf(page)).toBe(place)
    }
    expect(bench.errors).toEqual([])
  })

  it('[V43] goes back over what went on by itself at once', async () => {
    const page = await bench.running()
    await page.keyboard.press('n')
    const before = await placeOf(page)
    const slider = page.getByLabel('Place in the story')
    await slider.focus()
    for (const key of ['Home', 'ArrowRight', 'ArrowRight', 'ArrowRight']) await page.keyboard.press(key)
    expect(await placeOf(page)).not.toBe(before)
    await linkToFocus(page)
    await page.goBack()
    await expect.poll(() => placeOf(page)).toBe(before)
  })

  it('[V44] calls events of the simulation so, and what is in the trace records, in every pane', async () => {
    const page = await bench.running('double click')
    await page.keyboard.press('n')
    const [events] = /[\d,]+ events/.exec((await page.locator('.verdict-counts').textContent()) ?? '') ?? []
    const counts = (await page.locator('.minimap-label').textContent()) ?? ''
    expect(counts).toMatch(/^[\d,]+ records$/)
    expect(counts.split(' ')[0]).not.toBe(events?.split(' ')[0])
    await page.keyboard.press('r')
    for (const pane of ['2', '3', '4', '5', '6', '7', '8', '9']) {
      await page.keyboard.press(pane)
      const text = (await page.evaluate('document.body.innerText')) as string
      expect(new Set(text.match(/[\d,]+ events?\b/g) ?? []), pane).toEqual(new Set([events]))
      if (pane === '8') expect(text).toContain(`${counts.split(' ')[0]} of ${counts.split(' ')[0]}`)
    }
    expect(await announcement(page)).toMatch(/record \d+, at .*causes \d+ records?$/)
  })

  it('[V46] keeps its bar and its keys where a gallery cannot be shown', async () => {
    const page = await bench.page()
    await page.route('**/workspace.json', async (route) => {
      const workspace = (await (await route.fetch()).json()) as { systems: { name: unknown }[] }
      const [first] = workspace.systems
      if (first !== undefined) first.name = { no: 'name' }
      await route.fulfill({ json: workspace })
    })
    await page.reload()
    const told = await page.locator('[role=alert]').textContent()
    expect(told).toContain('The gallery cannot be shown')
    await page.keyboard.press('?')
    expect(await page.locator('.help-groups').count()).toBe(1)
    await page.context().close()
  })
})
