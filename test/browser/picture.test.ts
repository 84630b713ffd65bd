import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { gunzipSync } from 'node:zlib'
import type { Locator, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { htmlReport } from '../../sim/cli/html-report.ts'
import { pageFolder } from '../../sim/cli/page-folder.ts'
import { workspaceOf } from '../../sim/cli/workspace.ts'
import { ROOT } from '../fixtures/cli.ts'
import { PageBench } from './opened-page.ts'
import { PICTURES, pictured, withFonts } from './picture.ts'

const SCENARIO = 'scenarios/order-choreography/crash-between-charge-and-commit.yaml'
/** Scenarios in the gallery: what is added later changes no picture. */
const SHOWN = ['crash-between-charge-and-commit', 'double-click', 'happy-path', 'lost-update-of-stock']
/** Kinds of faults and params in the set-up, for the same reason. */
const KINDS = 'crash crashMachine shutDown pause partition slow redeliver scale deploy addPartitions replay'
const PARAMS =
  'inbox outbox providerIdempotencyKey requestId chargeWithin paymentHears stockTaken declinesAnswered'
/** By the key that opens it. */
const PANES = {
  offsets: '2',
  log: '3',
  effects: '4',
  state: '5',
  saga: '6',
  counters: '7',
  events: '8',
  setup: '9',
}
const SIZES = { desk: { width: 1440, height: 900 }, hand: { width: 390, height: 844 } }

const LOOKS = (['light', 'dark'] as const).flatMap((colorScheme) =>
  (['desk', 'hand'] as const).map((size) => ({ colorScheme, size })),
)

describe('pictures of the page', () => {
  let bench: PageBench
  let folder: string

  beforeAll(async () => {
    bench = await PageBench.open()
    folder = mkdtempSync(join(tmpdir(), 'faultline-pictures-'))
    // A run of its own day: pictures tell of the page, not of the simulator.
    const trace = gunzipSync(readFileSync(join(PICTURES, 'double-charge.jsonl.gz'))).toString()
    const { systems } = await workspaceOf(join(ROOT, 'scenarios/order-choreography'), ROOT)
    const [system] = systems
    if (system === undefined) throw new Error('there is no system')
    const scenarios = system.scenarios.filter(({ file }) => SHOWN.includes(basename(file, '.yaml')))
    const workspace = { systems: [{ ...system, scenarios }], problems: [] }
    const write = (name: string, opened: string | undefined): void =>
      writeFileSync(join(folder, name), htmlReport(pageFolder(), name, { ...workspace, opened }, trace))
    write('run.html', SCENARIO)
    write('gallery.html', undefined)
  })

  afterAll(async () => {
    await bench.close()
    rmSync(folder, { recursive: true, force: true })
  })

  const opened = async (file: string, { colorScheme, size }: (typeof LOOKS)[number]): Promise<Page> => {
    const options = { colorScheme, viewport: SIZES[size], reducedMotion: 'reduce' } as const
    const page = await bench.page(options, '', pathToFileURL(join(folder, file)).href)
    await withFonts(page)
    return page
  }

  it.each(LOOKS)('[V29] are as they were: $colorScheme, $size', async (look) => {
    const wrong: string[] = []
    const shoot = async (place: Page | Locator, name: string): Promise<void> => {
      wrong.push(await pictured(place, `${name}-${look.size}-${look.colorScheme}`))
    }
    const gallery = await opened('gallery.html', look)
    await gallery.waitForFunction(`document.querySelector('.system-says')?.textContent.length > 5`)
    await shoot(gallery, 'gallery')
    const page = await opened('run.html', look)
    // Faults are weighed once the run is shown.
    await page.waitForSelector('.gist .fault-weight')
    await shoot(page, 'run')
    await page.keyboard.press('n')
    for (const [name, key] of Object.entries(PANES)) {
      await page.keyboard.press(key)
      if (name === 'counters')
        await page.waitForFunction(
          `document.querySelector('.chart') && document.querySelectorAll('.chart:not(:has(.recharts-area))').length === 0`,
        )
      if (name === 'setup')
        await page.evaluate(`{
          const keep = (places, names, nameOf) => {
            for (const place of document.querySelectorAll(places)) place.hidden = !names.split(' ').includes(nameOf(place))
          }
          keep('.fault-kinds button', ${JSON.stringify(KINDS)}, (each) => each.textContent.slice(2))
          keep('.param', ${JSON.stringify(PARAMS)}, (each) => each.querySelector('label').textContent)
        }`)
      await page.evaluate(`document.querySelector('.dock').scrollIntoView({ block: 'start' })`)
      await page.waitForTimeout(80)
      // On a desk everything else is in the picture of the run already.
      await shoot(look.size === 'desk' ? page.locator('.dock') : page, name)
    }
    for (const [name, key] of [
      ['help', '?'],
      ['palette', 'Control+k'],
    ] as const) {
      await page.keyboard.press(key)
      await shoot(page.locator('.sheet'), name)
      await page.keyboard.press('Escape')
    }
    expect(wrong.filter(Boolean)).toEqual([])
  })
  it('[V29] are told from pages on which one sentence is missing, or a button moved', async () => {
    const look = { colorScheme: 'light', size: 'desk' } as const
    const page = await opened('run.html', look)
    await page.waitForSelector('.gist .fault-weight')
    const compared = (): Promise<string> => pictured(page, 'run-desk-light', 'compare')
    expect(await compared()).toBe('')
    await page.evaluate(`document.querySelector('.gist li').style.visibility = 'hidden'`)
    expect(await compared()).toContain('run-desk-light differs in')
    await page.evaluate(`document.querySelector('.gist li').style.visibility = ''`)
    await page.evaluate(`document.querySelector('.tabs').style.paddingLeft = '40px'`)
    expect(await compared()).toContain('npm run pictures')
    expect(await pictured(page, 'nothing of that name', 'compare')).toContain('there is no picture')
  })
})
