import { describe, expect, it } from 'vitest'
import { Progress } from '../../../sim/service/progress.ts'

type Reach = ConstructorParameters<typeof Progress>[0]

/** What may be committed after each record of a list has ended. */
function commits(reach: Reach, taken: readonly number[], ended: readonly number[]): (number | undefined)[] {
  const progress = new Progress(reach)
  for (const offset of taken) progress.take(offset)
  return ended.map((offset) => {
    progress.finish(offset)
    const next = progress.toCommit()
    if (next !== undefined) progress.commit(next)
    return next
  })
}

describe('how far a partition is done', () => {
  it.each<[string, Reach, readonly number[], readonly number[], readonly (number | undefined)[]]>([
    ['in order', 'contiguous', [0, 1, 2], [0, 1, 2], [1, 2, 3]],
    ['the first last', 'contiguous', [0, 1, 2], [1, 2, 0], [undefined, undefined, 3]],
    ['the middle last', 'contiguous', [0, 1, 2], [0, 2, 1], [1, undefined, 3]],
    ['over gaps of the log', 'contiguous', [3, 7, 20], [7, 3, 20], [undefined, 8, 21]],
    ['in order, by the highest', 'highest', [0, 1, 2], [0, 1, 2], [1, 2, 3]],
    ['the first last, by the highest', 'highest', [0, 1, 2], [2, 1, 0], [3, undefined, undefined]],
  ])('[S24] %s', (_what, reach, taken, ended, expected) => {
    expect(commits(reach, taken, ended)).toEqual(expected)
  })

  it('[S24] is nothing before a record has ended', () => {
    const progress = new Progress('contiguous')
    expect(progress.toCommit()).toBeUndefined()
    progress.take(5)
    expect(progress.toCommit()).toBeUndefined()
  })
})
