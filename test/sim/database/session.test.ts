import { always } from 'faultline'
import { describe, expect, it } from 'vitest'
import { millis, outcome, type PlayContext, play, type Script, thing } from '../../fixtures/play.ts'

/** A transaction that writes two rows and says when it was acknowledged. */
const writer = (heard: unknown[]): Script => ({
  at: 1000,
  run: async (ctx) => {
    await ctx.transaction(async (tx) => {
      await tx.things.insert(thing('new'))
      await tx.things.update({ id: 'old' }, { count: 1 })
    })
    heard.push('acknowledged')
  },
})

/** What is in the table in the end. */
const reader = (heard: unknown[], at = 9000): Script => ({
  at,
  run: async (ctx) => heard.push((await ctx.db.things.select()).map(({ id, count }) => `${id} ${count}`)),
})

const BEFORE = ['old 0']
const AFTER = ['old 1', 'new 0']

describe('a crash of the server', () => {
  it.each([
    ['before', BEFORE],
    ['after', AFTER],
  ])(
    '[PD3] %s the step in which a commit becomes durable leaves its client in doubt',
    async (phase, left) => {
      const heard: unknown[] = []
      const { at } = writer(heard)
      const doubting: Script = {
        at,
        run: async (ctx) => heard.push(await outcome(writer([]).run(ctx) as Promise<unknown>)),
      }
      const faults = [{ crash: 'stage-db', at: `${phase} stage.play tx.durable`, restart: '1s' }]
      const result = await play([doubting, reader(heard)], { faults, things: [thing('old')] })
      expect(result.faults[0]?.struckAtMicros).toBeDefined()
      expect(heard).toEqual(['08007', left])
    },
  )

  it('[PD3] is passed by what writes alone', async () => {
    const reads = await play([{ at: 600, run: (ctx) => ctx.transaction((tx) => tx.things.select()) }])
    expect(reads.steps).not.toContain('stage.play tx.durable')
    const writes = await play([
      { at: 600, run: (ctx) => ctx.transaction((tx) => tx.things.insert(thing('a'))) },
    ])
    expect(writes.steps).toContain('stage.play tx.durable')
  })
})

describe('a crash of the client', () => {
  const crash = { crash: 'stage', restart: '10ms' }
  const slowRequests = { slow: ['stage', 'stage-db'], by: '1s', at: '600ms', for: '6s' }
  const slowAnswers = { slow: ['stage-db', 'stage'], by: '1s', at: '600ms', for: '6s' }

  it.each([
    ['before COMMIT is sent', [{ ...crash, at: 'before stage.play tx.commit' }], BEFORE],
    ['while statements are on their way', [slowRequests, { ...crash, at: '1500ms' }], BEFORE],
    ['while COMMIT is on its way', [slowRequests, { ...crash, at: '3500ms' }], AFTER],
    ['while the acknowledgement is on its way', [slowAnswers, { ...crash, at: '1500ms' }], AFTER],
    ['when the acknowledgement arrives', [{ ...crash, at: 'after stage.play tx.commit' }], AFTER],
  ])('[T9] %s leaves all of its transaction or nothing', async (_when, faults, left) => {
    const heard: unknown[] = []
    const result = await play([writer(heard), reader(heard)], { faults, things: [thing('old')] })
    expect(result.faults.map(({ struckAtMicros }) => struckAtMicros)).not.toContain(undefined)
    expect(heard).toEqual([left])
  })

  it('[T9] is noticed by the server, which rolls back and frees the locks', async () => {
    const heard: unknown[] = []
    const result = await play(
      [
        {
          at: 1000,
          run: (ctx) =>
            ctx.transaction(async (tx) => {
              await tx.things.update({ id: 'old' }, { count: 1 })
              await ctx.sleep('10s')
            }),
        },
        {
          at: 2000,
          run: async (ctx) => {
            const changed = await ctx.transaction((tx) =>
              tx.things.update({ id: 'old' }, (row) => {
                row.count = (row.count ?? 0) + 10
              }),
            )
            heard.push(changed, millis(ctx) < 2100)
          },
        },
        reader(heard),
      ],
      { things: [thing('old')], faults: [{ ...crash, at: '1200ms' }] },
    )
    expect(result.verdict).toBe('pass')
    expect(heard).toEqual([1, true, ['old 10']])
  })
})

describe('a failed transaction', () => {
  it('[T10] answers every later statement with 25P02, and its commit with the error that it failed with', async () => {
    const heard: unknown[] = []
    await play(
      [
        {
          at: 1000,
          run: async (ctx) => {
            const said = await outcome(
              ctx.transaction(async (tx) => {
                await tx.things.insert(thing('new'))
                heard.push(await outcome(tx.things.insert(thing('old'))))
                heard.push(await outcome(tx.things.select()))
                heard.push(await outcome(tx.things.insert(thing('another'))))
              }),
            )
            heard.push(`commit ${said}`)
          },
        },
        { at: 1500, run: async (ctx) => heard.push(await outcome(writeOld(ctx))) },
        reader(heard),
      ],
      { things: [thing('old')] },
    )
    expect(heard).toEqual(['23505', '25P02', '25P02', 'commit 23505', 'done', ['old 9']])

    function writeOld(ctx: PlayContext): Promise<unknown> {
      return ctx.transaction((tx) => tx.things.update({ id: 'old' }, { count: 9 }))
    }
  })

  it('[T10] does not lock the row that refused it', async () => {
    const heard: unknown[] = []
    const slow = { slow: ['stage', 'stage-db'], by: '1s', at: '1050ms', for: '5s' }
    await play(
      [
        {
          at: 1000,
          run: (ctx) =>
            outcome(
              ctx.transaction(async (tx) => {
                await outcome(tx.things.insert(thing('old')))
                await ctx.sleep('3s')
              }),
            ),
        },
        {
          at: 1100,
          run: async (ctx) => {
            await ctx.transaction((tx) => tx.things.update({ id: 'old' }, { count: 1 }))
            heard.push(millis(ctx) < 3200)
          },
        },
      ],
      { things: [thing('old')], faults: [slow] },
    )
    expect(heard).toEqual([true])
  })
})

describe('a connection', () => {
  /** Holds the lock of `old` for 100 ms. */
  const holder: Script = {
    at: 1000,
    run: (ctx) =>
      ctx.transaction(async (tx) => {
        await tx.things.update({ id: 'old' }, { kind: 'held' })
        await ctx.sleep('100ms')
      }),
  }

  it('[T11] executes statements in the order in which they were sent, though nobody awaits them', async () => {
    const heard: unknown[] = []
    const result = await play(
      [
        holder,
        {
          at: 1050,
          run: (ctx) =>
            ctx.transaction(async (tx) => {
              void tx.things.update({ id: 'old' }, { count: 1 }).then(() => heard.push('first'))
              void tx.things.insert(thing('new')).then(() => heard.push('second'))
              heard.push((await tx.things.select()).length)
            }),
        },
        reader(heard),
      ],
      { things: [thing('old')] },
    )
    expect(result.verdict).toBe('pass')
    expect(heard).toEqual(['first', 'second', 2, ['old 1', 'new 0']])
  })

  it('[T11] commits after the statements that were sent before, not without them', async () => {
    const heard: unknown[] = []
    await play(
      [
        holder,
        {
          at: 1050,
          run: async (ctx) => {
            await ctx.transaction(async (tx) => {
              void tx.things.update({ id: 'old' }, { count: 1 })
            })
            heard.push(millis(ctx) >= 1100)
          },
        },
        reader(heard),
      ],
      { things: [thing('old')] },
    )
    expect(heard).toEqual([true, ['old 1']])
  })

  it('[T11] rolls back after the statements that were sent before', async () => {
    const heard: unknown[] = []
    const result = await play(
      [
        holder,
        {
          at: 1050,
          run: async (ctx) => {
            const said = await ctx
              .transaction(async (tx) => {
                void tx.things.update({ id: 'old' }, { count: 1 }).then(() => heard.push('answered'))
                throw new Error('changed its mind')
              })
              .catch((error: Error) => error.message)
            heard.push(said)
            await ctx.sleep('200ms')
          },
        },
        reader(heard),
      ],
      { things: [thing('old')] },
    )
    expect(result.verdict).toBe('pass')
    expect(heard).toEqual(['changed its mind', 'answered', ['old 0']])
  })

  it('[T3] shows every commit to those who watch the table, though the next one was waiting for it', async () => {
    const watched: (number | null)[] = []
    await play(
      [
        {
          at: 1000,
          run: (ctx) =>
            ctx.transaction(async (tx) => {
              await tx.things.update({ id: 'old' }, { count: 1 })
              await ctx.sleep('100ms')
            }),
        },
        {
          at: 1050,
          run: (ctx) =>
            ctx.transaction(async (tx) => {
              void tx.things.update({ id: 'old' }, { count: 2 })
            }),
        },
      ],
      {
        things: [thing('old')],
        properties: ({ things }) => [
          always('watched', {
            says: 'Counts are noted.',
            reads: [things],
            per: 'id',
            holds: (read, id) => {
              watched.push(
                ...read(things)
                  .where({ id })
                  .map(({ count }) => count),
              )
              return true
            },
          }),
        ],
      },
    )
    expect(watched).toEqual([1, 2])
  })

  it('[T11] finds a circle of waiting though several statements were sent at once', async () => {
    const heard: unknown[] = []
    const both = (at: number, first: string, second: string): Script => ({
      at,
      run: async (ctx) => {
        const said = await outcome(
          ctx.transaction(async (tx) => {
            await tx.things.update({ id: first }, { count: 1 })
            await ctx.sleep('50ms')
            await Promise.all([
              tx.things.update({ id: second }, { count: 1 }),
              tx.things.update({ id: 'old' }, { count: 1 }),
            ])
          }),
        )
        heard.push(`${ctx.correlationId} ${said}`)
      },
    })
    const result = await play([holder, both(1010, 'a', 'b'), both(1020, 'b', 'a')], {
      things: [thing('old'), thing('a'), thing('b')],
    })
    // Whoever has waited for a second first looks for the circle.
    expect(heard.sort()).toEqual(['order-2 40P01', 'order-3 done'])
    expect(result.verdict).toBe('pass')
  })
})

describe('what waited for a lock', () => {
  /** What the second order did after the first had held the row for a second, as records. */
  async function waited(second: Script['run']) {
    const first: Script['run'] = (ctx) =>
      ctx.transaction(async (tx) => {
        await tx.things.update({ id: 'old' }, { count: 1 })
        await tx.things.insert(thing('new'))
        await ctx.sleep('1s')
      })
    const scripts = [
      { at: 1000, run: first },
      { at: 1500, run: second },
    ]
    const { trace } = await play(scripts, { things: [thing('old')], instances: 2 })
    if (trace === undefined) throw new Error('there is no trace')
    return { trace, records: [...trace.records()] }
  }

  it.each<[string, string, Script['run']]>([
    [
      'update',
      'an update',
      (ctx) =>
        ctx.transaction(async (tx) => {
          await tx.things.update({ id: 'old' }, { count: 2 })
        }),
    ],
    [
      'commit',
      'a commit that nobody let wait',
      (ctx) =>
        ctx.transaction(async (tx) => {
          void tx.things.update({ id: 'old' }, { count: 2 })
        }),
    ],
    ['rejected', 'a refusal', (ctx) => outcome(ctx.transaction((tx) => tx.things.insert(thing('new'))))],
  ])(
    '[T21] %s is recorded as done by whoever asked, and because of whoever freed it',
    async (kind, _what, run) => {
      const { trace, records } = await waited(run)
      const record = records.findLast((each) => each.kind === kind && each.entity === 'order-2')
      if (record === undefined) throw new Error(`there is no ${kind} of order-2`)
      for (let at = record; at.kind !== 'request'; at = trace.at(at.parents[0] ?? 0))
        expect(at.entity, `${at.kind} at ${at.lane}`).toBe('order-2')
      const freed = records.find(
        (each) =>
          each.kind === 'before' && each.entity === 'order-1' && stepOf(each) === 'stage.play tx.commit',
      )
      expect(trace.causesOf(record.id)).toContain(freed?.id)
    },
  )
})

const stepOf = ({ data }: { readonly data: unknown }): string => (data as { readonly step: string }).step
