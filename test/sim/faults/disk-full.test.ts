import { describe, expect, it } from 'vitest'
import { courier, recordsOf } from '../../fixtures/courier.ts'

/** The disk of a broker of a cluster is full while letters to one address are sent. */
async function full(brokers: number, at: string) {
  const faults = [{ diskFull: 'broker-1', for: '3s', at }]
  const workload = { orders: 6, every: '2s' }
  const result = await courier({ sameAddress: 6 }, { cluster: { brokers }, workload, faults })
  const lives = ['crash', 'restart'].flatMap((kind) => recordsOf(result, kind))
  const appended = recordsOf(result, 'append').filter(({ lane }) => lane.startsWith('letters/'))
  return {
    verdict: result.verdict,
    lives: lives.map(({ kind, lane, atMicros }) => `${kind} ${lane} ${Math.floor(atMicros / 1e6)} s`),
    offsets: appended.map(({ data }) => (data as { readonly offset: number }).offset),
  }
}

describe('a disk that is full', () => {
  it('[F36] ends its broker at the next write, and has it back with all that it had when there is space', async () => {
    const { lives, offsets, verdict } = await full(1, '5s')
    expect(lives).toEqual(['crash broker-1 6 s', 'restart broker-1 8 s'])
    expect(offsets).toEqual([0, 1, 2, 3, 4, 5])
    expect(verdict).toBe('pass')
  })

  it('[F36] is nothing if nobody writes meanwhile', async () => {
    expect((await full(1, '60s')).lives).toEqual([])
  })

  it('[F36] keeps ending a broker that another fault has started again', async () => {
    const faults = [
      { diskFull: 'broker-1', for: '5s', at: '1s' },
      { crash: 'broker-1', restart: '100ms', at: '2s' },
    ]
    const result = await courier(
      {},
      { cluster: { brokers: 1 }, workload: { orders: 6, every: '1s' }, faults },
    )
    expect(recordsOf(result, 'restart').at(-1)?.atMicros).toBe(6_000_000)
    expect(result.verdict).toBe('pass')
  })

  it('[F36] costs a cluster of three nothing that was acknowledged', async () => {
    const { lives, verdict } = await full(3, '5s')
    expect(lives.filter((life) => life.startsWith('crash'))).toHaveLength(1)
    expect(verdict).toBe('pass')
  })
})
