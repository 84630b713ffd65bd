import { describe, expect, it } from 'vitest'
import type { Row } from '../../../sim/database/table.ts'
import {
  type Client,
  DatabaseBench,
  getItem,
  heard,
  insertItem,
  selectItems,
  updateItem,
} from '../../fixtures/database.ts'

const A = [{ id: 'a', count: 0 }]

/** Writes one row after another, as fast as commits are acknowledged; says what it heard. */
const writer =
  (bench: DatabaseBench, log: unknown[], prefix = 'w', pause = 5) =>
  async (client: Client): Promise<void> => {
    for (let n = 0; n < 200; n++) {
      const said = await heard(client.ask(insertItem(bench, `${prefix}${n}`, n)))
      log.push(said)
      if (typeof said === 'string') return
      await client.sleep(pause)
    }
  }

const acknowledged = (log: readonly unknown[]): number =>
  log.filter((said) => typeof said !== 'string').length

describe('a crash of the server', () => {
  it('[PD2] ends what was open, loses nothing that was acknowledged, and is heard by everybody', async () => {
    const bench = new DatabaseBench({ items: A })
    const log: unknown[] = []
    bench.script(10, 'open', async (client) => {
      const tx = client.begin()
      await tx.ask(updateItem(bench, 'a', { count: 1 }))
      await tx.ask(insertItem(bench, 'b'))
      await client.sleep(200)
      log.push(await heard(tx.ask(getItem(bench, 'a'))), await heard(tx.commit()))
    })
    bench.script(20, 'waiting', async (client) =>
      log.push(await heard(client.ask(updateItem(bench, 'a', { count: 2 })))),
    )
    bench.script(30, 'done', async (client) => log.push(await heard(client.ask(insertItem(bench, 'c', 3)))))
    bench.at(100, () => bench.database.process.crash(0, 500_000))
    bench.script(300, 'late', async (client) => {
      log.push(await heard(client.ask(getItem(bench, 'a'))), await heard(client.ask(insertItem(bench, 'd'))))
      await client.sleep(500)
      log.push(await heard(client.ask(updateItem(bench, 'a', { count: 4 }))))
    })
    await bench.run()
    expect(log).toEqual([{ id: 'c', count: 3 }, '08007', '08006', '08006', '08001', '08001', 1])
    expect(bench.held).toEqual(['a 4', 'c 3'])
  })

  it('[PD2] leaves of a stream of commits exactly those that were acknowledged, or one more', async () => {
    let doubts = 0
    for (let seed = 1; seed <= 40; seed++) {
      const bench = new DatabaseBench({ seed })
      const log: unknown[] = []
      bench.script(10, 'client', writer(bench, log, 'w', 0))
      bench.at(50, () => bench.database.process.crash(0, 100_000))
      await bench.run()
      expect(log.at(-1)).toMatch(/^0800[167]$/)
      const left = bench.held.length
      expect([0, 1]).toContain(left - acknowledged(log))
      doubts += left - acknowledged(log)
    }
    expect(doubts).toBeGreaterThan(0)
    expect(doubts).toBeLessThan(40)
  })

  it.each([
    ['while the commit is being made durable', 300, ['a 0'], '08007'],
    ['when it is durable and not acknowledged', 500, ['a 1'], '08007'],
    ['when it is acknowledged', 520, ['a 1'], 'done'],
  ])('[PD3] %s', async (_when, crashMillis, left, said) => {
    const bench = new DatabaseBench({ items: A })
    bench.database.commitMicros = 300_000
    const log: unknown[] = []
    let durableMicros = 0
    bench.items.observers.push(() => {
      durableMicros = bench.kernel.nowMicros
    })
    bench.script(100, 'client', async (client) => {
      const tx = client.begin()
      await tx.ask(updateItem(bench, 'a', { count: 1 }))
      await client.sleep(50)
      log.push(await heard(tx.commit()))
    })
    // One microsecond after it is durable, where the moment of the crash lies behind it.
    if (crashMillis === 500)
      bench.items.observers.push(() =>
        bench.at(bench.kernel.nowMicros / 1000, () => bench.database.process.crash(0)),
      )
    else bench.at(crashMillis, () => bench.database.process.crash(0))
    await bench.run()
    expect(log).toEqual([said])
    expect(bench.held).toEqual(left)
    expect(durableMicros > 0).toBe(left[0] === 'a 1')
  })

  it('[PD7] loses the values of sequences that the log had given out ahead', async () => {
    const bench = new DatabaseBench()
    const ids: unknown[] = []
    const ticket = async (client: Client): Promise<void> => {
      const row = await client.ask({ kind: 'insert', table: bench.tickets, row: { count: 0 } })
      ids.push((row as Row).id)
    }
    for (let n = 0; n < 3; n++) bench.script(10 + n * 10, 'client', ticket)
    bench.at(100, () => bench.database.process.crash(0, 10_000))
    bench.script(200, 'client', ticket)
    await bench.run()
    expect(ids).toEqual([1, 2, 3, 34])
  })
})

describe('commits that are acknowledged before they are durable', () => {
  it.each([
    ['soon after', 400, true],
    ['later than the log is written', 2_000, false],
  ])('[PD4] are lost in a crash %s: %s ms', async (_when, crashMillis, loses) => {
    const bench = new DatabaseBench()
    bench.database.synchronousCommit = false
    const log: unknown[] = []
    bench.script(10, 'client', async (client) => {
      for (let n = 0; n < 20; n++) log.push(await heard(client.ask(insertItem(bench, `w${n}`))))
    })
    bench.at(crashMillis, () => bench.database.process.crash(0, 1_000))
    bench.script(3_000, 'client', async () => {})
    await bench.run()
    expect(acknowledged(log)).toBe(20)
    expect(bench.held.length).toBe(loses ? 0 : 20)
  })

  it('[PD4] are durable with the next commit that is', async () => {
    const bench = new DatabaseBench()
    const log: unknown[] = []
    bench.script(10, 'client', async (client) => {
      const tx = client.begin({ synchronousCommit: false })
      await tx.ask(insertItem(bench, 'a'))
      log.push(await heard(tx.commit()))
      log.push(await heard(client.ask(insertItem(bench, 'b', 1))))
      const last = client.begin({ synchronousCommit: false })
      await last.ask(insertItem(bench, 'c'))
      log.push(await heard(last.commit()))
    })
    bench.at(200, () => bench.database.process.crash(0))
    await bench.run()
    expect(log).toEqual(['done', { id: 'b', count: 1 }, 'done'])
    expect(bench.held).toEqual(['a 0', 'b 1'])
  })
})

describe('a standby that takes over', () => {
  const LAG_MICROS = 100_000

  it('[PD5] lacks the last commits and no others, whatever they did', async () => {
    const bench = new DatabaseBench({ items: [...A, { id: 'b', count: 0 }] })
    bench.database.wal.standbyLagMicros = LAG_MICROS
    const log: unknown[] = []
    bench.script(10, 'client', writer(bench, log))
    bench.script(100, 'client', async (client) => {
      await client.ask(updateItem(bench, 'a', { count: 1 }))
      await client.ask({ kind: 'delete', table: bench.items, query: { where: { id: 'b' } } })
      await client.ask(insertItem(bench, 'b', 7))
    })
    // Within the last tenth of a second: it comes back.
    bench.script(450, 'client', async (client) => {
      await client.ask(updateItem(bench, 'a', { count: 2 }))
      await client.ask({ kind: 'delete', table: bench.items, query: { where: { id: 'b' } } })
      log.push('changed')
    })
    const changed: unknown[] = []
    bench.at(499, () => bench.items.observers.push((row) => changed.push(row)))
    const standby = { lagMicros: LAG_MICROS, keepsSlots: false, upAfterMicros: 200_000 }
    let before: string[] = []
    bench.at(500, () => {
      before = bench.held
      bench.database.failOver(0, standby)
    })
    bench.script(1_000, 'client', async (client) => log.push(await heard(client.ask(selectItems(bench)))))
    await bench.run()
    const rows = log.at(-1) as readonly Row[]
    expect(log).toContain('changed')
    expect(rows.find(({ id }) => id === 'a')).toEqual({ id: 'a', count: 1 })
    expect(rows.find(({ id }) => id === 'b')).toEqual({ id: 'b', count: 7 })
    const kept = rows
      .filter(({ id }) => String(id).startsWith('w'))
      .map(({ id }) => Number(String(id).slice(1)))
    expect(kept).toEqual(kept.map((_n, at) => at))
    const lost = before.filter((row) => row.startsWith('w')).length - kept.length
    expect(lost).toBeGreaterThan(5)
    expect(kept.length).toBeGreaterThan(20)
    // Whoever watches the table hears of every row that is as it was again.
    expect(changed.length).toBeGreaterThanOrEqual(lost + 2)
  })

  it('[PD5] goes on from what it has: its log, its sequence', async () => {
    const bench = new DatabaseBench()
    bench.database.wal.standbyLagMicros = LAG_MICROS
    bench.script(10, 'client', (client) => client.ask(insertItem(bench, 'a')))
    bench.script(450, 'client', (client) => client.ask(insertItem(bench, 'b')))
    let before = 0
    bench.at(300, () => {
      before = bench.database.wal.position
    })
    bench.at(500, () =>
      bench.database.failOver(0, { lagMicros: LAG_MICROS, keepsSlots: false, upAfterMicros: 10_000 }),
    )
    bench.at(505, () => expect(bench.database.wal.position).toBe(before))
    bench.script(600, 'client', (client) => client.ask(insertItem(bench, 'c')))
    await bench.run()
    expect(bench.held).toEqual(['a 0', 'c 0'])
    expect(bench.database.wal.position).toBeGreaterThan(before)
  })
})
