import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { EVENT_CLASSES } from '../../ui/model/event-class.ts'

const css = readFileSync(new URL('../../ui/style/tokens.css', import.meta.url), 'utf8')

type Rgb = readonly [number, number, number]

/** The tokens of a theme; dark ones lie over light ones. */
function tokensOf(theme: 'light' | 'dark'): Map<string, Rgb> {
  const [light = '', dark = ''] = css.split(':root[data-theme="dark"]')
  const tokens = new Map<string, Rgb>()
  for (const [, name = '', hex = ''] of `${light}${theme === 'dark' ? dark : ''}`.matchAll(
    /--([\w-]+): #([0-9a-f]{6})/g,
  ))
    tokens.set(
      name,
      [0, 2, 4].map((at) => Number.parseInt(hex.slice(at, at + 2), 16) / 255) as unknown as Rgb,
    )
  return tokens
}

const linear = (value: number): number =>
  value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4

/** WCAG 2.2: relative luminance and contrast ratio. */
function contrast(left: Rgb, right: Rgb): number {
  const luminance = ([r, g, b]: Rgb): number => 0.2126 * linear(r) + 0.7152 * linear(g) + 0.0722 * linear(b)
  const [dark, light] = [luminance(left), luminance(right)].sort((a, b) => a - b) as [number, number]
  return (light + 0.05) / (dark + 0.05)
}

/** Machado, Oliveira and Fernandes (2009), severity 1, in linear RGB. */
const VISIONS: Readonly<Record<string, readonly number[]>> = {
  normal: [1, 0, 0, 0, 1, 0, 0, 0, 1],
  protan: [0.152286, 1.052583, -0.204868, 0.114503, 0.786281, 0.099216, -0.003882, -0.048116, 1.051998],
  deutan: [0.367322, 0.860646, -0.227968, 0.280085, 0.672501, 0.047413, -0.01182, 0.04294, 0.968881],
  tritan: [1.255528, -0.076749, -0.178779, -0.078411, 0.930809, 0.147602, 0.004733, 0.691367, 0.3039],
}

/** OKLab, of a colour as somebody sees it. */
function seen(rgb: Rgb, vision: readonly number[]): Rgb {
  const [r, g, b] = rgb.map(linear) as unknown as Rgb
  const row = (at: number): number =>
    Math.min(
      1,
      Math.max(
        0,
        (vision[at] as number) * r + (vision[at + 1] as number) * g + (vision[at + 2] as number) * b,
      ),
    )
  const [x, y, z] = [row(0), row(3), row(6)]
  const l = Math.cbrt(0.4122214708 * x + 0.5363325363 * y + 0.0514459929 * z)
  const m = Math.cbrt(0.2119034982 * x + 0.6806995451 * y + 0.1073969566 * z)
  const s = Math.cbrt(0.0883024619 * x + 0.2817188376 * y + 0.6299787005 * z)
  return [
    0.2104542553 * l + 0.793617785 * m - 0.0040720468 * s,
    1.9779984951 * l - 2.428592205 * m + 0.4505937099 * s,
    0.0259040371 * l + 0.7827717662 * m - 0.808675766 * s,
  ]
}

const distance = (left: Rgb, right: Rgb): number =>
  100 * Math.hypot(left[0] - right[0], left[1] - right[1], left[2] - right[2])

describe.each(['light', 'dark'] as const)('the %s palette', (theme) => {
  const tokens = tokensOf(theme)
  const colour = (name: string): Rgb => {
    const found = tokens.get(name)
    if (found === undefined) throw new Error(`there is no token ${name}`)
    return found
  }
  const marks = [...EVENT_CLASSES.map((name) => `class-${name}`), 'violation']

  it('[V12] lets every mark stand out from the surface at 3:1', () => {
    for (const name of marks)
      expect(contrast(colour(name), colour('surface')), name).toBeGreaterThanOrEqual(3)
  })

  it('[V12] lets every text be read at 4.5:1', () => {
    for (const text of ['text', 'quiet', 'accent', 'violation-text', 'fault-text', 'good', 'other-run'])
      for (const ground of ['surface', 'raised', 'stripe', 'sunken'])
        expect(contrast(colour(text), colour(ground)), `${text} on ${ground}`).toBeGreaterThanOrEqual(4.5)
    const pairs = [
      ['violation-text', 'violation-soft'],
      ['good', 'good-soft'],
      ['accent', 'accent-soft'],
      ['quiet', 'violation-soft'],
      ['quiet', 'good-soft'],
      ['quiet', 'warn-soft'],
      ['text', 'accent-soft'],
      ['on-accent', 'accent'],
    ] as const
    for (const [text, ground] of pairs)
      expect(contrast(colour(text), colour(ground)), `${text} on ${ground}`).toBeGreaterThanOrEqual(4.5)
  })

  it.each(Object.entries(VISIONS))('[V12] has classes that differ to %s sight', (_name, vision) => {
    for (const [at, left] of marks.entries())
      for (const right of marks.slice(at + 1))
        expect(
          distance(seen(colour(left), vision), seen(colour(right), vision)),
          `${left}, ${right}`,
        ).toBeGreaterThanOrEqual(9)
  })
})
