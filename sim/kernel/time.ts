import { SimError } from './error.ts'

/** Virtual time is an integer count of microseconds since the start of a run. */
export type Micros = number

/** Virtual time 0 on the clocks of services and brokers: 2026-01-01T00:00:00Z, in milliseconds since 1970. */
export const EPOCH_MILLIS = 1_767_225_600_000

/** What clocks show at a moment, in milliseconds since 1970 with a fraction. */
export function clockMillis(atMicros: Micros): number {
  return EPOCH_MILLIS + atMicros / 1_000
}

/** The first moment at which clocks show a time or a later one. */
export function momentOf(millis: number): Micros {
  const micros = Math.ceil((millis - EPOCH_MILLIS) * 1_000)
  // Such large numbers of milliseconds have room for a quarter of a microsecond only.
  return clockMillis(micros) < millis ? micros + 1 : micros
}

const UNIT_MICROS: Readonly<Record<string, number>> = {
  us: 1,
  ms: 1_000,
  s: 1_000_000,
  m: 60_000_000,
  h: 3_600_000_000,
  d: 86_400_000_000,
}

/** A span of virtual time as written by people: `250us`, `50ms`, `1.5s`, `2m`, `7h`, `7d`. */
export type DurationText = string

const DURATION = /^(\d+(?:\.\d{1,6})?)(us|ms|s|m|h|d)$/

/** Reads a duration; undefined when the text is none, so that callers can say where it stood. */
export function readDuration(text: DurationText): Micros | undefined {
  const match = DURATION.exec(text)
  if (match === null) return undefined
  const unit = UNIT_MICROS[match[2] as string] as number
  return Math.round(Number(match[1]) * unit)
}

/** The longest span that anybody may write: of longer ones, sums would lose microseconds. */
export const LONGEST: DurationText = '36500d'
const LONGEST_MICROS = 36_500 * 86_400_000_000

/** Whether a text is a duration, but a longer one than anybody may write. */
export function isTooLong(text: DurationText): boolean {
  return (readDuration(text) ?? 0) > LONGEST_MICROS
}

/** Handlers write the same few durations millions of times; what a text means never changes. */
const known = new Map<DurationText, Micros>()

/** Reads a duration that the system's code or the program itself wrote. @throws SimError 'definition' for anything else */
export function durationMicros(text: DurationText): Micros {
  const micros = known.get(text) ?? readDuration(text)
  if (micros === undefined) {
    throw new SimError(
      'definition',
      `'${text}' is not a duration: write a number and one of us, ms, s, m, h, d, as in '50ms'`,
    )
  }
  if (micros > LONGEST_MICROS) {
    throw new SimError('definition', `'${text}' is too long a duration: write at most ${LONGEST}`)
  }
  if (known.size < 1_000) known.set(text, micros)
  return micros
}

/**
 * Reads a duration that must let time pass.
 * @param what it is for, as an error says it: `the period of a relay`
 * @throws SimError 'definition' for nothing, and for what is no duration
 */
export function positiveMicros(text: DurationText, what: string): Micros {
  const micros = durationMicros(text)
  if (micros > 0) return micros
  throw new SimError('definition', `${what} is '${text}': expected more than nothing, as in '50ms'`)
}

/** Writes a duration in its largest exact unit: 50000 → `50ms`, 1500 → `1500us`. */
export function formatDuration(micros: Micros): DurationText {
  if (micros === 0) return '0ms'
  for (const unit of ['d', 'h', 'm', 's', 'ms']) {
    const size = UNIT_MICROS[unit] as number
    if (micros % size === 0) return `${micros / size}${unit}`
  }
  return `${micros}us`
}

/** Writes a moment for people: seconds with milliseconds, `0.412 s`. */
export function formatSeconds(micros: Micros): string {
  return `${(micros / 1_000_000).toFixed(3)} s`
}
