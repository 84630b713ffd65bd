import { describe, expect, it } from 'vitest'
import { eq, lt, lte } from '../../../sim/database/predicate.ts'
import {
  databaseClock,
  databaseNow,
  horizon,
  type ServerValue,
  transactionId,
} from '../../../sim/database/server-value.ts'
import type { Row } from '../../../sim/database/table.ts'
import { EPOCH_MILLIS } from '../../../sim/kernel/time.ts'
import { DatabaseBench, heard, insertItem, selectItems, updateItem } from '../../fixtures/database.ts'

const ask = (value: ServerValue) => ({ kind: 'ask', value }) as const
const since = (millis: unknown): number => (millis as number) - EPOCH_MILLIS

describe('a value that only the server knows', () => {
  it('[T24] is the beginning of the transaction, or the moment of the statement, by its clock', async () => {
    const bench = new DatabaseBench()
    const said: number[] = []
    bench.script(1_000, 'client', async (client) => {
      const tx = client.begin()
      const look = async (): Promise<void> => {
        for (const value of [databaseNow(), databaseClock(), databaseNow(-500)])
          said.push(since(await tx.ask(ask(value))))
      }
      await look()
      await client.sleep(2_000)
      await look()
      await tx.ask({ ...insertItem(bench, 'a'), row: { id: 'a', count: databaseNow(7) } } as never)
      await tx.ask(updateItem(bench, 'a', { count: databaseClock() }))
      await tx.commit()
      said.push(since(((await client.ask(selectItems(bench))) as readonly Row[])[0]?.count))
    })
    await bench.run()
    const [began = 0, , earlier, still, moved = 0, , written] = said
    expect([began >= 1_000, began < 1_010]).toEqual([true, true])
    expect(earlier).toBe(began - 500)
    expect(still).toBe(began)
    expect([moved >= 3_000, moved < 3_020]).toEqual([true, true])
    expect((written ?? 0) >= moved).toBe(true)
  })

  it.each([
    ['in a transaction', true],
    ['outside', false],
  ])('[T24] is compared with what rows hold %s', async (_where, inside) => {
    const at = (millis: number) => EPOCH_MILLIS + millis
    const bench = new DatabaseBench({
      items: [
        { id: 'past', count: at(500) },
        { id: 'soon', count: at(1_500) },
        { id: 'later', count: at(9_000) },
      ],
    })
    const found: unknown[] = []
    bench.script(1_000, 'client', async (client) => {
      const tx = inside ? client.begin() : client
      for (const until of [lte(databaseNow()), lte(databaseNow(1_000)), lt(databaseClock(-1_000))]) {
        const rows = (await tx.ask(selectItems(bench, { $any: [{ count: until }] }))) as readonly Row[]
        found.push(rows.map(({ id }) => id))
      }
      if (inside) await (tx as ReturnType<typeof client.begin>).commit()
    })
    await bench.run()
    expect(found).toEqual([['past'], ['past', 'soon'], []])
  })

  it('[T24] is the id of the transaction, the same to its end, and the horizon below which all have ended', async () => {
    const bench = new DatabaseBench()
    const said: unknown[] = []
    bench.script(10, 'one', async (client) => {
      const tx = client.begin()
      said.push(
        await tx.ask(ask(horizon())),
        await tx.ask(ask(transactionId())),
        await tx.ask(ask(transactionId())),
      )
      await tx.ask({ ...insertItem(bench, 'a'), row: { id: 'a', count: transactionId() } } as never)
      await client.sleep(100)
      said.push(await tx.ask(ask(horizon())))
      await tx.commit()
    })
    bench.script(50, 'two', async (client) => {
      await client.ask({ ...insertItem(bench, 'b'), row: { id: 'b', count: transactionId() } } as never)
      const own = (await client.ask(selectItems(bench, { count: lt(horizon()) }))) as readonly Row[]
      said.push(own.length)
      await client.sleep(200)
      const all = (await client.ask(selectItems(bench, { count: lt(horizon()) }))) as readonly Row[]
      said.push(all.map(({ id, count }) => `${id} ${count}`))
      said.push(await heard(client.ask(selectItems(bench, { count: eq(horizon()) }))))
    })
    await bench.run()
    expect(said).toEqual([1, 1, 1, 0, 1, ['a 1', 'b 2'], []])
  })
})
