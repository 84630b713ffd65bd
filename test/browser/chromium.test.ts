import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { findChromium, launch } from './chromium.ts'
import { libraries } from './packaged.ts'

let folder: string

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'faultline-browser-'))
})

afterAll(() => rmSync(folder, { recursive: true, force: true }))

function script(name: string, body: string): string {
  const path = join(folder, name)
  writeFileSync(path, `#!/bin/sh\n${body}\n`, { mode: 0o755 })
  return path
}

it('a page of the found browser computes', async () => {
  const browser = await launch()
  try {
    const page = await browser.newPage()
    expect(await page.evaluate('1 + 1')).toBe(2)
  } finally {
    await browser.close()
  }
})

it('CHROMIUM_PATH comes before the system browser, which comes before the packaged one', () => {
  const system = script('chromium', 'exit 0')
  const named = script('mine', 'exit 0')
  expect(findChromium({ PATH: folder, CHROMIUM_PATH: named }).path).toBe(named)
  expect(findChromium({ PATH: folder }).path).toBe(system)
})

it('a CHROMIUM_PATH that leads nowhere is an error that names it', () => {
  expect(() => findChromium({ CHROMIUM_PATH: join(folder, 'absent') })).toThrow(/CHROMIUM_PATH is .*absent/)
})

it('bundled libraries are used only where the machine lacks them', () => {
  const complete = script('complete', 'exit 0')
  const lacking = script('lacking', '[ "$LD_LIBRARY_PATH" ] || { echo libnss3.so is missing >&2; exit 127; }')
  expect(libraries(complete, '/bundled')).toEqual({})
  expect(libraries(lacking, '/bundled').LD_LIBRARY_PATH).toMatch(/^\/bundled/)
})

it('a browser that starts with no libraries is an error that says what to do', () => {
  const broken = script('broken', 'echo libnss3.so is missing >&2; exit 127')
  expect(() => libraries(broken, '/bundled')).toThrow(/libnss3.so is missing.*CHROMIUM_PATH/s)
})
