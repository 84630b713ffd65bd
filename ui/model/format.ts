/** Virtual time as people read it, in parts: seconds count, the rest is detail. */
export interface TimeParts {
  readonly seconds: string
  readonly fraction: string
}

/** A moment in seconds and microseconds: `4.140` and `312`. */
export function timeParts(atMicros: number): TimeParts {
  const whole = Math.floor(atMicros / 1_000_000)
  const rest = String(Math.round(atMicros - whole * 1_000_000)).padStart(6, '0')
  return { seconds: `${grouped(whole)}.${rest.slice(0, 3)}`, fraction: rest.slice(3) }
}

/** A moment to the millisecond: `4.140 s`. */
export function seconds(atMicros: number): string {
  return `${timeParts(atMicros).seconds} s`
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
