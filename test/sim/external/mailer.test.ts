import { CallTimeoutError } from 'faultline'
import { describe, expect, it } from 'vitest'
import { till } from '../../fixtures/till.ts'

const mail = { to: 'customer-1', kind: 'confirmation', orderId: 'order-1' }

describe('a mailer', () => {
  it('[E6] sends every mail that it is asked for, the same one again too, and keeps a ledger of them', async () => {
    const answers: unknown[] = []
    const { mails } = await till(async (_n, ctx) => {
      answers.push(await ctx.mailer.send(mail), await ctx.mailer.send(mail))
      answers.push(await ctx.mailer.send({ ...mail, kind: 'cancellation' }))
    })
    expect(answers).toEqual(Array.from({ length: 3 }, () => ({ accepted: true })))
    expect(mails).toEqual([mail, mail, { ...mail, kind: 'cancellation' }])
  })

  it('[E6] sends a mail although its answer comes too late', async () => {
    const heard: unknown[] = []
    const { mails } = await till(
      async (_n, ctx) => {
        heard.push(await ctx.mailer.send(mail).catch((error: unknown) => error instanceof CallTimeoutError))
      },
      { faults: [{ slow: ['mailer', 'till'], by: '10s', at: '0ms', for: '1m' }] },
    )
    expect(heard).toEqual([true])
    expect(mails).toEqual([mail])
  })
})
