import { Bulkhead, BulkheadFullError, SimError } from 'faultline'
import { describe, expect, it } from 'vitest'
import { clinic, note, notesOf } from '../../fixtures/clinic.ts'

/** What five calls at once come to, each of which takes a second: when they end, in seconds, and what was refused. */
async function five(make: () => Bulkhead) {
  const ends: number[] = []
  let refused = 0
  const result = await clinic({
    enter: async (_n, ctx) => {
      const bulkhead = make()
      const start = ctx.now()
      const calls = Array.from({ length: 5 }, async (_, index) => {
        try {
          await bulkhead.run(async () => {
            await ctx.sleep('1s')
            if (index === 0) throw new TypeError('it failed')
          })
        } catch (error) {
          if (error instanceof BulkheadFullError) refused++
          else if (!(error instanceof TypeError)) throw error
          if (error instanceof BulkheadFullError) return
        }
        ends.push((ctx.now() - start) / 1_000)
      })
      await Promise.all(calls)
      await note('done', ctx)
    },
  })
  expect(notesOf(result)).toHaveLength(1)
  return { ends, refused }
}

describe('a bulkhead', () => {
  it.each<[ConstructorParameters<typeof Bulkhead>[0], readonly number[], number]>([
    [{ concurrency: 5 }, [1, 1, 1, 1, 1], 0],
    [{ concurrency: 2 }, [1, 1, 2, 2, 3], 0],
    [{ concurrency: 1, queue: 2 }, [1, 2, 3], 2],
    [{ concurrency: 2, queue: 0 }, [1, 1], 3],
  ])('[FP5] of %j lets five calls end after %j s and refuses %d', async (options, ends, refused) => {
    expect(await five(() => new Bulkhead(options))).toEqual({ ends, refused })
  })

  it('[FP5] that is shared by what waits for each other never ends, which the run says', async () => {
    const result = await clinic({
      enter: async (_n, ctx) => {
        const bulkhead = new Bulkhead({ concurrency: 1 })
        await bulkhead.run(() => bulkhead.run(() => ctx.sleep('1s')))
      },
    })
    expect(result.verdict).toBe('error')
    expect(result.reason).toContain('would wait for ever')
  })

  it.each([{ concurrency: 0 }, { concurrency: 1.5 }, { concurrency: 1, queue: -1 }])(
    '[FP5] of %j is refused',
    (options) => {
      expect(() => new Bulkhead(options)).toThrow(SimError)
    },
  )
})
