import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  durationMicros,
  formatDuration,
  formatSeconds,
  isTooLong,
  LONGEST,
  positiveMicros,
  readDuration,
} from '../../../sim/kernel/time.ts'

describe('durations', () => {
  it.each([
    ['0ms', 0],
    ['250us', 250],
    ['50ms', 50_000],
    ['1.5s', 1_500_000],
    ['0.1ms', 100],
    ['2m', 120_000_000],
    ['7h', 25_200_000_000],
    ['7d', 604_800_000_000],
  ])('[K13] %s is %i microseconds', (text, micros) => {
    expect(readDuration(text)).toBe(micros)
    expect(durationMicros(text)).toBe(micros)
  })

  it.each([
    '',
    '5',
    'ms',
    '-1s',
    '1 s',
    '1S',
    '1.s',
    '.5s',
    '1e3ms',
    '1s ',
    '1.0000001s',
    '1w',
    'Infinitys',
    '1s2ms',
  ])('[K13] %j is no duration', (text) => {
    expect(readDuration(text)).toBeUndefined()
    expect(() => durationMicros(text)).toThrow(`'${text}' is not a duration`)
  })

  it('[K13] the longest span is a century', () => {
    expect(durationMicros(LONGEST)).toBe(36_500 * 86_400_000_000)
    for (const text of ['36501d', '876000.1h', '999999999999d', `${'9'.repeat(400)}d`]) {
      expect(isTooLong(text)).toBe(true)
      expect(() => durationMicros(text)).toThrow(`'${text}' is too long a duration: write at most 36500d`)
    }
    expect([LONGEST, '0ms', 'soon'].filter(isTooLong)).toEqual([])
  })

  it('[K13] what must let time pass is more than nothing', () => {
    expect(positiveMicros('1us', 'a period')).toBe(1)
    for (const text of ['0ms', '0.0d', '0.4us'])
      expect(() => positiveMicros(text, 'a period')).toThrow(
        `a period is '${text}': expected more than nothing`,
      )
    expect(() => positiveMicros('7 ms', 'a period')).toThrow("'7 ms' is not a duration")
  })

  it('[K13] a written duration reads as what it was, in whole microseconds', () => {
    fc.assert(
      fc.property(
        fc.nat({ max: 2 ** 46 }),
        fc.constantFrom(1, 1_000, 1_000_000, 60_000_000),
        (count, unit) => {
          const micros = Math.min(count * unit, 2 ** 52)
          expect(readDuration(formatDuration(micros))).toBe(micros)
        },
      ),
    )
    expect([0, 1_500, 50_000, 90_000_000, 7_200_000_000].map(formatDuration)).toEqual([
      '0ms',
      '1500us',
      '50ms',
      '90s',
      '2h',
    ])
  })

  it('[K13] a decimal fraction of a unit is a whole number of microseconds', () => {
    fc.assert(
      fc.property(
        fc.nat(9_999),
        fc.nat(999_999),
        fc.constantFrom('us', 'ms', 's', 'm', 'h', 'd'),
        (whole, part, unit) => {
          const micros = readDuration(`${whole}.${String(part).padStart(6, '0')}${unit}`)
          expect(Number.isSafeInteger(micros)).toBe(true)
        },
      ),
    )
  })

  it('[K13] a moment is written in seconds', () => expect(formatSeconds(412_345)).toBe('0.412 s'))
})
