import { describe, expect, it } from 'vitest'
import { millis, play, type Script, thing } from '../../fixtures/play.ts'

/** Changes a row at a moment and says when that was acknowledged. */
const change = (at: number, heard: number[], id = 'a'): Script => ({
  at,
  run: async (ctx) => {
    await ctx.transaction((tx) => tx.things.update({ id }, { count: at }))
    heard.push(Math.round((millis(ctx) - at) / 100))
  },
})

const things = ['a', 'b', 'c', 'd'].map((id) => thing(id))

describe('slow commits', () => {
  it('[F32] take longer while the fault lasts, and hold up who wants their rows', async () => {
    const heard: number[] = []
    const faults = [{ slowCommit: 'stage-db', at: '900ms', by: '500ms', for: '2s' }]
    await play(
      [change(1_000, heard), change(1_100, heard), change(1_200, heard, 'b'), change(4_000, heard)],
      {
        faults,
        things,
      },
    )
    expect(heard).toEqual([5, 5, 9, 0])
  })

  it('[F32] are as slow as the slowest of several faults, until each has ended', async () => {
    const heard: number[] = []
    const faults = [
      { slowCommit: 'stage-db', at: '900ms', by: '300ms', for: '3s' },
      { slowCommit: 'stage-db', at: '1s', by: '800ms', for: '1s' },
    ]
    const scripts = ['a', 'b', 'c', 'd'].map((id, index) =>
      change([950, 1_500, 2_500, 4_500][index] as number, heard, id),
    )
    await play(scripts, { faults, things })
    expect(heard).toEqual([3, 8, 3, 0])
  })
})
