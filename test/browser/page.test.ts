import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { encodeLink } from '../../ui/model/share-link.ts'
import { announcement, DOUBLE_CHARGE, drop, linkWhere, PageBench, tabTo } from './opened-page.ts'

const KEY = '#param-providerIdempotencyKey'
const PANES = ['2', '3', '4', '5', '6', '7', '8', '9']

describe('the page', () => {
  let bench: PageBench

  beforeAll(async () => {
    bench = await PageBench.open()
  })

  afterAll(async () => {
    await bench.close()
  })

  it('[V19] leads from the gallery to the double charge, to the crash and to its cure, with keys alone', async () => {
    const page = await bench.page()
    await page.waitForSelector('.card')
    await page.keyboard.press('Control+k')
    await page.keyboard.type(`Open: ${DOUBLE_CHARGE}`)
    const chosen = page.locator('.palette-entry[aria-selected=true] > span')
    const wanted = `Open: ${DOUBLE_CHARGE}`
    for (let presses = 0; presses < 5 && (await chosen.textContent()) !== wanted; presses++)
      await page.keyboard.press('ArrowDown')
    await page.keyboard.press('Enter')
    await page.waitForSelector('.verdict-violated')
    expect(await page.locator('#verdict-title').textContent()).toContain('Order-2 was charged twice')

    await page.keyboard.press('n')
    expect(await announcement(page)).toMatch(/charged 36\.00 EUR .*caused by before/)
    expect(await page.locator('.sentence[aria-current=step]').textContent()).toContain(
      'Broken: no double charge',
    )
    const told: string[] = []
    for (let steps = 0; steps < 12 && !/crashed/.test(told.at(-1) ?? ''); steps++) {
      await page.keyboard.press('k')
      told.push(await announcement(page))
    }
    expect(told.join('\n')).toMatch(
      /took OrderCreated again.*shared its partitions.*session timed out.*crashed: its memory/s,
    )

    await page.keyboard.press('9')
    await tabTo(page, KEY)
    await page.keyboard.press('Space')
    await page.keyboard.press('Control+Enter')
    await page.waitForSelector('.compared')
    const compared = (await page.locator('.compared').textContent()) ?? ''
    expect(compared).toContain('✗ no double charge')
    expect(compared).toContain('✓ every promise kept')
    expect(compared).toContain('providerIdempotencyKey is right')
    expect(await page.locator('#verdict-title').textContent()).toBe('Every promise was kept')
    await page.keyboard.press('b')
    expect(await page.locator('#verdict-title').textContent()).toContain('charged twice')
  })

  it('[V19] leads there with the pointer alone, on the picture too', async () => {
    const page = await bench.running()
    await page.getByText('Show where it broke').click()
    expect(await announcement(page)).toContain('charged 36.00 EUR')
    const sentence = page.locator('.sentence', { hasText: 'crashed: its memory' })
    await sentence.click()
    expect(await announcement(page)).toContain('crashed: its memory')
    // The crash is where its sentence's badge is, and the event itself right beside it.
    const box = await page.locator('.plot').boundingBox()
    const number = await sentence.locator('.badge-inline').textContent()
    const badge = await page.getByLabel(`Sentence ${number} of the story`, { exact: true }).boundingBox()
    if (box === null || badge === null) throw new Error('there is no picture')
    await page.mouse.move(badge.x + badge.width + 7, badge.y + badge.height / 2)
    expect(await page.locator('.tooltip').textContent()).toMatch(/crash|fault/)
    await page.mouse.click(badge.x + badge.width + 7, badge.y + badge.height / 2)
    expect(await announcement(page)).toMatch(/crash|fault/)
    await page.getByRole('tab', { name: 'Setup' }).click()
    await page.locator(KEY).click()
    await page.getByRole('banner').getByRole('button', { name: 'Re-run' }).click()
    await page.waitForSelector('.compared')
    expect(await page.locator('#verdict-title').textContent()).toBe('Every promise was kept')
  })

  it('[V19] runs again without a fault, and with one that is moved', async () => {
    const page = await bench.running()
    const grip = page.locator('.fault-grip')
    const box = await grip.boundingBox()
    if (box === null) throw new Error('there is no fault')
    await page.mouse.move(box.x + 30, box.y + 8)
    await page.mouse.down()
    await page.mouse.move(box.x - 120, box.y + 8, { steps: 4 })
    await page.mouse.up()
    await page.waitForSelector('.compared')
    expect(await page.locator('.compared').textContent()).toContain('a fault was changed')
    await page.locator('.fault-remove').click()
    await page.waitForFunction(`document.querySelector('.compared')?.textContent.includes('1 → 0 faults')`)
    expect(await page.locator('#verdict-title').textContent()).toBe('Every promise was kept')
  })

  it('[V19] goes to an event, a moment and an order by name', async () => {
    const page = await bench.running()
    const going = async (text: string): Promise<string> => {
      await page.keyboard.press('g')
      await page.locator('.palette-input').fill(text)
      await page.keyboard.press('Enter')
      return announcement(page)
    }
    expect(await going('12')).toContain('record 12,')
    expect(await going('order-3')).toMatch(/began order-3/)
    expect(await going('0.1s')).toMatch(/at 0\.(?:0|100)/)
  })

  it('[V17] maps where the crash hurts, and that with the key it hurts nowhere', async () => {
    const page = await bench.running()
    await page.keyboard.press('9')
    const map = async (rows: number): Promise<void> => {
      await page.locator('.danger button', { hasText: 'Try it at every step' }).click()
      await page.waitForFunction(
        `document.querySelectorAll('.danger-row').length === ${rows} && document.querySelector('.danger-unknown') === null`,
      )
    }
    await map(1)
    const hurt = page.locator('.danger-violated')
    expect(await hurt.count()).toBeGreaterThan(0)
    const places = (await page.evaluate(
      `[...document.querySelectorAll('.danger-violated')].map((cell) => cell.getAttribute('aria-label'))`,
    )) as string[]
    expect(places.join()).toContain('after payment.OrderCreated provider.charge: no double charge')
    await page.locator(KEY).click()
    await map(2)
    const rows = await page.locator('.danger-row').allTextContents()
    expect(rows).toEqual([
      expect.stringMatching(/^as this run: [1-9]/),
      expect.stringMatching(/^as set up: 0 of \d+ places break a promise/),
    ])
  })

  it('[V62] [V66] maps a fault by how long it lasts as well, and takes over what is clicked', async () => {
    const page = await bench.running()
    await page.keyboard.press('9')
    const said = async (): Promise<string> => (await page.locator('.danger > p').first().textContent()) ?? ''
    const [, alone = ''] = /^About (\d+) runs: 1 row of \1 steps\.$/.exec(await said()) ?? []
    await page.locator('.danger select').last().selectOption('restart')
    expect(await said()).toBe(`About ${7 * Number(alone)} runs: 7 rows of ${alone} steps.`)
    await page.locator('.danger button', { hasText: 'Try it at every step' }).click()
    await page.waitForFunction(
      `document.querySelectorAll('.danger-row').length > 5 && document.querySelector('.danger-unknown') === null`,
    )
    const labels = await page.locator('.danger-row > span').allTextContents()
    expect(labels.map((label) => label.replace(/:.*/, ''))).toEqual(
      ['1ms', '10ms', '100ms', '300ms', '1s', '10s', '1m'].map((restart) => `restart ${restart}`),
    )
    const cells = await page.locator('.danger-cell').count()
    expect(await page.locator('.danger-progress').textContent()).toBe(`${cells} of ${cells} runs done.`)
    await expect.poll(() => announcement(page)).toMatch(new RegExp(`^${cells} runs: \\d+ of them break`))
    await page.locator('.danger-row').first().locator('.danger-violated').first().click()
    await page.waitForSelector('.compared')
    expect(await page.locator('.danger [role=status]').count()).toBe(0)
    expect(
      await page.locator('.fault-line input').evaluateAll((fields) => fields.map(({ value }) => value)),
    ).toContain('1ms')
  })

  it('[V17] shrinks what fails, and says what is needed for it', async () => {
    const page = await bench.running()
    await page.keyboard.press('9')
    await page.locator('.shrinking button').click()
    await page.waitForFunction(
      `/→ 1 fault, 3 → \\d order/.test(document.querySelector('.shrinking')?.textContent ?? '')`,
    )
    expect(await page.locator('.compared').textContent()).toContain('✗ no double charge')
    await page.locator(KEY).click()
    await page.locator('.shrinking button').click()
    await page.waitForFunction(
      `document.querySelector('.shrinking').textContent.includes('What is set up breaks no promise')`,
    )
  })

  it('[V17] [V25] shrinks the load, the cluster and the params too, and its link runs the same elsewhere', async () => {
    const page = await bench.running('late answer taken for another')
    await page.keyboard.press('9')
    await page.locator('.shrinking button').click()
    await page.waitForSelector('.compared', { timeout: 60_000 })
    expect(await page.locator('.shrinking').textContent()).toContain('→ 1 order, tried')
    expect(await page.locator('.compared').textContent()).toMatch(
      /B.*✗ everything agrees.*→ 1 order; .*latency: constant/,
    )
    const digest = await page.locator('.digest').textContent()
    const link = await linkWhere(page, (shared) => shared.digest === digest)
    const other = await bench.page({}, link)
    await other.waitForSelector('.verdict-violated')
    expect(await other.locator('.digest').textContent()).toBe(digest)
    expect(await other.locator('.problem').count()).toBe(0)
    await other.keyboard.press('9')
    await other.keyboard.press('Control+Enter')
    await other.waitForSelector('.compared')
    expect(await other.locator('.compared').textContent()).toContain('Nothing was changed')
  }, 120_000)

  it('[V25] is the same elsewhere by its address, and says so when it is not', async () => {
    const page = await bench.running()
    await page.keyboard.press('9')
    await page.locator(KEY).click()
    await page.keyboard.press('Control+Enter')
    await page.waitForSelector('.compared')
    await page.keyboard.press('j')
    const digest = await page.locator('.digest').textContent()
    const hash = await linkWhere(page, (shared) => shared.digest === digest && shared.event > 0)
    const other = await bench.page({}, hash)
    await other.waitForSelector('.verdict')
    expect(await other.locator('.digest').textContent()).toBe(digest)
    expect(await other.locator(KEY).isChecked()).toBe(true)
    expect(await other.locator('.problem').count()).toBe(0)
    const forged = await encodeLink({
      system: 'order-choreography',
      file: 'scenarios/order-choreography/happy-path.yaml',
      seed: 1,
      params: undefined,
      faults: undefined,
      settings: undefined,
      digest: '0000000000000000',
      bundle: '0000000000000000',
      event: 0,
      pane: 'state',
      filter: '',
      marks: [],
    })
    const wrong = await bench.page({}, `#${forged}`)
    await wrong.waitForSelector('.problem')
    expect(await wrong.locator('.problem').textContent()).toContain('the system has been changed since')
  })

  it.each([
    ['an empty file', '', 'This file is empty'],
    ['no trace', 'hello', 'its first line is not JSON'],
    [
      'a damaged trace',
      '{"format":"faultline-trace","version":1,"records":2}\n{"id":1',
      'Line 2 of this trace is not JSON',
    ],
    ['an old trace', '{"format":"faultline-trace","version":0,"records":0}', 'old format version 0'],
    ['a trace of the future', '{"format":"faultline-trace","version":9,"records":0}', 'format version 9'],
  ])('[V23] says what is wrong with %s that is dropped on it', async (_what, text, told) => {
    const page = await bench.page()
    await page.waitForSelector('.card')
    await drop(page, 'x.jsonl', text)
    await page.waitForSelector('.problem')
    expect(await page.locator('.problem').textContent()).toContain(told)
    expect(await page.locator('.card').count()).toBeGreaterThan(0)
  })

  it('[V23] shows hostile texts of a trace as texts', async () => {
    const page = await bench.page()
    const dialogs: string[] = []
    page.on('dialog', (dialog) => {
      dialogs.push(dialog.message())
      void dialog.dismiss()
    })
    await page.waitForSelector('.card')
    const hostile = '<img src=x onerror=alert(1)>'
    const lines = [
      { format: 'faultline-trace', version: 1, records: 3 },
      { id: 1, atMicros: 0, kind: 'act', lane: hostile, entity: hostile, parents: [], data: { number: 1 } },
      {
        id: 2,
        atMicros: 5,
        kind: 'commit',
        lane: 'a-db',
        parents: [1],
        data: [{ table: hostile, key: 1, after: { [hostile]: hostile } }],
      },
      { id: 3, atMicros: 9, kind: '__proto__', lane: 'constructor', parents: [2], data: null },
    ]
    await drop(page, 'x.jsonl', lines.map((line) => JSON.stringify(line)).join('\n'))
    await page.waitForSelector('.timeline')
    for (const pane of PANES) await page.keyboard.press(pane)
    await page.keyboard.press('8')
    expect(await page.locator('.event-rows').textContent()).toContain(hostile)
    expect(await page.locator('img').count()).toBe(0)
    expect(dialogs).toEqual([])
  })

  it('[V23] cuts names that are too long, and shows those of several lines in one', async () => {
    const page = await bench.page()
    await page.waitForSelector('.card')
    const names = ['x'.repeat(5_000), `y.${'z'.repeat(500)}`, 'first\nsecond\tthird', 'plain-1']
    const lines = [
      { format: 'faultline-trace', version: 1, records: names.length },
      ...names.map((name, at) => ({
        id: at + 1,
        atMicros: at,
        kind: 'act',
        lane: name,
        entity: names[0],
        parents: [],
        data: { number: 1 },
      })),
    ]
    await drop(page, 'x.jsonl', lines.map((line) => JSON.stringify(line)).join('\n'))
    await page.waitForSelector('.timeline')
    for (const key of ['8', 'n', 'Home']) await page.keyboard.press(key)
    await page.locator('.event-row').nth(1).click()
    for (const pane of PANES) {
      await page.keyboard.press(pane)
      await page.waitForTimeout(60)
      const wide =
        await page.evaluate(`[...document.querySelectorAll('.check, .lane, .lane-name, .pane-head, .tools')]
        .filter((each) => each.getBoundingClientRect().right > innerWidth + 1).map((each) => each.className)`)
      expect(wide, pane).toEqual([])
    }
    const tall = await page.evaluate(`[...document.querySelectorAll('.lane')].filter((lane) =>
      lane.querySelector('.lane-name').getBoundingClientRect().height > lane.getBoundingClientRect().height - 4 ||
      [...lane.querySelectorAll('span')].some((part) => part.getBoundingClientRect().right > lane.getBoundingClientRect().right + 1)
    ).map((lane) => lane.textContent.slice(0, 30))`)
    expect(tall).toEqual([])
    expect(await page.locator('.lane').allTextContents()).toEqual(
      expect.arrayContaining([expect.stringContaining('first second third')]),
    )
  })

  it('[V23] shows a trace of nothing without a blank place', async () => {
    const page = await bench.page()
    await page.waitForSelector('.card')
    await drop(page, 'x.jsonl', '{"format":"faultline-trace","version":1,"records":0}')
    await page.waitForSelector('.timeline')
    for (const pane of PANES) {
      await page.keyboard.press(pane)
      expect((await page.locator('#pane').textContent())?.trim(), pane).not.toBe('')
    }
  })

  it('[V21] asks nobody but its own server for anything, and no page fails', () => {
    expect(bench.requests.length).toBeGreaterThan(20)
    const foreign = bench.requests.filter(
      (url) => !url.startsWith(bench.server.url) && !/^(?:blob|data):/.test(url),
    )
    expect(foreign).toEqual([])
    expect(bench.errors).toEqual([])
  })
})
