import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import pixelmatch from 'pixelmatch'
import type { Locator, Page } from 'playwright-core'
import { PNG } from 'pngjs'
import { findChromium } from './chromium.ts'

/** Where pictures are kept; the trace that they show lies beside them. */
export const PICTURES = fileURLToPath(new URL('pictures', import.meta.url))
/** Where pictures go that are not as they were. */
const FAILED = fileURLToPath(new URL('../../reports/pictures', import.meta.url))
/** Set by the script that records pictures anew. */
const RECORDING = process.env.FAULTLINE_RECORD_PICTURES === '1'

/** How far colours may be apart, from 0 to 1. Edges of letters, which differ between rasterisers, do not count. */
const THRESHOLD = 0.15
/** Places that may differ: a sentence that is missing is more, signs that another font draws are less. */
const MOST = 800
/** With a browser that pictures were not recorded with, letters may break lines elsewhere: this share of all places. */
const SHARE_ELSEWHERE = 0.06
/** Colours are kept in steps of so much: files of a third of the size, and no difference that could be seen. */
const STEP = 8

const files = createRequire(import.meta.url)
const FONTS = [
  ['Inter', '@fontsource-variable/inter/files/inter-latin-wght-normal.woff2'],
  ['JetBrains Mono', '@fontsource-variable/jetbrains-mono/files/jetbrains-mono-latin-wght-normal.woff2'],
] as const

/** Gives a page the fonts that its style names first, whatever the machine has. */
export async function withFonts(page: Page): Promise<void> {
  const fonts = FONTS.map(([family, file]) => [family, readFileSync(files.resolve(file)).toString('base64')])
  await page.evaluate(`Promise.all(${JSON.stringify(fonts)}.map(async ([family, bytes]) => {
    const font = new FontFace(family, Uint8Array.from(atob(bytes), (letter) => letter.charCodeAt(0)), { weight: '100 900' })
    document.fonts.add(await font.load())
  }))`)
}

/** Compares what a page or a part of it shows with the picture of that name, or records it. @returns what is wrong; '' when nothing is */
export async function pictured(
  place: Page | Locator,
  name: string,
  how: 'record' | 'compare' = RECORDING ? 'record' : 'compare',
): Promise<string> {
  const shown = PNG.sync.read(await place.screenshot({ animations: 'disabled' }))
  for (let at = 0; at < shown.data.length; at++)
    shown.data[at] = Math.min(255, Math.round((shown.data[at] as number) / STEP) * STEP)
  const file = join(PICTURES, `${name}.png`)
  if (how === 'record') {
    keep(file, shown)
    return ''
  }
  if (!existsSync(file)) return `there is no picture ${name}: record it with npm run pictures`
  const kept = PNG.sync.read(readFileSync(file))
  const { width, height } = kept
  if (shown.width !== width || shown.height !== height)
    return `${name} is ${shown.width}×${shown.height} instead of ${width}×${height}`
  const apart = new PNG({ width, height })
  const different = pixelmatch(kept.data, shown.data, apart.data, width, height, { threshold: THRESHOLD })
  const most = findChromium().packaged ? MOST : width * height * SHARE_ELSEWHERE
  if (different <= most) return ''
  keep(join(FAILED, `${name}.png`), shown)
  keep(join(FAILED, `${name}-difference.png`), apart)
  return `${name} differs in ${different} places, more than ${most}: see reports/pictures; if it is as it should be, npm run pictures`
}

function keep(file: string, picture: PNG): void {
  mkdirSync(dirname(file), { recursive: true })
  writeFileSync(file, PNG.sync.write(picture, { colorType: 2, deflateLevel: 9 }))
}
