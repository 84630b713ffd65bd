import { describe, expect, it } from 'vitest'
import { ReplicationStream } from '../../../sim/database/replication-stream.ts'
import type { Lsn, WalTransaction } from '../../../sim/database/wal.ts'
import {
  type Client,
  DatabaseBench,
  deleteItem,
  heard,
  insertItem,
  updateItem,
} from '../../fixtures/database.ts'

/** Reads a slot for ever, confirming what it has read where it should. */
const reader =
  (bench: DatabaseBench, log: string[], options: { confirms?: boolean; limit?: number; from?: Lsn } = {}) =>
  async (client: Client): Promise<void> => {
    const { confirms = true, limit = 100, from } = options
    const stream = new ReplicationStream(bench.database, client.process, 'relay')
    const started = await heard(stream.start(client.task, from))
    if (started !== 'done') {
      log.push(String(started))
      return
    }
    for (;;) {
      const next = await heard(stream.next(client.task, limit))
      if (typeof next === 'string') {
        log.push(next)
        return
      }
      for (const { changes, lsn } of next as readonly WalTransaction[]) {
        log.push(changes.map(({ before, after }) => `${said(before)}>${said(after)}`).join(' '))
        if (confirms) await stream.confirm(client.task, lsn)
      }
    }
  }

const said = (row: Readonly<Record<string, unknown>> | undefined): string =>
  row === undefined ? '' : `${row.id}${row.count}`

const writes = (bench: DatabaseBench, at: number, ...ids: string[]): void => {
  for (const [index, id] of ids.entries())
    bench.script(at + index * 20, 'writer', (client) => heard(client.ask(insertItem(bench, id))))
}

function bench(slot = true): DatabaseBench {
  const made = new DatabaseBench({ items: [{ id: 'a', count: 0 }] })
  if (slot) made.database.wal.createSlot('relay')
  return made
}

describe('a replication slot', () => {
  it('[PD6] gives committed changes in the order of commits, not of beginnings, and nothing else', async () => {
    const it = bench()
    const log: string[] = []
    it.script(5, 'reader', reader(it, log))
    it.script(10, 'slow', async (client) => {
      const tx = client.begin()
      await tx.ask(insertItem(it, 'slow1'))
      await tx.ask(updateItem(it, 'a', { count: 1 }))
      await client.sleep(200)
      await tx.ask(deleteItem(it, 'slow1'))
      await tx.ask(insertItem(it, 'slow2'))
      await tx.commit()
    })
    it.script(20, 'undone', async (client) => {
      const tx = client.begin()
      await tx.ask(insertItem(it, 'undone'))
      tx.rollback()
    })
    writes(it, 100, 'b', 'c')
    it.script(300, 'client', async (client) => heard(client.ask(deleteItem(it, 'a'))))
    await it.run()
    expect(log).toEqual(['>b0', '>c0', 'a0>a1 >slow20', 'a1>'])
  })

  it('[PD6] gives what was not confirmed again to the next reader', async () => {
    const it = bench()
    const log: string[] = []
    writes(it, 10, 'b', 'c', 'd')
    it.script(5, 'reader', reader(it, log, { confirms: false }))
    it.at(200, () => it.process('reader').crash(0, 10_000))
    it.script(300, 'reader', reader(it, log))
    it.at(400, () => it.process('reader').crash(0, 10_000))
    writes(it, 410, 'e')
    it.script(500, 'reader', reader(it, log))
    await it.run()
    expect(log).toEqual(['>b0', '>c0', '>d0', '>b0', '>c0', '>d0', '>e0'])
  })

  it('[PD6] has one reader at a time, and answers who asks for one that is not there', async () => {
    const it = bench()
    const log: string[] = []
    it.script(5, 'reader', reader(it, log))
    it.script(50, 'second', reader(it, log))
    it.script(60, 'third', async (client) => {
      const stream = new ReplicationStream(it.database, client.process, 'other')
      log.push(String(await heard(stream.start(client.task))))
    })
    it.at(100, () => it.process('reader').crash(0))
    it.script(200, 'second', reader(it, log))
    writes(it, 300, 'b')
    await it.run()
    expect(log).toEqual(['55006', '42704', '>b0'])
  })

  it('[PD6] skips what lies before a position that the reader asks for', async () => {
    const it = bench()
    const log: string[] = []
    writes(it, 10, 'b', 'c')
    let position = 0
    it.at(25, () => {
      position = it.database.wal.position
    })
    it.at(100, () => it.script(101, 'reader', reader(it, log, { from: position })))
    await it.run()
    expect(log).toEqual(['>c0'])
  })

  it('[PD6] survives a crash of the server, but confirmations since the last checkpoint do not', async () => {
    const it = bench()
    const log: string[] = []
    it.script(5, 'reader', reader(it, log))
    writes(it, 10, 'b')
    // A checkpoint lies between.
    writes(it, 400_000, 'c')
    writes(it, 400_100, 'd')
    it.at(400_500, () => it.database.process.crash(0, 10_000))
    it.script(401_000, 'reader', reader(it, log))
    await it.run()
    expect(log).toEqual(['>b0', '>c0', '>d0', '08006', '>c0', '>d0'])
  })

  it.each([
    ['gone with the server that failed', false, ['>b0', '>c0', '>lost0', '08006', '42704']],
    [
      'there if the standby knows of it, and lacks what was lost',
      true,
      ['>b0', '>c0', '>lost0', '08006', '>b0', '>c0', '>d0'],
    ],
  ])('[PD5] is %s', async (_what, keepsSlots, expected) => {
    const it = bench()
    it.database.wal.standbyLagMicros = 100_000
    const log: string[] = []
    it.script(5, 'reader', reader(it, log))
    writes(it, 10, 'b', 'c')
    writes(it, 450, 'lost')
    it.at(500, () => it.database.failOver(0, { lagMicros: 100_000, keepsSlots, upAfterMicros: 10_000 }))
    it.script(600, 'reader', reader(it, log))
    writes(it, 700, 'd')
    await it.run()
    expect(log).toEqual(expected)
  })

  it('[PD6] keeps the log for its reader, and nothing that is confirmed', async () => {
    const it = bench()
    const log: string[] = []
    const kept: number[] = []
    const count = (): unknown => kept.push(it.database.wal.after(0, 1e6).length)
    writes(it, 10, ...Array.from({ length: 300 }, (_, n) => `w${n}`))
    it.at(6_500, count)
    it.script(6_600, 'reader', reader(it, log, { limit: 7 }))
    // What is confirmed is dropped once the next checkpoint has saved that it is.
    it.script(310_000, 'writer', (client) => client.ask(insertItem(it, 'x')))
    it.script(610_000, 'writer', (client) => client.ask(insertItem(it, 'y')))
    it.at(620_000, count)
    await it.run()
    expect(log).toHaveLength(302)
    expect(kept[0]).toBe(300)
    expect(kept[1]).toBeLessThan(5)
  })
})
