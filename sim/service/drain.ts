/** A part of an instance that can come to an end in order. */
export interface Drainable {
  /** Begins nothing new, and calls back when what it has begun is done. Called once. */
  drain(done: () => void): void
}

/** Calls back when all parts have come to their end. */
export function drainAll(parts: readonly Drainable[], done: () => void): void {
  let left = parts.length
  if (left === 0) done()
  for (const part of parts) part.drain(() => --left === 0 && done())
}
