/** Names that are kept at most: a page, or a suite, may see many systems. */
const MOST_NAMES = 1_000

/**
 * The processes of a system have the same names in every run, which makes them anew. Maps find the very same text without
 * reading it; a text never changes, so that keeping it cannot influence a run.
 */
const names = new Map<string, string>()
const siteNames = new Map<string, Map<string, string>>()

/** A name as it was when it first came. */
export function processName(name: string): string {
  const known = names.get(name)
  if (known !== undefined) return known
  if (names.size < MOST_NAMES) names.set(name, name)
  return name
}

/** The name of the site at which latencies from one process to another are drawn. */
export function latencySiteName(from: string, to: string): string {
  let ofFrom = siteNames.get(from)
  if (ofFrom === undefined) {
    if (siteNames.size >= MOST_NAMES) siteNames.clear()
    ofFrom = new Map()
    siteNames.set(from, ofFrom)
  }
  let name = ofFrom.get(to)
  if (name === undefined) {
    name = `latency ${from}→${to}`
    if (ofFrom.size < MOST_NAMES) ofFrom.set(to, name)
  }
  return name
}
