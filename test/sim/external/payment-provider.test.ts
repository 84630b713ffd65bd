import { CallTimeoutError, IdempotencyError, ProviderError } from 'faultline'
import { describe, expect, it } from 'vitest'
import { chargeOf, type TillContext, till } from '../../fixtures/till.ts'

const KEY = { idempotencyKey: 'key' }

describe('a payment provider', () => {
  it('[E1] charges once per request, and keeps a ledger of every charge', async () => {
    const answers: unknown[] = []
    const { charges } = await till(async (_n, ctx) => {
      answers.push(await ctx.provider.charge(chargeOf('order-1', 1000)))
      answers.push(await ctx.provider.charge(chargeOf('order-1', 1000)))
    })
    expect(answers).toEqual([
      { outcome: 'succeeded', id: 'ch-1' },
      { outcome: 'succeeded', id: 'ch-2' },
    ])
    expect(charges).toEqual([
      { id: 'ch-1', ...chargeOf('order-1'), idempotencyKey: null },
      { id: 'ch-2', ...chargeOf('order-1'), idempotencyKey: null },
    ])
  })

  it('[E2] answers a repeated idempotency key as the first time, and does nothing', async () => {
    const answers: unknown[] = []
    const { charges, refunds } = await till(async (_n, ctx) => {
      for (let turn = 0; turn < 3; turn++) {
        answers.push(await ctx.provider.charge(chargeOf('order-1'), { idempotencyKey: 'charge:1' }))
      }
      answers.push(await ctx.provider.charge(chargeOf('order-1'), { idempotencyKey: 'charge:2' }))
      const refund = { orderId: 'order-1', chargeId: 'ch-1', amount: 400 }
      for (let turn = 0; turn < 3; turn++) {
        answers.push(await ctx.provider.refund(refund, { idempotencyKey: 'refund:1' }))
      }
    })
    const charged = (id: string) => ({ outcome: 'succeeded', id })
    expect(answers).toEqual(['ch-1', 'ch-1', 'ch-1', 'ch-2', 're-1', 're-1', 're-1'].map(charged))
    expect(charges).toMatchObject([{ idempotencyKey: 'charge:1' }, { idempotencyKey: 'charge:2' }])
    expect(refunds).toHaveLength(1)
  })

  it('[E2] recognises a key also when both requests are on their way at the same time', async () => {
    const { charges } = await till(async (_n, ctx) => {
      const twice = [1, 2].map(() => ctx.provider.charge(chargeOf('order-1'), { idempotencyKey: 'once' }))
      const [first, second] = await Promise.all(twice)
      expect(second).toEqual(first)
    })
    expect(charges).toHaveLength(1)
  })

  it.each<[string, (provider: TillContext['provider']) => Promise<unknown>, string]>([
    ['amount', (provider) => provider.charge(chargeOf('order-1', 2000), KEY), 'amount was 1000 and is 2000'],
    ['order', (provider) => provider.charge(chargeOf('order-2'), KEY), 'orderId was order-1 and is order-2'],
    [
      'operation',
      (provider) => provider.refund({ orderId: 'order-1', chargeId: 'ch-1', amount: 1000 }, KEY),
      'customerId was customer-1 and is undefined, chargeId was undefined and is ch-1',
    ],
  ])('[E7] refuses a key that comes again with another %s', async (_what, again, differences) => {
    const heard: unknown[] = []
    const { charges, refunds, result } = await till(async (_n, ctx) => {
      await ctx.provider.charge(chargeOf('order-1'), KEY)
      await again(ctx.provider).catch((error: unknown) => heard.push(error))
      heard.push(await ctx.provider.charge(chargeOf('order-1'), KEY))
    })
    expect(heard).toEqual([expect.any(IdempotencyError), { outcome: 'succeeded', id: 'ch-1' }])
    expect((heard[0] as Error).message).toBe(
      `idempotency key key was used for another request: ${differences}`,
    )
    expect([charges.length, refunds.length]).toEqual([1, 0])
    expect(result.verdict).toBe('pass')
  })

  it('[E7] takes members in another order for the same request', async () => {
    const { charges } = await till(async (_n, ctx) => {
      await ctx.provider.charge({ orderId: 'a', customerId: 'b', amount: 5 }, KEY)
      await ctx.provider.charge({ amount: 5, customerId: 'b', orderId: 'a' }, KEY)
    })
    expect(charges).toHaveLength(1)
  })

  it('[D8] has the key of a request in the digest', async () => {
    const digestWith = async (idempotencyKey: string): Promise<string> => {
      const refund = { orderId: 'order-1', chargeId: 'ch-1', amount: 400 }
      const { result } = await till(async (_n, ctx) => ctx.provider.refund(refund, { idempotencyKey }))
      return result.digest
    }
    expect(await digestWith('one')).not.toBe(await digestWith('two'))
  })

  it('[E2] keeps a decline as the answer of its key', async () => {
    const answers: { outcome: string }[] = []
    await till(
      async (_n, ctx) => {
        for (let turn = 0; turn < 20; turn++) {
          answers.push(await ctx.provider.charge(chargeOf('order-1'), { idempotencyKey: 'key' }))
        }
      },
      { provider: { declinesOneIn: 2 } },
    )
    expect(new Set(answers.map(({ outcome }) => outcome)).size).toBe(1)
  })

  it('[E3] gives back at most what a charge took, in one refund or several', async () => {
    const answers: unknown[] = []
    const { refunds } = await till(async (_n, ctx) => {
      await ctx.provider.charge(chargeOf('order-1', 1000))
      await ctx.provider.charge(chargeOf('order-2', 1000))
      const refund = async (chargeId: string, amount: number): Promise<void> => {
        answers.push(await ctx.provider.refund({ orderId: 'order-1', chargeId, amount }))
      }
      await refund('ch-1', 600)
      await refund('ch-1', 401)
      await refund('ch-1', 400)
      await refund('ch-1', 1)
      await refund('ch-9', 1)
    })
    expect(answers).toEqual([
      { outcome: 'succeeded', id: 're-1' },
      { outcome: 'rejected', reason: 'more than was charged' },
      { outcome: 'succeeded', id: 're-2' },
      { outcome: 'rejected', reason: 'more than was charged' },
      { outcome: 'rejected', reason: 'no such charge' },
    ])
    expect(refunds).toEqual([
      { id: 're-1', chargeId: 'ch-1', orderId: 'order-1', amount: 600 },
      { id: 're-2', chargeId: 'ch-1', orderId: 'order-1', amount: 400 },
    ])
  })

  it.each([0, -100, 0.5, Number.NaN])('[E3] moves no money for an amount of %d', async (amount) => {
    const answers: unknown[] = []
    const { charges, refunds } = await till(async (_n, ctx) => {
      await ctx.provider.charge(chargeOf('order-1', 1000))
      answers.push(await ctx.provider.charge(chargeOf('order-1', amount)))
      answers.push(await ctx.provider.refund({ orderId: 'order-1', chargeId: 'ch-1', amount }))
    })
    expect(answers).toMatchObject([{ outcome: 'declined' }, { outcome: 'rejected' }])
    expect([charges.length, refunds.length]).toEqual([1, 0])
  })

  it.each([
    ['24h', '23h', 1],
    ['24h', '25h', 2],
    ['2h', '1h', 1],
    ['2h', '3h', 2],
  ])(
    '[E11] that remembers keys for %s takes one that comes again after %s for %d charge(s)',
    async (keysKept, after, count) => {
      const { charges } = await till(
        async (_n, ctx) => {
          await ctx.provider.charge(chargeOf('order-1'), KEY)
          await ctx.sleep(after)
          await ctx.provider.charge(chargeOf('order-1'), KEY)
        },
        { provider: keysKept === '24h' ? {} : { keysKept }, budget: { time: '3d' } },
      )
      expect(charges).toHaveLength(count)
    },
  )

  it('[E12] that is slow charges when its client has given up, and says so to who asks by the key', async () => {
    const heard: unknown[] = []
    const { charges } = await till(
      async (_n, ctx) => {
        await ctx.provider.charge(chargeOf('order-1'), KEY).catch((error: Error) => heard.push(error.name))
        heard.push(await ctx.provider.lookUp('key'))
        // The same key again is executed at once, or when its turn has come: in any case the charge is one.
        await ctx.sleep('1m')
        heard.push(await ctx.provider.lookUp('key'))
      },
      { provider: { slowOneIn: 1, slowBy: '20s' } },
    )
    const result = { outcome: 'succeeded', id: 'ch-1' }
    expect(heard).toEqual([
      'CallTimeoutError',
      { state: 'unknown' },
      { state: 'done', operation: 'charge', result },
    ])
    expect(charges).toHaveLength(1)
  })

  it('[E12] that answers with errors has charged in some of these cases, and not in others', async () => {
    let errors = 0
    let unknown = 0
    const { charges } = await till(
      async (n, ctx) => {
        const idempotencyKey = `${n}`
        await ctx.provider.charge(chargeOf(`order-${n}`), { idempotencyKey }).catch((error: unknown) => {
          if (!(error instanceof ProviderError)) throw error
          errors++
        })
        if ((await ctx.provider.lookUp(idempotencyKey)).state === 'unknown') unknown++
      },
      { provider: { errorsOneIn: 2 }, workload: { orders: 100, every: '10ms' } },
    )
    expect(charges).toHaveLength(100 - unknown)
    expect(unknown).toBeGreaterThan(10)
    expect(errors - unknown).toBeGreaterThan(10)
  })

  it('[E12] that fails is asked again with the same key until it answers', async () => {
    let done = 0
    const { charges } = await till(
      async (n, ctx) => {
        for (;;) {
          try {
            await ctx.provider.charge(chargeOf(`order-${n}`), { idempotencyKey: `${n}` })
            done++
            return
          } catch {
            await ctx.sleep('1s')
          }
        }
      },
      { provider: { errorsOneIn: 2, slowOneIn: 3 }, workload: { orders: 30, every: '10ms' } },
    )
    expect([done, charges.length]).toEqual([30, 30])
  })

  it('[E4] declines one charge in so many, by the seed, and takes no money for it', async () => {
    const outcomes = async (declinesOneIn: number, seed: number): Promise<string[]> => {
      const answers: string[] = []
      const { charges } = await till(
        async (n, ctx) => {
          const answer = await ctx.provider.charge(chargeOf(`order-${n}`))
          answers.push(answer.outcome)
        },
        { provider: { declinesOneIn }, seed, workload: { orders: 120, every: '10ms' } },
      )
      expect(charges).toHaveLength(answers.filter((outcome) => outcome === 'succeeded').length)
      return answers
    }
    const declined = (answers: readonly string[]): number =>
      answers.filter((outcome) => outcome === 'declined').length
    expect(declined(await outcomes(0, 1))).toBe(0)
    expect(declined(await outcomes(1, 1))).toBe(120)
    const some = await outcomes(3, 1)
    expect(declined(some)).toBeGreaterThan(20)
    expect(declined(some)).toBeLessThan(60)
    expect(await outcomes(3, 1)).toEqual(some)
  })
})

describe('a payment provider that answers late', () => {
  it('[E5] leaves the outcome unknown: the money moves after the client has given up', async () => {
    const heard: string[] = []
    const { result, charges } = await till(
      async (_n, ctx) => {
        try {
          await ctx.provider.charge(chargeOf('order-1'))
        } catch (error) {
          if (!(error instanceof CallTimeoutError)) throw error
          heard.push(error.message)
        }
        await ctx.sleep('10s')
      },
      { faults: [{ partition: ['till', 'provider'], at: '0ms', for: '5s' }] },
    )
    expect(heard).toEqual(['provider.charge was not answered within 2s; whether it took effect is unknown'])
    expect(charges).toHaveLength(1)
    expect(result.verdict).toBe('pass')
  })

  it('[E5] does not charge again for a retry with the same key, and does for one without', async () => {
    const chargesOf = async (idempotencyKey: string | undefined): Promise<number> => {
      const { charges } = await till(
        async (_n, ctx) => {
          for (let attempt = 0; attempt < 3; attempt++) {
            try {
              await ctx.provider.charge(chargeOf('order-1'), { idempotencyKey, timeout: '1s' })
              return
            } catch (error) {
              if (!(error instanceof CallTimeoutError)) throw error
            }
          }
        },
        { faults: [{ slow: ['provider', 'till'], by: '10s', at: '0ms', for: '1m' }] },
      )
      return charges.length
    }
    expect(await chargesOf('charge:order-1')).toBe(1)
    expect(await chargesOf(undefined)).toBe(3)
  })

  it('[E5] charges although the process that asked has died', async () => {
    const { charges, result } = await till((_n, ctx) => ctx.provider.charge(chargeOf('order-1')), {
      faults: [{ crash: 'till', at: '300ms' }],
    })
    expect(charges).toHaveLength(1)
    expect(result.faults[0]?.struckAtMicros).toBe(300_000)
    expect(result.verdict).toBe('pass')
  })
})
