import { join } from 'node:path'
import axe from 'axe-core'
import type { Browser, BrowserContextOptions, Page } from 'playwright-core'
import { onTestFinished, vi } from 'vitest'
import { pageFolder } from '../../sim/cli/page-folder.ts'
import { type PageServer, servePage } from '../../sim/cli/page-server.ts'
import { workspaceOf } from '../../sim/cli/workspace.ts'
import { decodeLink, type Shared } from '../../ui/model/share-link.ts'
import { ROOT } from '../fixtures/cli.ts'
import { launch } from './chromium.ts'

/** Nothing on the page takes longer, on a machine that others use too. */
const WAIT_MILLIS = 60_000

/** The name of the scenario in which a customer is charged twice. */
export const DOUBLE_CHARGE = 'crash between charge and commit'

/** A browser, and a server of the page with every scenario of the project. */
export class PageBench {
  private readonly browser: Browser
  readonly server: PageServer
  /** Everything that pages asked for. */
  readonly requests: string[] = []
  /** What went wrong in pages, and should not. */
  readonly errors: string[] = []

  private constructor(browser: Browser, server: PageServer) {
    this.browser = browser
    this.server = server
  }

  static async open(): Promise<PageBench> {
    const server = await servePage(pageFolder(), 0, () => workspaceOf(join(ROOT, 'scenarios'), ROOT))
    return new PageBench(await launch(), server)
  }

  /** A page of its own, at the gallery or where a fragment leads. It is closed with the test: what it still does slows others. */
  async page(options: BrowserContextOptions = {}, fragment = '', url = this.server.url): Promise<Page> {
    const context = await this.browser.newContext({ viewport: { width: 1440, height: 900 }, ...options })
    onTestFinished(() => context.close())
    const page = await context.newPage()
    page.setDefaultTimeout(WAIT_MILLIS)
    page.on('request', (request) => this.requests.push(request.url()))
    page.on('pageerror', ({ message }) => this.errors.push(message))
    page.on('console', (message) => {
      if (message.type() === 'error') this.errors.push(message.text())
    })
    await page.goto(`${url}${fragment}`)
    return page
  }

  /** A page with a scenario run. */
  async running(name = DOUBLE_CHARGE, options: BrowserContextOptions = {}): Promise<Page> {
    const page = await this.page(options)
    await page.locator('.card', { has: page.getByText(name, { exact: true }) }).click()
    await page.waitForSelector('.verdict')
    // The picture is laid out once its size is known, after the verdict is there.
    await page.waitForSelector('.axis-tick')
    return page
  }

  async close(): Promise<void> {
    await this.browser.close()
    await this.server.close()
  }
}

/** The page's fragment, once it is a link that carries what it should: links are made after what they are about is shown. */
export async function linkWhere(page: Page, isReached: (shared: Shared) => boolean): Promise<string> {
  return vi.waitFor(
    async () => {
      const fragment = (await page.evaluate('location.hash')) as string
      const shared = await decodeLink(fragment)
      if (shared === undefined || !isReached(shared))
        throw new Error(`the link is not yet there: ${fragment}`)
      return fragment
    },
    { timeout: WAIT_MILLIS, interval: 50 },
  )
}

/** The page's fragment, once it is a link to the event that was announced last. */
export async function linkToFocus(page: Page): Promise<string> {
  const [, number = ''] = /record ([\d,]+),/.exec(await announcement(page)) ?? []
  const event = Number(number.replaceAll(',', ''))
  return linkWhere(page, (shared) => shared.event === event)
}

/** Presses keys in one task: nothing comes in between, and no time goes by. */
export async function pressAtOnce(
  page: Page,
  keys: readonly string[],
  held: { readonly ctrlKey?: boolean } = {},
): Promise<void> {
  await page.evaluate(`for (const key of ${JSON.stringify(keys)})
    window.dispatchEvent(new KeyboardEvent('keydown', { key, ...${JSON.stringify(held)} }))`)
}

/** Presses Tab until something is focused. */
export async function tabTo(page: Page, selector: string, most = 200): Promise<void> {
  for (let presses = 0; presses < most; presses++) {
    if (await page.evaluate(`document.activeElement?.matches(${JSON.stringify(selector)}) === true`)) return
    await page.keyboard.press('Tab')
  }
  throw new Error(`Tab does not lead to ${selector}`)
}

/** What was said last to whoever does not see the page. */
export async function announcement(page: Page): Promise<string> {
  return (await page.locator('[aria-live=polite]').textContent()) ?? ''
}

/** Drops a file on the page. */
export async function drop(page: Page, name: string, text: string): Promise<void> {
  await page.evaluate(`{
    const data = new DataTransfer()
    data.items.add(new File([${JSON.stringify(text)}], ${JSON.stringify(name)}))
    window.dispatchEvent(new DragEvent('drop', { dataTransfer: data, bubbles: true, cancelable: true }))
  }`)
}

/** What axe objects to: rule and places. */
export async function objections(page: Page): Promise<string[]> {
  await page.evaluate(axe.source)
  return page.evaluate(`axe.run(document).then(({ violations }) =>
    violations.map(({ id, nodes }) => id + ': ' + nodes.map(({ target, failureSummary }) => target + ' ' + failureSummary).join(' | ')))`)
}
