import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Row } from '../../../sim/database/table.ts'
import {
  DatabaseBench,
  deleteItem,
  heard,
  insertItem,
  selectItems,
  updateItem,
} from '../../fixtures/database.ts'

const IDS = ['a', 'b', 'c', 'd'] as const

describe('a snapshot', () => {
  it('[PG2] shows the same rows to its end, whatever is committed meanwhile', async () => {
    const change = fc.record({
      id: fc.constantFrom(...IDS),
      how: fc.constantFrom('insert', 'update', 'delete'),
    })
    await fc.assert(
      fc.asyncProperty(
        fc.array(change, { maxLength: 30 }),
        fc.array(fc.nat(29), { maxLength: 4 }),
        async (changes, readers) => {
          const bench = new DatabaseBench({ items: [{ id: 'a', count: 0 }] })
          const seen: string[][][] = []
          let nth = 0
          bench.script(5, 'writer', async (client) => {
            for (const { id, how } of changes) {
              const act = {
                insert: insertItem(bench, id, nth),
                update: updateItem(bench, id, { count: nth }),
                delete: deleteItem(bench, id),
              }
              await heard(client.ask(act[how]))
              nth++
              await client.sleep(20)
            }
          })
          for (const [index, at] of readers.entries()) {
            const views: string[][] = []
            seen.push(views)
            bench.script(10 + at * 20, `reader ${index}`, async (client) => {
              const tx = client.begin({ isolation: 'repeatable read' })
              for (let look = 0; look < 5; look++) {
                const rows = (await tx.ask(selectItems(bench))) as readonly Row[]
                views.push(rows.map(({ id, count }) => `${id} ${count}`).sort())
                // What it sees is what everybody saw when it took its snapshot.
                if (look === 0) expect(views[0]).toEqual(bench.held.sort())
                const keyed = (await tx.ask(selectItems(bench, { id: 'a' }))) as readonly Row[]
                expect(keyed).toEqual(rows.filter(({ id }) => id === 'a'))
                await client.sleep(30)
              }
              await tx.commit()
            })
          }
          await bench.run()
          for (const views of seen) for (const view of views) expect(view).toEqual(views[0])
          for (const entry of bench.items.entries.values()) expect(entry.older).toBeUndefined()
          expect(bench.items.entries.size).toBe(bench.held.length)
        },
      ),
      { seed: 1, numRuns: 60 },
    )
  })

  it('[PD8] keeps versions as long as it may see them, and no longer', async () => {
    const bench = new DatabaseBench({ items: [{ id: 'a', count: 0 }] })
    const kept: number[] = []
    const versions = (): number => {
      let count = 0
      for (let version = bench.items.entries.get('a')?.older; version !== undefined; version = version.older)
        count++
      return count
    }
    const reader = (from: number, millis: number): void =>
      bench.script(from, `reader ${from}`, async (client) => {
        const tx = client.begin({ isolation: 'repeatable read' })
        await tx.ask(selectItems(bench))
        await client.sleep(millis)
        await tx.commit()
      })
    bench.script(5, 'writer', async (client) => {
      for (let n = 1; n <= 20; n++) {
        await client.ask(updateItem(bench, 'a', { count: n }))
        await client.sleep(95)
      }
    })
    reader(250, 1_000)
    reader(750, 1_000)
    for (const at of [200, 700, 1_200, 1_600, 2_500]) bench.at(at, () => kept.push(versions()))
    await bench.run()
    expect(kept[0]).toBe(0)
    expect(kept[1]).toBeGreaterThan(2)
    expect(kept[2]).toBeGreaterThan(kept[1] as number)
    expect(kept[3]).toBeGreaterThan(0)
    // The first reader's versions are gone, those of the second are there.
    expect(kept[3]).toBeLessThan((kept[2] as number) + 3)
    expect(kept[4]).toBe(0)
  })
})
