import { execFileSync, spawnSync } from 'node:child_process'
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { basename, join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** A browser that can be started: its binary and the variables that it needs beyond the inherited ones. */
export interface Binary {
  readonly path: string
  readonly env: Readonly<Record<string, string>>
  /** Whether it came with `npm ci`. */
  readonly packaged?: boolean
}

const root = fileURLToPath(new URL('../..', import.meta.url))
const cache = join(root, 'node_modules/.cache/faultline')

// The package's own file names folders of the machine that it was made for; with it, text is zero wide.
const fontsConf = `<?xml version="1.0"?>
<!DOCTYPE fontconfig SYSTEM "fonts.dtd">
<fontconfig>
  <dir prefix="relative">.</dir>
  <cachedir prefix="xdg">fontconfig</cachedir>
</fontconfig>
`

/** The browser that came with `npm ci`, unpacked once per version. */
export function packagedChromium(): Binary {
  const folder = join(cache, `chromium-${packageVersion()}`)
  if (!existsSync(folder)) unpackInto(folder)
  const path = join(folder, 'chromium')
  const env = { ...libraries(path, join(folder, 'al2023/lib')), ...fonts(join(folder, 'fonts')) }
  return { path, env, packaged: true }
}

/**
 * The variables with which a binary finds its shared libraries: none where the machine has them all, else the path of
 * the copies that came with it. Throws where the binary cannot be started with either.
 */
export function libraries(path: string, bundled: string): Record<string, string> {
  const plain = startError(path, {})
  if (plain === undefined) return {}
  const env = { LD_LIBRARY_PATH: [bundled, process.env.LD_LIBRARY_PATH].filter(Boolean).join(':') }
  const withBundled = startError(path, env)
  if (withBundled === undefined) return env
  throw new Error(
    `The browser at ${path} does not start: ${plain} With the libraries of ${bundled}: ${withBundled} ` +
      'Install a system chromium, or set CHROMIUM_PATH to a Chromium or Chrome that runs here.',
  )
}

function startError(path: string, env: Record<string, string>): string | undefined {
  const { status, stderr, error } = spawnSync(path, ['--version'], {
    env: { ...process.env, ...env },
    encoding: 'utf8',
  })
  if (status === 0) return undefined
  return error?.message ?? (stderr.trim() || `it exits with ${status}.`)
}

function fonts(folder: string): Record<string, string> {
  return existsSync('/etc/fonts/fonts.conf') ? {} : { FONTCONFIG_PATH: folder }
}

function packageVersion(): string {
  const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
    devDependencies: Record<string, string>
  }
  return manifest.devDependencies['@sparticuz/chromium'] ?? 'unknown'
}

/**
 * Unpacks into a private folder and renames: two test processes that start together would otherwise start a binary
 * that the other one is still writing.
 */
function unpackInto(folder: string): void {
  mkdirSync(cache, { recursive: true })
  const unpacking = mkdtempSync(join(cache, 'unpacking-'))
  try {
    // VERCEL makes the package unpack the shared libraries too, which a machine without a desktop may lack.
    const env = { ...process.env, TMPDIR: unpacking, VERCEL: '1' }
    const script = fileURLToPath(new URL('unpack.mjs', import.meta.url))
    const path = execFileSync(process.execPath, [script], { env, encoding: 'utf8' }).trim()
    if (basename(path) !== 'chromium') throw new Error(`Expected a binary named chromium, got ${path}`)
    writeFileSync(join(unpacking, 'fonts/fonts.conf'), fontsConf)
    chmodSync(unpacking, 0o755)
    chmodSync(path, 0o755)
    renameUnlessThere(unpacking, folder)
  } catch (cause) {
    throw new Error(
      `The packaged browser could not be unpacked into ${folder}. Free space is needed: 210 MB.`,
      {
        cause,
      },
    )
  } finally {
    rmSync(unpacking, { recursive: true, force: true })
  }
}

function renameUnlessThere(from: string, to: string): void {
  try {
    renameSync(from, to)
  } catch (error) {
    // Another process was faster; its copy is the same.
    if (!existsSync(to)) throw error
  }
}
