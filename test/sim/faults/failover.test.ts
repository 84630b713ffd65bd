import { describe, expect, it } from 'vitest'
import { type Play, play, type Script, thing, until } from '../../fixtures/play.ts'

/** Writes a thing every 100 ms from 1 s on, ten times, and notes those that were acknowledged. */
const writing = (acknowledged: string[]): Script => ({
  at: 1_000,
  run: async (ctx) => {
    for (let n = 0; n < 10; n++) {
      await until(ctx, 1_000 + n * 100)
      await ctx
        .transaction((tx) => tx.things.insert(thing(`${n}`)))
        .then(
          () => acknowledged.push(`${n}`),
          () => {},
        )
    }
  },
})

/** Which things were acknowledged and which of them are left. */
async function lost(faults: NonNullable<Play['faults']>) {
  const acknowledged: string[] = []
  const left: string[] = []
  const reading: Script = {
    at: 9_000,
    run: async (ctx) => left.push(...(await ctx.db.things.select()).map(({ id }) => id)),
  }
  const result = await play([writing(acknowledged), reading], { faults })
  expect(result.faults.every(({ struckAtMicros }) => struckAtMicros !== undefined)).toBe(true)
  return { acknowledged, gone: acknowledged.filter((id) => !left.includes(id)) }
}

describe('a failover', () => {
  it.each<[string, object, readonly string[]]>([
    ['of a standby that replicates synchronously', {}, []],
    ['of one that is 250 ms behind', { lag: '250ms' }, ['4', '5']],
    ['of one that is an hour behind', { lag: '1h' }, ['0', '1', '2', '3', '4', '5']],
  ])('[F30] %s loses %j', async (_what, settings, gone) => {
    const found = await lost([{ failover: 'stage-db', at: '1560ms', upAfter: '100ms', ...settings }])
    expect(found.gone).toEqual(gone)
    // Nobody served for a tenth of a second.
    expect(found.acknowledged).toEqual(['0', '1', '2', '3', '4', '5', '7', '8', '9'])
  })

  it('[F30] happens twice, and loses the tail of each', async () => {
    const at = ['1360ms', '1860ms'].map((moment) => ({
      failover: 'stage-db',
      at: moment,
      upAfter: '10ms',
      lag: '150ms',
    }))
    expect((await lost(at)).gone).toEqual(['3', '8'])
  })
})
