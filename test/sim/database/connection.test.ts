import { describe, expect, it } from 'vitest'
import {
  type Client,
  DatabaseBench,
  getItem,
  heard,
  insertItem,
  updateItem,
} from '../../fixtures/database.ts'

/** Holds a connection for so long. */
const holder =
  (bench: DatabaseBench, millis: number, log: unknown[]) =>
  async (client: Client): Promise<void> => {
    const tx = client.begin()
    await tx.ask(getItem(bench, 'a'))
    await client.sleep(millis)
    await tx.commit()
    log.push('gave back')
  }

describe('a pool', () => {
  it.each([
    ['transaction', (bench: DatabaseBench) => insertItem(bench, 'b')],
    ['read', (bench: DatabaseBench) => getItem(bench, 'a')],
  ])(
    '[PD1] makes a %s wait until a connection is given back, first come first served',
    async (_what, act) => {
      const bench = new DatabaseBench({ items: [{ id: 'a', count: 0 }], pool: { limit: 2 } })
      const log: unknown[] = []
      bench.script(10, 'client', holder(bench, 500, log))
      bench.script(10, 'client', holder(bench, 1_000, log))
      bench.script(100, 'client', async (client) => {
        await heard(client.ask(act(bench)))
        log.push(client.millis >= 500 && client.millis < 600)
      })
      bench.script(110, 'client', async (client) => {
        await heard(client.ask(getItem(bench, 'a')))
        log.push('next')
      })
      await bench.run()
      expect(log).toEqual(['gave back', true, 'next', 'gave back'])
    },
  )

  it('[PD1] gives up after a while, with 53300, and goes on with the next', async () => {
    const bench = new DatabaseBench({
      items: [{ id: 'a', count: 0 }],
      pool: { limit: 1, acquireTimeout: '200ms' },
    })
    const log: unknown[] = []
    bench.script(10, 'client', holder(bench, 600, log))
    bench.script(100, 'client', async (client) => {
      const tx = client.begin()
      log.push(await heard(tx.ask(getItem(bench, 'a'))), client.millis, await heard(tx.commit()))
      log.push(await heard(client.ask(insertItem(bench, 'b'))))
    })
    bench.script(500, 'client', async (client) =>
      log.push(await heard(client.ask(insertItem(bench, 'c', 1)))),
    )
    await bench.run()
    expect(log).toEqual(['53300', 300, '53300', '53300', 'gave back', { id: 'c', count: 1 }])
  })

  it('[PD1] belongs to one process, and to one life of it', async () => {
    const bench = new DatabaseBench({ items: [{ id: 'a', count: 0 }], pool: { limit: 1 } })
    const log: unknown[] = []
    bench.script(10, 'one', holder(bench, 60_000, log))
    bench.script(20, 'other', async (client) => log.push(await heard(client.ask(insertItem(bench, 'b', 1)))))
    bench.at(50, () => bench.process('one').crash(0, 10_000))
    bench.script(100, 'one', async (client) => log.push(await heard(client.ask(insertItem(bench, 'c', 2)))))
    await bench.run()
    expect(log).toEqual([
      { id: 'b', count: 1 },
      { id: 'c', count: 2 },
    ])
  })

  it('[PD1] runs dry when a transaction needs a second connection, until it gives up', async () => {
    const bench = new DatabaseBench({
      items: [{ id: 'a', count: 0 }],
      pool: { limit: 2, acquireTimeout: '1s' },
    })
    const log: unknown[] = []
    for (const at of [10, 11])
      bench.script(at, 'client', async (client) => {
        const tx = client.begin()
        await tx.ask(getItem(bench, 'a'))
        await client.sleep(10)
        log.push(await heard(client.ask(insertItem(bench, `b${at}`))))
        await tx.commit()
      })
    await bench.run()
    // The second finds the connection of nobody: the first still waits for its own when it gives up.
    expect(log).toEqual(['53300', expect.anything()])
  })
})

describe('a client that dies while its statement waits', () => {
  it('[PD9] keeps its place and its locks until the wait is over', async () => {
    const bench = new DatabaseBench({
      items: [
        { id: 'a', count: 0 },
        { id: 'b', count: 0 },
      ],
    })
    const log: unknown[] = []
    bench.script(10, 'first', async (client) => {
      const tx = client.begin()
      await tx.ask(updateItem(bench, 'a', { count: 1 }))
      await client.sleep(500)
      await tx.commit()
    })
    bench.script(20, 'second', async (client) => {
      const tx = client.begin()
      await tx.ask(updateItem(bench, 'b', { count: 2 }))
      await tx.ask(updateItem(bench, 'a', { count: 2 }))
      await tx.commit()
    })
    bench.at(100, () => bench.process('second').crash(0))
    bench.script(200, 'third', async (client) => {
      log.push(await heard(client.ask(updateItem(bench, 'b', { count: 3 }))), client.millis >= 510)
    })
    await bench.run()
    expect(log).toEqual([1, true])
    expect(bench.held).toEqual(['a 1', 'b 3'])
  })

  it('[PD9] is forgotten once its commit, which had arrived, is durable', async () => {
    const bench = new DatabaseBench({ items: [{ id: 'a', count: 0 }] })
    bench.database.commitMicros = 300_000
    bench.script(10, 'client', (client) => client.ask(updateItem(bench, 'a', { count: 1 })))
    bench.at(100, () => bench.process('client').crash(0))
    bench.at(200, () => expect([bench.held, bench.database.orphans.length]).toEqual([['a 0'], 1]))
    await bench.run()
    expect([bench.held, bench.database.orphans.length]).toEqual([['a 1'], 0])
  })
})
