import { describe, expect, it } from 'vitest'
import { courier, recordsOf } from '../../fixtures/courier.ts'

/** A cluster of one broker, to which something happens between letters to one address. */
async function single(fault: Readonly<Record<string, string>>) {
  const result = await courier(
    { sameAddress: 6 },
    {
      cluster: { brokers: 1 },
      workload: { orders: 6, every: '2s' },
      faults: [{ ...fault, at: '5s', restart: '100ms' }],
    },
  )
  const offsets = recordsOf(result, 'append')
    .filter(({ lane }) => lane.startsWith('letters/'))
    .map(({ data }) => (data as { readonly offset: number }).offset)
  const lives = ['crash', 'stop', 'restart'].flatMap((kind) => recordsOf(result, kind))
  return { offsets, lives: lives.map(({ kind, lane }) => `${kind} ${lane}`) }
}

describe('a crash of a machine', () => {
  it('[F14] takes what the broker has not flushed', async () => {
    const { offsets, lives } = await single({ crashMachine: 'broker-1' })
    expect(offsets).toEqual([0, 1, 2, 0, 1, 2])
    expect(lives).toEqual(['crash broker-1', 'restart broker-1'])
  })

  it('[F14] takes more than one of its process', async () => {
    const { offsets, lives } = await single({ crash: 'broker-1' })
    expect(offsets).toEqual([0, 1, 2, 3, 4, 5])
    expect(lives).toEqual(['crash broker-1', 'restart broker-1'])
  })

  it('[F15] takes nothing where a switch says that every write is on disk', async () => {
    const flushed = await courier(
      { sameAddress: 6 },
      {
        cluster: { brokers: 1, switches: { pageCacheLossOnMachineCrash: false } },
        workload: { orders: 6, every: '2s' },
        faults: [{ crashMachine: 'broker-1', at: '5s', restart: '100ms' }],
      },
    )
    const offsets = recordsOf(flushed, 'append').map(({ data }) => (data as { offset: number }).offset)
    expect(offsets).toEqual([0, 1, 2, 3, 4, 5])
  })

  it('[F14] hits every broker that it names', async () => {
    const result = await courier({}, { faults: [{ crashMachine: 'broker', at: '5s', restart: '1s' }] })
    expect(
      recordsOf(result, 'crash')
        .map(({ lane }) => lane)
        .sort(),
    ).toEqual(['broker-1', 'broker-2', 'broker-3'])
  })
})
