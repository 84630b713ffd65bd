/** The number of single-character edits (insert, delete, replace, swap of neighbours) that turn one word into another. */
function distance(left: string, right: string): number {
  let beforePrevious: number[] = []
  let previous = Array.from({ length: right.length + 1 }, (_, index) => index)
  for (let row = 1; row <= left.length; row++) {
    const current = [row]
    for (let column = 1; column <= right.length; column++) {
      const same = left[row - 1] === right[column - 1]
      let cost = Math.min(
        (previous[column] as number) + 1,
        (current[column - 1] as number) + 1,
        (previous[column - 1] as number) + (same ? 0 : 1),
      )
      if (
        row > 1 &&
        column > 1 &&
        left[row - 1] === right[column - 2] &&
        left[row - 2] === right[column - 1]
      ) {
        cost = Math.min(cost, (beforePrevious[column - 2] as number) + 1)
      }
      current.push(cost)
    }
    beforePrevious = previous
    previous = current
  }
  return previous[right.length] as number
}

/** The word that somebody probably meant: within one edit of every three characters; undefined when none is that near. */
export function suggestion(written: string, known: Iterable<string>): string | undefined {
  const lower = written.toLowerCase()
  let best: string | undefined
  let bestDistance = Math.floor(Math.max(3, written.length) / 3) + 1
  for (const word of known) {
    const edits = distance(lower, word.toLowerCase())
    if (edits < bestDistance) {
      best = word
      bestDistance = edits
    }
  }
  return best
}

/** The end of a message that says what was probably meant: `; did you mean 'crash'?`; empty when nothing is that near. */
export function didYouMean(written: string, known: Iterable<string>): string {
  const meant = suggestion(written, known)
  return meant === undefined ? '' : `; did you mean '${meant}'?`
}
