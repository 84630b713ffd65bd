import { mkdtempSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { CDPSession, Page } from 'playwright-core'
import { PageBench } from '../browser/opened-page.ts'
import { pageSizes } from '../browser/page-sizes.ts'
import { writeLongTrace } from './long-trace.ts'

/** What is measured, with the bound that holds on two cores without a GPU. */
interface Measure {
  readonly what: string
  readonly target: number
  readonly unit: 'ms' | 'MB' | 'KiB'
  readonly measured: number
  /** Processor time for each of what was done, of the page's thread, or with its worker: what it takes if nothing else runs. */
  readonly ownMillis?: number
}

const FRAMES = 90
const TRIES = 30

/** Panes, by the keys that open them. */
const PANES = {
  offsets: '2',
  'the log': '3',
  effects: '4',
  state: '5',
  saga: '6',
  counters: '7',
  'the trace': '8',
}

const p95 = (times: readonly number[]): number =>
  [...times].sort((left, right) => left - right)[Math.floor(times.length * 0.95)] ?? Number.NaN

/** Opens a trace file as somebody would who picks it. @returns until it is painted, in ms */
async function openTrace(page: Page, file: string): Promise<number> {
  await page.evaluate(`{
    window.openedAfter = new Promise((opened) => {
      const input = document.getElementById('trace-file')
      input.addEventListener('change', () => {
        const start = performance.now()
        const look = () => {
          if (document.querySelector('.timeline canvas') === null) requestAnimationFrame(look)
          else requestAnimationFrame(() => setTimeout(() => opened(performance.now() - start)))
        }
        look()
      }, { capture: true, once: true })
    })
    void 0
  }`)
  await page.locator('#trace-file').setInputFiles(file)
  return page.evaluate('window.openedAfter')
}

/** Presses keys frame after frame. @returns what each frame took, in ms */
function framesOf(page: Page, keys: readonly string[]): Promise<number[]> {
  return page.evaluate(`new Promise((done) => {
    const keys = ${JSON.stringify(keys)}
    const times = []
    let before
    const frame = (now) => {
      if (before !== undefined) times.push(now - before)
      before = now
      if (times.length === ${FRAMES}) return done(times)
      window.dispatchEvent(new KeyboardEvent('keydown', { key: keys[times.length % keys.length] }))
      requestAnimationFrame(frame)
    }
    requestAnimationFrame(frame)
  })`)
}

/** Does something at places all over the picture. @returns from each to the next paint, in ms */
function paintsAfter(page: Page, events: readonly string[]): Promise<number[]> {
  return page.evaluate(`(async () => {
    const plot = document.querySelector('.plot')
    const box = plot.getBoundingClientRect()
    const painted = () => new Promise((done) => requestAnimationFrame(() => setTimeout(done)))
    plot.setPointerCapture = () => {}
    const times = []
    for (let at = 0; at < ${TRIES}; at++) {
      await painted()
      const place = { clientX: box.x + box.width * ((at * 0.618) % 1), clientY: box.y + box.height * ((at * 0.381) % 1) }
      const start = performance.now()
      for (const type of ${JSON.stringify(events)})
        plot.dispatchEvent(new PointerEvent(type, { ...place, bubbles: true, button: 0, pointerId: 1 }))
      await painted()
      times.push(performance.now() - start)
    }
    return times
  })()`)
}

/** Types a filter that picks one order. @returns until it is painted, in ms */
function filtersAfter(page: Page, text: string): Promise<number> {
  return page.evaluate(`(async () => {
    const painted = () => new Promise((done) => requestAnimationFrame(() => setTimeout(done)))
    window.dispatchEvent(new KeyboardEvent('keydown', { key: '8' }))
    await painted()
    await painted()
    const field = document.getElementById('filter')
    const start = performance.now()
    Object.getOwnPropertyDescriptor(HTMLInputElement.prototype, 'value').set.call(field, ${JSON.stringify(text)})
    field.dispatchEvent(new Event('input', { bubbles: true }))
    await painted()
    return performance.now() - start
  })()`)
}

/** Opens a pane with its key. @returns until it is painted, in ms */
function paintAfterKey(page: Page, key: string): Promise<number> {
  return page.evaluate(`(async () => {
    const painted = () => new Promise((done) => requestAnimationFrame(() => setTimeout(done)))
    await painted()
    const start = performance.now()
    window.dispatchEvent(new KeyboardEvent('keydown', { key: ${JSON.stringify(key)} }))
    await painted()
    // Charts come with a script of their own, and draw once they know how wide they are.
    const incomplete = () => document.querySelector('#pane .charts') === null
      ? document.getElementById('pane').textContent.includes('Loading the charts')
      : document.querySelector('#pane .recharts-area') === null
    while (incomplete()) await painted()
    return performance.now() - start
  })()`)
}

/** Does something so many times. @returns how long each took, and the processor time of the page's thread for one */
async function timed(
  session: CDPSession,
  work: () => Promise<number[]>,
): Promise<{ readonly times: readonly number[]; readonly ownMillis: number }> {
  const own = async (): Promise<number> => {
    const { metrics } = await session.send('Performance.getMetrics')
    return (metrics.find(({ name }) => name === 'TaskDuration')?.value ?? 0) * 1_000
  }
  const before = await own()
  const times = await work()
  return { times, ownMillis: ((await own()) - before) / times.length }
}

/** Processor time of all pages and their workers so far, in ms. */
async function rendererMillis(page: Page): Promise<number> {
  const session = await page.context().browser()?.newBrowserCDPSession()
  const { processInfo = [] } = (await session?.send('SystemInfo.getProcessInfo')) ?? {}
  await session?.detach()
  const renderers = processInfo.filter(({ type }) => type === 'renderer')
  return renderers.reduce((sum, { cpuTime }) => sum + cpuTime, 0) * 1_000
}

async function memoryOf(session: CDPSession): Promise<{ readonly heap: number; readonly buffers: number }> {
  await session.send('HeapProfiler.collectGarbage')
  const usage = (await session.send('Runtime.getHeapUsage')) as {
    readonly usedSize: number
    readonly backingStorageSize?: number
  }
  return { heap: usage.usedSize / 1e6, buffers: (usage.backingStorageSize ?? 0) / 1e6 }
}

/** Everything that is measured of a trace of so many events. */
async function ofTrace(
  bench: PageBench,
  file: string,
  name: string,
  targets: { readonly open: number; readonly frame: number },
): Promise<Measure[]> {
  const page = await bench.page()
  page.setDefaultTimeout(180_000)
  await page.waitForSelector('.card')
  const session = await page.context().newCDPSession(page)
  await session.send('Performance.enable', { timeDomain: 'threadTicks' })
  const before = await rendererMillis(page)
  const opened = await openTrace(page, file)
  const openMillis = (await rendererMillis(page)) - before
  const measures: Measure[] = []
  const add = async (what: string, target: number, work: () => Promise<number[]>): Promise<void> => {
    const { times, ownMillis } = await timed(session, work)
    measures.push({ what: `${what}, ${name}`, target, unit: 'ms', measured: p95(times), ownMillis })
  }
  await page.keyboard.press('Home')
  await add('zoom with everything in view, frame p95', targets.frame, () => framesOf(page, ['w', 's']))
  await page.keyboard.press('w')
  await add('pan with half of it in view, frame p95', targets.frame, () =>
    framesOf(page, ['d', 'd', 'a', 'a']),
  )
  await page.keyboard.press('Home')
  await add('hover to paint, p95', 100, () => paintsAfter(page, ['pointermove']))
  await add('seek anywhere to paint, p95', 120, () => paintsAfter(page, ['pointerdown', 'pointerup']))
  for (const [pane, key] of Object.entries(PANES)) {
    // What is made beforehand is made while nothing else happens.
    await page.waitForTimeout(500)
    await add(`open ${pane} to paint`, 120, async () => [await paintAfterKey(page, key)])
  }
  await add('filter by order to paint', 100, async () => [await filtersAfter(page, 'order:order-17')])
  const { heap, buffers } = await memoryOf(session)
  await page.close()
  const size = Math.round(statSync(file).size / 1e6)
  return [
    {
      what: `open ${size} MB of JSON lines, ${name}`,
      target: targets.open,
      unit: 'ms',
      measured: opened,
      ownMillis: openMillis,
    },
    ...measures,
    { what: `JS heap, ${name}`, target: 250, unit: 'MB', measured: heap },
    { what: `columns beside it, ${name}`, target: Number.NaN, unit: 'MB', measured: buffers },
  ]
}

/** Runs a scenario of about 10,000 events in the page, again and again. */
async function ofRun(bench: PageBench): Promise<Measure[]> {
  const page = await bench.running()
  await page.keyboard.press('9')
  await page.locator('.run-fields input').nth(1).fill('36')
  const again = async (): Promise<number> =>
    page.evaluate(`(async () => {
      const before = document.querySelector('.verdict-counts').textContent
      const start = performance.now()
      document.querySelector('.topbar .primary').click()
      const look = (done) => {
        const idle = document.querySelector('.busy') === null
        if (idle && performance.now() - start > 20) done(performance.now() - start)
        else requestAnimationFrame(() => look(done))
      }
      return new Promise((done) => requestAnimationFrame(() => look(done)))
    })()`)
  const times: number[] = []
  const before = await rendererMillis(page)
  for (let round = 0; round < 5; round++) times.push(await again())
  const ownMillis = ((await rendererMillis(page)) - before) / times.length
  const counts = (await page.locator('.verdict-counts').textContent()) ?? ''
  await page.close()
  const events = /([\d,]+) events/.exec(counts)?.[1] ?? '?'
  return [
    { what: `re-run of ${events} events, p95`, target: 3_000, unit: 'ms', measured: p95(times), ownMillis },
  ]
}

function print(measures: readonly Measure[]): void {
  console.log('| what | target | measured | | own processor time of one |')
  console.log('|---|---|---|---|---|')
  for (const { what, target, unit, measured, ownMillis } of measures) {
    const shown = (value: number): string => `${value >= 100 ? Math.round(value) : value.toFixed(1)} ${unit}`
    const isMet = measured <= target
    const alone = ownMillis !== undefined && ownMillis <= target
    const verdict = Number.isNaN(target) ? '' : isMet ? 'met' : alone ? 'met by its own time' : 'MISSED'
    const own = ownMillis === undefined ? '' : `${ownMillis.toFixed(1)} ms`
    const wanted = Number.isNaN(target) ? '' : shown(target)
    console.log(`| ${what} | ${wanted} | ${shown(measured)} | ${verdict} | ${own} |`)
  }
}

const folder = mkdtempSync(join(tmpdir(), 'faultline-bench-'))
const bench = await PageBench.open()
try {
  const measures: Measure[] = []
  for (const [name, records, targets] of [
    ['100k events', 100_000, { open: 1_000, frame: 25 }],
    ['1M events', 1_000_000, { open: 12_000, frame: 33 }],
  ] as const) {
    const file = join(folder, `${records}.jsonl`)
    await writeLongTrace(file, records)
    measures.push(...(await ofTrace(bench, file, name, targets)))
  }
  measures.push(...(await ofRun(bench)))
  for (const { what, most, kibi } of pageSizes())
    measures.push({ what: `${what}, gzipped`, target: most, unit: 'KiB', measured: kibi })
  print(measures)
} finally {
  await bench.close()
  rmSync(folder, { recursive: true, force: true })
}
