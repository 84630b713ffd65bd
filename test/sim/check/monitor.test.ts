import { always, eventually, type ledger } from 'faultline'
import { describe, expect, it } from 'vitest'
import { ledger as named } from '../../../sim/kernel/ledger.ts'
import { stage } from '../../fixtures/stage.ts'
import { items, Watch } from '../../fixtures/watch.ts'

const BOUND = 120

const small = always('small', {
  says: 'Counts stay below ten.',
  reads: [items],
  per: 'id',
  holds: (read, id) =>
    read(items)
      .where({ id })
      .every(({ count }) => count < 10),
  explain: (read, id) => `${id} has ${read(items).where({ id })[0]?.count}`,
})

const positive = eventually('positive', {
  says: 'Counts are above zero in the end.',
  within: `${BOUND}s`,
  reads: [items],
  per: 'id',
  keys: (read) =>
    read(items)
      .all()
      .map(({ id }) => id),
  holds: (read, id) =>
    read(items)
      .where({ id })
      .every(({ count }) => count > 0),
})

describe('a property that holds at all times', () => {
  it('[P1] is asked after each change, for the key that changed and no other', () => {
    const asked: string[] = []
    const counting = always('counting', {
      says: 'Everything is fine.',
      reads: [items],
      per: 'id',
      holds: (_read, id) => {
        asked.push(id)
        return true
      },
    })
    const watch = new Watch([counting], [{ id: 'a', count: 1 }])
    watch.at(1, 'b', 1).at(2, 'c', 1).at(3, 'b', 2)
    expect(watch.judge()).toMatchObject([{ name: 'counting', verdict: 'pass', message: 'checked for 2' }])
    expect(asked).toEqual(['b', 'c', 'b'])
    expect(watch.rack.indexed).toEqual(['id'])
  })

  it('[P1] is violated at the first change after which it does not hold, though it holds again later', () => {
    const watch = new Watch([small])
    watch.at(1, 'a', 5).at(2, 'a', 12, 77).at(3, 'b', 99, 78).at(4, 'a', 1)
    expect(watch.judge()).toEqual([
      {
        name: 'small',
        says: 'Counts stay below ten.',
        kind: 'always',
        verdict: 'violated',
        key: 'a',
        reads: ['items'],
        atMicros: 2_000_000,
        cause: 77,
        message: 'a has 12',
      },
    ])
  })

  it('[P1] is inconclusive in a run that did not end by itself, unless it is violated', () => {
    expect(new Watch([small]).at(1, 'a', 5).judge({ quiet: false })).toMatchObject([
      { verdict: 'inconclusive' },
    ])
    expect(new Watch([small]).at(1, 'a', 50).judge({ quiet: false })).toMatchObject([{ verdict: 'violated' }])
  })
})

describe('a property that holds in the end', () => {
  it('[P2] may be broken on the way, and tells how long it took from when everything was calm', () => {
    const watch = () => new Watch([positive]).at(1, 'a', 0).at(2, 'b', 3).at(50, 'a', 1)
    expect(watch().judge({ calm: 20 })).toMatchObject([
      { verdict: 'pass', convergedMicros: 30_000_000, atMicros: 50_000_000 },
    ])
    expect(watch().judge({ calm: 60 })).toMatchObject([{ verdict: 'pass', convergedMicros: 0 }])
  })

  it('[P2] is asked for every key that there is in the end, those that never changed too', () => {
    const watch = new Watch([positive], [{ id: 'untouched', count: 0 }]).at(1, 'a', 1)
    expect(watch.judge()).toMatchObject([{ verdict: 'violated', key: 'untouched', cause: 0 }])
  })

  it('[P2] is violated when it does not hold at the end, by the change that came last', () => {
    const watch = () => new Watch([positive]).at(1, 'a', 2).at(7, 'a', 0, 55).at(9, 'b', 1, 56)
    const breach = { verdict: 'violated', key: 'a', cause: 55 }
    expect(watch().judge({ calm: 10, end: 30 })).toMatchObject([{ ...breach, atMicros: 30_000_000 }])
    expect(watch().judge({ calm: 10, end: 1000 })).toMatchObject([{ ...breach, atMicros: 130_000_000 }])
  })

  it.each([20, 1000])(
    '[P2] says what there is of the key, and how many others do not hold, ended at %i s',
    (end) => {
      const [result] = new Watch([positive]).at(1, 'a', 2).at(2, 'b', 0).at(3, 'c', 0).judge({ end })
      expect(result?.message).toBe(
        'it does not hold for b: items has {"id":"b","count":0} (one of 2 that do not hold)',
      )
    },
  )

  it.each([
    { repaired: 129, calm: 10, verdict: 'pass' },
    { repaired: 130, calm: 10, verdict: 'pass' },
    { repaired: 131, calm: 10, verdict: 'violated' },
    { repaired: 131, calm: 11, verdict: 'pass' },
  ])(
    '[P3] repaired at $repaired s, when everything was calm at $calm s and the bound is 120 s: $verdict',
    ({ repaired, calm, verdict }) => {
      const [result] = new Watch([positive]).at(1, 'a', 0).at(repaired, 'a', 1).judge({ calm })
      expect(result?.verdict).toBe(verdict)
      if (verdict === 'violated') {
        expect(result).toMatchObject({
          atMicros: 130_000_000,
          message:
            '2m after faults and load had ended it does not hold for a: items has {"id":"a","count":0}; it held 1.000 s later',
        })
      }
    },
  )

  it.each([
    { within: '0ms', repaired: 1000, verdict: 'pass' },
    { within: '0ms', repaired: 1001, verdict: 'violated' },
    { within: '1us', repaired: 1000, verdict: 'pass' },
    { within: '1us', repaired: 1001, verdict: 'violated' },
  ])(
    '[P17] of $within counts from when everything was calm at 1000 s: repaired at $repaired s, $verdict',
    ({ within, repaired, verdict }) => {
      const atOnce = eventually('at once', { ...positive, within })
      const watch = new Watch([atOnce]).at(1, 'a', 0).at(repaired, 'a', 1)
      expect(watch.judge({ calm: 1000, end: 2000 })).toMatchObject([{ verdict }])
    },
  )

  it.each([
    ['a text', 'abc', "'abc'"],
    ['nothing', undefined, 'undefined'],
    ['a set', new Set(['a']), 'a value of Set'],
    ['a number in a list', ['a', 7], 'a list with 7'],
    ['a row in a list', [{ id: 'a' }], 'a list with a value of Object'],
  ])('[P18] whose keys are %s ends the run with an error that names it', (_what, keys, told) => {
    const odd = eventually('odd', { ...positive, within: '1m', keys: () => keys as unknown as string[] })
    const watch = new Watch([odd]).at(1, 'a', 1)
    watch.judge({ end: 5 })
    expect(watch.kernel.failure).toMatchObject({
      code: 'definition',
      message: `property 'positive': 'keys' must return a list of texts, and returned ${told}`,
    })
  })

  it.each(['0ms', '1us'])('[P17] of %s begins anew when a fault strikes', (within) => {
    const atOnce = eventually('at once', { ...positive, within })
    const watch = () => new Watch([atOnce]).at(1, 'a', 1).fault(500, 600)
    expect(watch().at(550, 'a', 0).at(580, 'a', 2).judge({ calm: 10 })).toMatchObject([{ verdict: 'pass' }])
    expect(watch().at(550, 'a', 0).at(610, 'a', 2).judge({ calm: 10 })).toMatchObject([
      { verdict: 'violated' },
    ])
  })

  it.each(['999999999999d', '36501d', 'soon', '-1s'])('[P17] with a bound of %s is refused', (within) => {
    expect(() => eventually('late', { ...positive, within })).toThrow(`'${within}' is `)
  })

  it.each([
    { end: 129, quiet: false, verdict: 'inconclusive' },
    { end: 130, quiet: false, verdict: 'violated' },
    { end: 20, quiet: true, verdict: 'violated' },
  ])(
    '[P3] still broken as the run ends at $end s, at rest: $quiet, is $verdict',
    ({ end, quiet, verdict }) => {
      expect(new Watch([positive]).at(1, 'a', 0).judge({ calm: 10, end, quiet })).toMatchObject([{ verdict }])
    },
  )

  it.each([
    [
      'does no harm passes',
      [
        [5, 1],
        [200, 2],
      ],
      'pass',
    ],
    [
      'breaks it is violated',
      [
        [5, 1],
        [200, 0],
      ],
      'violated',
    ],
    [
      'breaks it for a while is violated',
      [
        [5, 1],
        [200, 0],
        [210, 3],
      ],
      'violated',
    ],
    [
      'mends it is violated',
      [
        [5, 0],
        [200, 3],
        [300, 4],
      ],
      'violated',
    ],
    ['brings a key that does not hold is violated', [[200, 0]], 'violated'],
    ['brings a key that holds passes', [[200, 1]], 'pass'],
  ] as const)('[P3] with a change after its bound that %s', (_what, changes, verdict) => {
    const watch = new Watch([positive]).at(1, 'other', 7)
    for (const [at, count] of changes) watch.at(at, 'a', count, at)
    const [result] = watch.judge({ calm: 10 })
    expect(result?.verdict).toBe(verdict)
    if (verdict === 'pass') {
      expect(result).toMatchObject({
        convergedMicros: 120_000_000,
        atMicros: 130_000_000,
        message: '2 of 2, within 2m after faults and load had ended (bound 2m)',
      })
    }
  })

  it.each<[readonly (readonly [number, number])[], string | undefined]>([
    [
      [
        [200, 3],
        [300, 4],
      ],
      '70.000 s',
    ],
    [
      [
        [200, 3],
        [210, 0],
        [300, 4],
      ],
      '170.000 s',
    ],
    [
      [
        [200, 3],
        [210, 0],
      ],
      undefined,
    ],
  ])('[P3] says from when on it held: changes %j', (changes, later) => {
    const watch = new Watch([positive]).at(5, 'a', 0)
    for (const [at, count] of changes) watch.at(at, 'a', count)
    const [result] = watch.judge({ calm: 10 })
    expect(result?.verdict).toBe('violated')
    if (later === undefined) expect(result?.message).not.toContain('it held')
    else expect(result?.message).toContain(`; it held ${later} later`)
  })

  it('[P3] is not asked for keys of which it does not speak, though they change after its bound', () => {
    const even = eventually('even', {
      ...positive,
      within: '2m',
      keys: (read) => positive.keys(read).filter((id) => id !== 'odd'),
    })
    expect(new Watch([even]).at(1, 'a', 1).at(200, 'odd', 0).judge()).toMatchObject([{ verdict: 'pass' }])
  })

  it.each([
    ['before its bound', 100, 150, 160, 'pass'],
    ['after its bound', 140, 150, 160, 'pass'],
    ['after its bound, healed long before the end', 140, 150, 269, 'pass'],
    ['after its bound, healed too long before', 140, 150, 271, 'violated'],
  ])('[P3] with a fault that strikes %s has more time', (_when, struck, healed, mended, verdict) => {
    const watch = new Watch([positive])
      .at(1, 'a', 1)
      .fault(struck, healed)
      .at(struck + 1, 'a', 0)
      .at(mended, 'a', 2)
    expect(watch.judge({ calm: 10 })).toMatchObject([{ verdict }])
  })

  it('[P3] is judged at its bound though nothing happens for long before and after', () => {
    const watch = new Watch([positive]).at(1, 'a', 0).at(5_000, 'a', 1)
    expect(watch.judge({ calm: 1_000, end: 9_000 })).toMatchObject([
      { verdict: 'violated', atMicros: 1_120_000_000, key: 'a' },
    ])
  })

  it('[P3] that holds is inconclusive in a run that did not come to rest', () => {
    expect(new Watch([positive]).at(1, 'a', 1).judge({ calm: 10, quiet: false })).toMatchObject([
      { verdict: 'inconclusive', message: 'the run did not come to rest' },
    ])
  })

  it('[P3] of which there is nothing to ask passes', () => {
    expect(new Watch([positive]).judge()).toMatchObject([
      { verdict: 'pass', message: expect.stringMatching(/^0 of 0/) },
    ])
  })
})

describe('a property that throws', () => {
  const thrower = (): never => {
    throw new Error('it cannot be known')
  }
  /** A system with one order in its ledger, and this property. */
  async function judged(
    make: (rows: ReturnType<typeof ledger<{ readonly id: string }>>) => Parameters<typeof always>[1] & object,
    kind: 'always' | 'eventually',
  ) {
    const rows = named<{ readonly id: string }>('rows')
    const options = make(rows)
    const property =
      kind === 'always'
        ? always('unknowable', options)
        : eventually('unknowable', {
            keys: (read) =>
              read(rows)
                .all()
                .map(({ id }) => id),
            ...options,
            within: '1m',
          })
    return stage({
      workload: {
        noun: 'order',
        ledgers: [rows],
        act: async (n, user) => {
          user.note(rows, { id: `order-${n}` })
        },
      },
      properties: [property],
    })
  }
  const base = { says: 'Nobody knows.', per: 'id' }

  it.each(['always', 'eventually'] as const)(
    '[P4] when it is asked: the run ends with an error (%s)',
    async (kind) => {
      const result = await judged((rows) => ({ ...base, reads: [rows], holds: thrower }), kind)
      expect(result).toMatchObject({ verdict: 'error', failureCode: 'handler' })
      expect(result.reason).toBe("property 'unknowable' threw: it cannot be known")
    },
  )

  it.each(['always', 'eventually'] as const)(
    '[P4] when it explains: the run ends with an error (%s)',
    async (kind) => {
      const result = await judged(
        (rows) => ({ ...base, reads: [rows], holds: () => false, explain: thrower }),
        kind,
      )
      expect(result).toMatchObject({ verdict: 'error', failureCode: 'handler' })
      expect(result.reason).toContain("property 'unknowable' threw")
    },
  )

  it('[P4] when it names its keys: the run ends with an error', async () => {
    const result = await judged(
      (rows) => ({ ...base, reads: [rows], holds: () => true, keys: thrower }),
      'eventually',
    )
    expect(result).toMatchObject({ verdict: 'error', failureCode: 'handler' })
    expect(result.reason).toContain("property 'unknowable' threw")
  })

  it('[P4] or reads what its system does not have: the run ends with an error before it begins', async () => {
    const elsewhere = named<{ readonly id: string }>('elsewhere')
    for (const kind of ['always', 'eventually'] as const) {
      const result = await judged(() => ({ ...base, reads: [elsewhere], holds: () => true }), kind)
      expect(result).toMatchObject({ verdict: 'error', failureCode: 'definition', events: 0 })
      expect(result.reason).toContain('elsewhere')
    }
  })
})
