import { inbox, mailer, outbox, service, table, text } from 'faultline'
import { expect, it } from 'vitest'
import { run } from '../../../sim/run/run.ts'
import { solo, soloScenario } from '../../fixtures/solo.ts'

it('[S50] a service finds its own tables and clients, and nothing under the names that others declare', async () => {
  service(
    'neighbour',
    {
      tables: { shelves: table({ shelfId: text }, { key: 'shelfId' }) },
      clients: { pigeon: mailer('pigeon') },
      inbox: inbox('none'),
      outbox: outbox({ mode: 'relay' }),
    },
    () => {},
  )
  const found = new Set<string>()
  const look = (where: string, scope: object): void => {
    for (const name of ['notes', 'shelves', 'pigeon'])
      if ((scope as Record<string, unknown>)[name] !== undefined) found.add(`${where}.${name}`)
  }
  const system = solo(() => async (ctx) => {
    look('ctx', ctx)
    look('ctx.db', ctx.db)
    await ctx.transaction(async (tx) => look('tx', tx))
  })
  expect(await run(system, soloScenario({}), 1)).toMatchObject({ verdict: 'pass' })
  expect([...found].sort()).toEqual(['ctx.db.notes', 'tx.notes'])
})
