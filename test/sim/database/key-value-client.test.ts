import { describe, expect, it } from 'vitest'
import { KeyValueClient, KeyValueError } from '../../../sim/database/key-value-client.ts'
import { KeyValueServer } from '../../../sim/database/key-value-server.ts'
import { type Client, DatabaseBench } from '../../fixtures/database.ts'

function cache(): { bench: DatabaseBench; server: KeyValueServer; of: (client: Client) => KeyValueClient } {
  const bench = new DatabaseBench()
  const server = new KeyValueServer(bench.network, 'cache')
  return { bench, server, of: ({ process, task }) => new KeyValueClient(server, process, task) }
}

async function said(answer: Promise<unknown>): Promise<unknown> {
  try {
    return await answer
  } catch (error) {
    if (error instanceof KeyValueError) return error.code
    throw error
  }
}

describe('a client of the key-value store', () => {
  it('[KY2] speaks as Redis clients do', async () => {
    const { bench, of } = cache()
    const log: unknown[] = []
    bench.script(10, 'client', async (client) => {
      const keys = of(client)
      log.push(await keys.set('k', 'v'), await keys.get('k'), await keys.ttl('k'), await keys.del('k'))
      await keys.setex('k', 'w', '50ms')
      log.push(await keys.setnx('k', 'x'), await keys.expire('k', '20ms'))
      await client.sleep(30)
      log.push(
        await keys.setnx('k', 'x', '1s'),
        await keys.delIfEqual('k', 'w'),
        await keys.delIfEqual('k', 'x'),
      )
      log.push(
        await keys.incr('n'),
        await keys.incr('n', 5),
        await said(keys.set('n', 'five')),
        await said(keys.incr('n')),
      )
    })
    await bench.run()
    expect(log).toEqual([undefined, 'v', -1, true, false, true, true, false, true, 1, 6, undefined, 'ERR'])
  })

  it('[KY1] lets one of two have a lock, and the other when it has expired', async () => {
    const { bench, of } = cache()
    const log: unknown[] = []
    for (const [at, name] of [
      [10, 'one'],
      [20, 'two'],
      [600, 'three'],
    ] as const)
      bench.script(at, name, async (client) =>
        log.push([name, await of(client).setnx('lock', name, '500ms')]),
      )
    await bench.run()
    expect(log).toEqual([
      ['one', true],
      ['two', false],
      ['three', true],
    ])
    // Nothing is left to happen when a key expires.
    expect(bench.kernel.nowMicros).toBeLessThan(700_000)
  })

  it('[KY3] finds nothing after a crash, a flush and an eviction', async () => {
    const { bench, server, of } = cache()
    const log: unknown[] = []
    const look = (at: number): void =>
      bench.script(at, 'client', async (client) => {
        log.push(await said(of(client).get('k')))
        await said(of(client).set('k', String(at)))
      })
    for (const at of [10, 100, 200, 300, 400]) look(at)
    bench.at(150, () => server.process.crash(0, 10_000))
    bench.at(250, () => server.evict('', 0))
    bench.at(350, () => server.evict('other', 0))
    await bench.run()
    expect(log).toEqual([null, '10', null, null, '300'])
  })

  it('[KY4] may have set what it hears nothing of', async () => {
    const { bench, server, of } = cache()
    const log: unknown[] = []
    const slow = { covers: (from: unknown) => from === server.process, cuts: false, addedMicros: 2_000_000 }
    bench.at(50, () => bench.network.impose(slow))
    bench.script(100, 'client', async (client) =>
      log.push(await said(of(client).set('k', 'v')), client.millis),
    )
    bench.at(1_500, () => bench.network.lift(slow))
    bench.script(3_000, 'client', async (client) => log.push(await said(of(client).get('k'))))
    bench.at(3_900, () => server.process.crash(0))
    bench.script(4_000, 'client', async (client) => log.push(await said(of(client).get('k'))))
    await bench.run()
    expect(log).toEqual(['timeout', 1_100, 'v', 'connection'])
  })
})
