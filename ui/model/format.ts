import { formatSeconds } from '../../sim/index.ts'

/** Virtual time as people read it, in parts: seconds count, the rest is detail. */
export interface TimeParts {
  readonly strong: string
  readonly light: string
}

/** A moment as the command line writes it, to the millisecond: `4` and `.140 s`. */
export function timeParts(atMicros: number): TimeParts {
  return partsOf(formatSeconds(atMicros))
}

/** A moment to the microsecond, where many lie in one millisecond: `4` and `.140312 s`. */
export function exactParts(atMicros: number): TimeParts {
  return partsOf(`${(atMicros / 1_000_000).toFixed(6)} s`)
}

function partsOf(text: string): TimeParts {
  const dot = text.indexOf('.')
  return dot === -1 ? { strong: text, light: '' } : { strong: text.slice(0, dot), light: text.slice(dot) }
}

/** A span of time in the largest unit that fits: `3.2 s`, `41 ms`, `130 µs`. */
export function span(micros: number): string {
  if (micros >= 86_400_000_000) return `${trimmed(micros / 86_400_000_000)} d`
  if (micros >= 3_600_000_000) return `${trimmed(micros / 3_600_000_000)} h`
  if (micros >= 120_000_000) return `${trimmed(micros / 60_000_000)} min`
  if (micros >= 1_000_000) return `${trimmed(micros / 1_000_000)} s`
  if (micros >= 1_000) return `${trimmed(micros / 1_000)} ms`
  return `${Math.round(micros)} µs`
}

/** A number with its thousands: `12,480`. */
export function grouped(count: number): string {
  return String(count).replace(/\B(?=(\d{3})+$)/g, ',')
}

/** A number of things: `1 fault`, `3 faults`. */
export function counted(count: number, noun: string): string {
  return `${grouped(count)} ${count === 1 ? noun : `${noun}s`}`
}

function trimmed(value: number): string {
  return value >= 100 ? String(Math.round(value)) : value.toFixed(1).replace(/\.0$/, '')
}
