import { always, eventually, ledger, type RunResult } from 'faultline'
import { describe, expect, it } from 'vitest'
import type { PropertyOptions } from '../../../sim/check/property.ts'
import { play, thing } from '../../fixtures/play.ts'
import { items, Watch } from '../../fixtures/watch.ts'

const whole = { says: 'It is so.', reads: [items], per: 'id', holds: () => true }

type Make = (things: PropertyOptions['reads'][number]) => Partial<Record<string, unknown>>

/** A run in which a thing is inserted, watched by a property of either kind. */
async function watched(kind: 'always' | 'eventually', make: Make): Promise<RunResult> {
  return play([{ at: 500, run: (ctx) => ctx.transaction((tx) => tx.things.insert(thing('new'))) }], {
    properties: ({ things }) => {
      const options = { ...whole, reads: [things], ...make(things) } as unknown as PropertyOptions
      return kind === 'always'
        ? [always('vacuous', options)]
        : [eventually('vacuous', { keys: () => ['new'], ...options, within: '1s' })]
    },
  })
}

const elsewhere = ledger<{ readonly id: string }>('elsewhere')

describe.each(['always', 'eventually'] as const)(
  'a property that asks for what is not there (%s)',
  (kind) => {
    it.each<[string, Make, string]>([
      [
        'a per that no table has',
        () => ({ per: 'thingid' }),
        "has no column 'thingid', which is its 'per': expected id",
      ],
      [
        'a condition on a column that no table has',
        (things) => ({ holds: (read: never) => where(read, things, { thingid: 'new' }).length <= 1 }),
        "has no column 'thingid': expected id",
      ],
      [
        'a second condition on a column that no table has',
        (things) => ({
          holds: (read: never) => where(read, things, { id: 'new', thingid: 'new' }).length <= 1,
        }),
        "has no column 'thingid': expected id",
      ],
      [
        'a ledger that is not among its reads',
        () => ({ holds: (read: never) => where(read, elsewhere, { id: 'new' }).length <= 1 }),
        "it reads elsewhere, which is not among its 'reads'",
      ],
      [
        'a holds that promises',
        () => ({ holds: async () => false }),
        "'holds' must return true or false, and returned a promise",
      ],
      [
        'a holds that promises and fails',
        () => ({ holds: () => Promise.reject(new Error('no')) }),
        'returned a promise',
      ],
      [
        'a holds that returns nothing',
        () => ({ holds: () => undefined }),
        "'holds' must return true or false, and returned undefined",
      ],
      [
        'an explain that promises',
        () => ({ holds: () => false, explain: async () => 'so' }),
        "'explain' must return a sentence, and returned a promise",
      ],
    ])('[P15] %s', async (_what, make, message) => {
      const result = await watched(kind, make)
      expect(result).toMatchObject({ verdict: 'error', failureCode: 'definition' })
      expect(result.reason).toContain("property 'vacuous': ")
      expect(result.reason).toContain(message)
    })
  },
)

describe('a property', () => {
  it('[P15] that names its keys in a promise ends the run with an error', async () => {
    const result = await watched('eventually', () => ({ keys: async () => ['new'] }))
    expect(result.reason).toContain(
      "property 'vacuous': 'keys' must return a list of texts, and returned a promise",
    )
  })

  it('[P15] whose per an entry of a ledger lacks ends the run with an error', () => {
    const watch = new Watch([always('vacuous', { ...whole, per: 'itemid' })])
    watch.rack.add({ id: 'a', count: 1 })
    expect(watch.kernel.failure?.message).toBe(
      "property 'vacuous': items has no column 'itemid', which is its 'per': expected id, count",
    )
  })

  it('[P16] that was asked for nothing says so, and for how many keys otherwise', () => {
    const late = eventually('late', { ...whole, within: '1s', keys: () => [] })
    const now = always('now', whole)
    expect(new Watch([now, late]).judge()).toMatchObject([
      { verdict: 'pass', checkedKeys: 0, message: 'checked for 0: nothing that it reads has changed' },
      { verdict: 'pass', checkedKeys: 0 },
    ])
    const [asked] = new Watch([now]).at(1, 'a', 1).at(2, 'b', 1).judge()
    expect(asked).toMatchObject({ checkedKeys: 2, message: 'checked for 2' })
  })
})

/** Asks for rows in a way that the types refuse. */
function where(read: never, readable: unknown, values: object): readonly unknown[] {
  return (read as (of: unknown) => { where(values: object): readonly unknown[] })(readable).where(values)
}
