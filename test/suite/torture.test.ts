import { describe, expect, it } from 'vitest'
import { BROKER_SWITCHES } from '../../sim/kafka/broker/config.ts'
import { failuresOf, seedsOf } from '../fixtures/seeds.ts'
import { playTorture, type TortureOptions } from '../fixtures/torture.ts'

const SEEDS = seedsOf(20)
const MOST_SEEDS = 200

describe('three brokers, min.insync.replicas 2, acks=all, transactions and groups', () => {
  it(`[KQ2] keep every promise in ${SEEDS.length} runs`, { timeout: 14_400_000 }, async () => {
    const totals = new Map<string, number>()
    const failures = await failuresOf(SEEDS, async (seed) => {
      const { wrong, counts } = await playTorture(seed)
      for (const [what, times] of counts) totals.set(what, (totals.get(what) ?? 0) + times)
      return wrong
    })
    expect(failures).toEqual([])
    // Otherwise the runs prove nothing.
    const often = [
      'process crash',
      'page cache lost',
      'cut',
      'isolation',
      'slow links',
      'client cut off',
      'broker pause',
      'client pause',
      'controller crash',
      'shutdown',
      'rolling restart',
      'reader crash',
      'writer crash',
      'processor crash',
    ]
    for (const what of often) expect(totals.get(what), what).toBeGreaterThan(SEEDS.length / 10)
    for (const what of ['send ok', 'read of classic', 'read of consumer', 'commit', 'processed'])
      expect(totals.get(what), what).toBeGreaterThan(200 * SEEDS.length)
    expect(totals.get('transaction ok')).toBeGreaterThan(40 * SEEDS.length)
    expect(totals.get('transaction fail')).toBeGreaterThan(5 * SEEDS.length)
  })

  it('[KQ3] do the same twice', async () => {
    const [first, second, other] = [await playTorture(7), await playTorture(7), await playTorture(8)]
    expect(second).toEqual(first)
    expect(other.digest).not.toBe(first.digest)
  })
})

describe('known ways to lose or double records are found in the cluster as a whole', () => {
  it.each<{
    readonly mistake: string
    readonly options: TortureOptions
    readonly finding?: RegExp
    /** A seed soon after which it is found. */
    readonly from?: number
  }>([
    {
      mistake: 'unclean leader election (B10)',
      options: {
        settings: { 'unclean.leader.election.enable': true, 'unclean.leader.election.interval.ms': 1_000 },
      },
      from: 14,
    },
    {
      mistake: 'acks=1 (B11)',
      options: { settings: { acks: '1', 'enable.idempotence': false }, withTransactions: false },
    },
    {
      mistake: 'min.insync.replicas 1 (B13)',
      options: { settings: { 'min.insync.replicas': 1 } },
    },
    {
      mistake: 'truncation to the high watermark (B1)',
      options: { switches: { ...BROKER_SWITCHES, truncation: 'high-watermark' } },
      from: 31,
    },
    {
      mistake: 'offsets that are committed after the transaction (KIP-447)',
      options: { offsetsInTransaction: false },
      finding: /^processed .* [2-9] times$/,
      from: 20,
    },
  ])(
    `[KQ4] $mistake, within ${MOST_SEEDS} runs`,
    { timeout: 1_200_000 },
    async ({ options, finding = /NoAcknowledgedRecordLost|lost-write/, from = 0 }) => {
      for (let seed = from; seed < MOST_SEEDS; seed += 1) {
        const { wrong } = await playTorture(seed, options)
        if (wrong.some((found) => finding.test(found))) return
      }
      expect.fail('nothing was lost')
    },
  )
})
