/**
 * The choice tape: for each lane ("latency payment-1→provider | order-2") the values chosen, by occurrence.
 * A tape may be partial: what it does not say follows from the seed, so a tape recorded before an edit of the
 * code still replays, and an entry may be changed, removed or spliced.
 */
export type Tape = ReadonlyMap<string, readonly number[]>

/** A tape as plain data, lanes in name order. */
export type TapeData = Readonly<Record<string, readonly number[]>>

/** Plain data for a file. */
export function tapeData(tape: Tape): TapeData {
  return Object.fromEntries([...tape].sort(([left], [right]) => (left < right ? -1 : 1)))
}

/** Reads plain data; undefined when it is no tape, so that callers can say where it stood. */
export function readTape(data: unknown): Tape | undefined {
  if (typeof data !== 'object' || data === null) return undefined
  const entries = Object.entries(data)
  const valid = entries.every(
    ([, values]) => Array.isArray(values) && values.every((value) => Number.isInteger(value) && value >= 0),
  )
  return valid ? new Map(entries as [string, number[]][]) : undefined
}

/** The lanes and occurrences at which two tapes disagree on a choice that both made. */
export function tapeConflicts(left: Tape, right: Tape): string[] {
  const conflicts: string[] = []
  for (const [name, values] of left) {
    const others = right.get(name) ?? []
    for (let index = 0; index < Math.min(values.length, others.length); index++) {
      if (values[index] !== others[index])
        conflicts.push(`${name} #${index + 1}: ${values[index]} ≠ ${others[index]}`)
    }
  }
  return conflicts
}
