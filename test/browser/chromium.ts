import { accessSync, constants, existsSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { type Browser, chromium } from 'playwright-core'
import { type Binary, packagedChromium } from './packaged.ts'

const systemNames = ['chromium', 'chromium-browser', 'google-chrome']

const quiet = [
  // Letters and lines are rasterised alike everywhere.
  '--disable-accelerated-2d-canvas',
  '--disable-lcd-text',
  '--font-render-hinting=none',
  '--force-device-scale-factor=1',
  '--hide-scrollbars',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--no-first-run',
]

/**
 * Finds the browser to test with: the one that CHROMIUM_PATH names, else the system's, else the one that came with the
 * install. There is no skipping: a machine without a browser is an error that says what to do.
 */
export function findChromium(env: NodeJS.ProcessEnv = process.env): Binary {
  const named = env.CHROMIUM_PATH
  if (named) {
    if (isExecutable(named)) return { path: named, env: {} }
    throw new Error(`CHROMIUM_PATH is ${named}, which is not an executable file. Correct it or unset it.`)
  }
  const system = onPath(env.PATH ?? '')
  if (system) return { path: system, env: {} }
  if (process.platform === 'linux' && process.arch === 'x64') return packagedChromium()
  throw new Error(
    `No browser found: CHROMIUM_PATH is not set, none of ${systemNames.join(', ')} is on PATH, and the packaged one ` +
      `runs on linux-x64 only, not on ${process.platform}-${process.arch}. Install Chromium or set CHROMIUM_PATH.`,
  )
}

/** Starts a headless browser; the caller closes it. */
export async function launch(): Promise<Browser> {
  const { path, env } = findChromium()
  const inherited = Object.entries(process.env).filter(
    (entry): entry is [string, string] => entry[1] !== undefined,
  )
  return await chromium.launch({
    executablePath: path,
    args: quiet,
    env: { ...Object.fromEntries(inherited), ...env },
  })
}

function onPath(path: string): string | undefined {
  const folders = path.split(delimiter).filter(Boolean)
  return systemNames.flatMap((name) => folders.map((folder) => join(folder, name))).find(isExecutable)
}

function isExecutable(path: string): boolean {
  if (!existsSync(path)) return false
  try {
    accessSync(path, constants.X_OK)
    return true
  } catch {
    return false
  }
}
