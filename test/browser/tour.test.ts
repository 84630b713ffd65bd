import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { runCommand } from '../../sim/cli/run.ts'
import { localSession } from '../../sim/cli/session.ts'
import { decodeLink, encodeLink, type Shared } from '../../ui/model/share-link.ts'
import { folderOf, ROOT } from '../fixtures/cli.ts'
import { announcement, drop, linkToFocus, PageBench } from './opened-page.ts'

const SCENARIO = `${ROOT}/scenarios/order-choreography/crash-between-charge-and-commit.yaml`

describe('a tour of the page', () => {
  let bench: PageBench

  beforeAll(async () => {
    bench = await PageBench.open()
  })

  afterAll(async () => {
    await bench.close()
  })

  it('[V31] [V32] says without a click why the customer was charged twice, on a desk and in a hand', async () => {
    for (const [width, height] of [
      [1440, 900],
      [390, 844],
    ] as const) {
      const page = await bench.running(undefined, { viewport: { width, height } })
      await page.waitForSelector('.gist .fault-weight')
      const lines = page.locator('.gist-line')
      expect(await lines.allTextContents()).toEqual([
        expect.stringMatching(/charged 36\.00 EUR \(charge .*no idempotency key/),
        expect.stringMatching(/crashed and restarted.*needed: without it the promise is kept/),
        expect.stringMatching(/took OrderCreated again.*charged 36\.00 EUR/),
      ])
      for (const line of await lines.all()) {
        const box = await line.boundingBox()
        expect((box?.y ?? height) + (box?.height ?? 0)).toBeLessThanOrEqual(height)
      }
    }
  })

  it('[V32] weighs the faults of each run anew: nothing that is known of one is said of the next', async () => {
    const page = await bench.running()
    await page.keyboard.press('9')
    await page.keyboard.press('Control+Enter')
    await page.waitForSelector('.compared')
    await page.waitForSelector('.gist .fault-weight')
    await page.locator('#param-providerIdempotencyKey').click()
    await page.keyboard.press('Control+Enter')
    await page.waitForSelector('.verdict-pass')
    expect(await page.locator('.sentence-fault').count()).toBe(1)
    expect(await page.locator('.fault-weight').count()).toBe(0)
    await page.keyboard.press('b')
    expect(await page.locator('.sentence .fault-weight').count()).toBe(1)
    await page.keyboard.press('Control+k')
    await page.keyboard.type('Compare with this run from now on')
    await page.keyboard.press('Enter')
    await page.waitForSelector('.compared', { state: 'detached' })
    expect(await page.locator('.sentence .fault-weight').count()).toBe(1)
  })

  it('[V8] zooms the picture with Ctrl and the wheel, and not the page as well', async () => {
    const page = await bench.running()
    await page.locator('.plot').waitFor()
    const prevented = (ctrlKey: boolean): Promise<boolean> =>
      page.evaluate(`(() => {
        const plot = document.querySelector('.plot')
        const event = new WheelEvent('wheel', { deltaY: -400, ctrlKey: ${ctrlKey}, bubbles: true, cancelable: true })
        plot.dispatchEvent(event)
        return event.defaultPrevented
      })()`)
    const ticks = (): Promise<string[]> => page.locator('.axis').allTextContents()
    const before = await ticks()
    expect(await prevented(false)).toBe(false)
    expect(await ticks()).toEqual(before)
    expect(await prevented(true)).toBe(true)
    await page.waitForFunction(
      `JSON.stringify([...document.querySelectorAll('.axis')].map((each) => each.textContent)) !== ${JSON.stringify(JSON.stringify(before))}`,
    )
  })

  it('[V35] marks, folds, shows one lane alone and goes back, with keys', async () => {
    const page = await bench.running()
    await page.keyboard.press('n')
    await page.keyboard.press('m')
    const note = page.locator('.mark input')
    await note.fill('here')
    await page.locator('.plot').focus()
    await page.keyboard.press('k')
    const before = await announcement(page)
    await page.keyboard.press("'")
    expect(await announcement(page)).toContain('charged 36.00 EUR')
    const lanes = page.locator('.lane')
    const all = await lanes.count()
    await page.keyboard.press('u')
    expect(await lanes.allTextContents()).toEqual([expect.stringContaining('provider.charges')])
    await page.keyboard.press('u')
    expect(await lanes.count()).toBe(all)
    await page.keyboard.press('[')
    expect(await page.locator('.lane-role', { hasText: 'folded' }).count()).toBe(1)
    await page.keyboard.press(']')
    for (const axis of ['Steps', 'Causes', 'Time']) {
      await page.keyboard.press('t')
      expect(await page.getByRole('button', { name: axis, exact: true }).getAttribute('aria-pressed')).toBe(
        'true',
      )
    }
    await page.keyboard.press('r')
    expect(await page.locator('.range-panel').textContent()).toMatch(/records.*crash.*deliveries/)
    await page.keyboard.press('r')
    // Each step is in the address soon after it; the browser's way back undoes them.
    await linkToFocus(page)
    await page.keyboard.press('k')
    await linkToFocus(page)
    await page.goBack()
    await page.waitForFunction(
      `document.querySelector('[aria-live=polite]').textContent.includes('charged 36.00')`,
    )
    expect(before).not.toContain('charged 36.00 EUR (charge ch-3')
    const other = await bench.page({}, (await page.evaluate('location.hash')) as string)
    await other.waitForSelector('.mark input')
    expect(await other.locator('.mark input').inputValue()).toBe('here')
  })

  it('[V33] counts what a pointer picks with Shift, and zooms into it', async () => {
    const page = await bench.running()
    const box = await page.locator('.plot').boundingBox()
    if (box === null) throw new Error('there is no picture')
    await page.keyboard.down('Shift')
    await page.mouse.move(box.x + 150, box.y + 40)
    await page.mouse.down()
    await page.mouse.move(box.x + 420, box.y + 60, { steps: 3 })
    await page.mouse.up()
    await page.keyboard.up('Shift')
    expect(await page.locator('.range-panel').textContent()).toMatch(/^\d+ records/)
    const before = await page.locator('.axis').textContent()
    await page.locator('.range-panel button', { hasText: 'zoom in' }).click()
    expect(await page.locator('.range-panel').count()).toBe(0)
    expect(await page.locator('.axis').textContent()).not.toBe(before)
  })

  it('[V30] runs with a fault that is dragged from the set-up onto a lane', async () => {
    const page = await bench.running()
    await page.keyboard.press('9')
    const lane = page.locator('.lane', { hasText: 'payment-2' })
    const [row, plot] = [await lane.boundingBox(), await page.locator('.plot').boundingBox()]
    if (row === null || plot === null) throw new Error('there is no lane')
    await page
      .getByRole('button', { name: '+ pause' })
      .dragTo(page.locator('.plot'), { targetPosition: { x: 60, y: row.y - plot.y + row.height / 2 } })
    await page.waitForSelector('.compared')
    expect(await page.locator('.compared').textContent()).toContain('1 → 2 faults')
    expect(await page.locator('.fault-chip').allTextContents()).toContainEqual(
      expect.stringContaining('payment-2 stood still'),
    )
    await page.getByRole('button', { name: '+ scale' }).dragTo(page.locator('.fault-places'))
    await page.waitForFunction(`document.querySelector('.compared')?.textContent.includes('1 → 3 faults')`)
    expect(await page.locator('.problem').count()).toBe(0)
  })

  it('[V36] shows a run of the command line until it is interrupted', async () => {
    let interrupt = (): void => {}
    const until = new Promise<void>((stop) => {
      interrupt = stop
    })
    let printed = ''
    let served = (_url: string): void => {}
    const url = new Promise<string>((found) => {
      served = found
    })
    const io = {
      cwd: folderOf(),
      stdout: (text: string) => {
        printed += text
      },
      stderr: (text: string) => {
        const [found] = /http:\/\/127\.0\.0\.1:\d+\//.exec(text) ?? []
        if (found !== undefined) served(found)
      },
      colour: false,
      openSession: localSession,
    }
    const running = runCommand(SCENARIO, { ui: true, until, seed: 3, timeLimit: 60 }, io)
    const page = await bench.page({}, '', await url)
    await page.waitForSelector('.verdict')
    const digest = /digest ([0-9a-f]{16})/.exec(printed)?.[1]
    expect(digest).toBeDefined()
    expect(await page.locator('.digest').textContent()).toBe(digest)
    expect(await page.locator('.facts').textContent()).toContain('seed 3')
    // A page that is left loads the script of its charts while nothing else happens, from a server that is gone by then.
    await page.close()
    interrupt()
    expect(await running).toBeLessThan(2)
    await expect(fetch(await url)).rejects.toThrow()
  })

  it('[V23] shows a trace of which no order of time, no number and no text makes sense', async () => {
    const page = await bench.page()
    await page.waitForSelector('.card')
    const texts = ['\u202eevil', '\ud800', '\u0000', ' ', 'constructor', '💥'.repeat(200)]
    const times = [5, -7, 1e300, 0, 3.5, 1e15, 2, 2, 2, 2]
    const kinds = [
      'deliver',
      'commit',
      'append',
      'ledger',
      'crash',
      'offset-commit',
      'rebalance',
      'fault',
      'request',
      'x',
    ]
    const data = [
      null,
      7,
      [],
      {},
      'text',
      { offset: 'none' },
      [{ table: 1 }],
      { value: null },
      { members: 3 },
      undefined,
    ]
    const records = times.map((atMicros, at) => ({
      id: at + 1,
      atMicros,
      kind: kinds[at],
      lane: texts[at % texts.length],
      entity: texts[(at + 1) % texts.length],
      parents: at === 0 ? [] : [at, 1],
      data: data[at],
    }))
    const header = { format: 'faultline-trace', version: 1, records: records.length }
    await drop(page, 'odd.jsonl', [header, ...records].map((line) => JSON.stringify(line)).join('\n'))
    await page.waitForSelector('.timeline')
    await page.keyboard.press('.')
    for (const key of ['2', '3', '4', '5', '6', '7', '8', '9', 't', 't', 't', 'r', 'm', 'u', 'n', 'w', 's']) {
      await page.keyboard.press(key)
      expect(await page.locator('.timeline').count(), `after ${key}`).toBe(1)
    }
    expect(bench.errors).toEqual([])
  })

  it('[V42] stays in the gallery when one goes back before a run has ended', async () => {
    const page = await bench.page()
    await page.waitForSelector('.card')
    // In one task: the answer comes afterwards.
    await page.evaluate(`{
      document.querySelector('.card').click()
      document.querySelector('.brand').click()
    }`)
    await page.waitForSelector('.card')
    await page.waitForTimeout(1_500)
    expect(await page.locator('.card').count()).toBeGreaterThan(10)
    expect(await page.locator('.timeline').count()).toBe(0)
    await page.locator('.card').first().click()
    await page.waitForSelector('.verdict-violated')
    expect(await page.getByRole('banner').getByRole('button', { name: 'Re-run' }).count()).toBe(1)
  })

  it('[V25] opens a link to a pane that there is not, and says what a damaged one is', async () => {
    const run = await bench.running()
    await run.waitForFunction(`location.hash.startsWith('#run=')`)
    const shown = await run.evaluate('location.hash')
    const shared = (await decodeLink(shown as string)) as Shared
    const odd = await bench.page({}, `#${await encodeLink({ ...shared, pane: 'constructor' })}`)
    await odd.waitForSelector('.verdict')
    expect(await odd.locator('[role=tab][aria-selected=true]').textContent()).toContain('State')
    const faults = 5 as unknown as Shared['faults']
    const damaged = await bench.page({}, `#${await encodeLink({ ...shared, faults })}`)
    await damaged.waitForSelector('.problem')
    expect(await damaged.locator('.problem').textContent()).toContain('This link is damaged')
    expect(await damaged.locator('.card').count()).toBeGreaterThan(10)
  })

  it('[V18] shows lanes on a phone that lies on its side', async () => {
    const page = await bench.running(undefined, { viewport: { width: 844, height: 390 } })
    const lanes = await page.locator('.timeline-scroll').boundingBox()
    expect(lanes?.height).toBeGreaterThan(120)
    expect(await page.evaluate('document.documentElement.scrollWidth')).toBeLessThanOrEqual(844)
    await page.keyboard.press('4')
    await page.locator('#pane').scrollIntoViewIfNeeded()
    expect((await page.locator('#pane').boundingBox())?.height).toBeGreaterThan(120)
  })

  it('[V22] honours forced colours and reduced motion', async () => {
    const page = await bench.running(undefined, { forcedColors: 'active', reducedMotion: 'reduce' })
    await page.keyboard.press('n')
    const moving = await page.evaluate(
      `[...document.querySelectorAll('*')].filter((each) => {
        const { animationName, transitionDuration } = getComputedStyle(each)
        return animationName !== 'none' || !/^0s(, 0s)*$/.test(transitionDuration)
      }).length`,
    )
    expect(moving).toBe(0)
    // What is told by colours elsewhere has a border or a shape of its own.
    const badge = await page.evaluate(`getComputedStyle(document.querySelector('.badge')).backgroundColor`)
    const back = await page.evaluate(`getComputedStyle(document.body).backgroundColor`)
    expect(badge).not.toBe(back)
    const chosen = await page.evaluate(
      `['[role="tab"][aria-selected="true"]', '[role="tab"][aria-selected="false"]'].map((each) => {
        return getComputedStyle(document.querySelector(each)).backgroundColor
      })`,
    )
    expect(new Set(chosen as string[]).size).toBe(2)
    expect(bench.errors).toEqual([])
  })

  it('[V22] gives the focus back when a dialog is closed', async () => {
    const page = await bench.running()
    const focused = (): Promise<unknown> => page.evaluate('document.activeElement.textContent')
    await page.getByRole('button', { name: 'Commands' }).focus()
    const before = await focused()
    await page.keyboard.press('Control+k')
    await page.locator('dialog').waitFor()
    await page.keyboard.press('Escape')
    await page.locator('dialog').waitFor({ state: 'detached' })
    expect(await focused()).toBe(before)
  })
})
