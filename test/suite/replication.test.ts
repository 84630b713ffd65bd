import { describe, expect, it } from 'vitest'
import type { ReplicaInvariant } from '../../sim/kafka/oracle/replica-view.ts'
import type { ReplicationSwitches } from '../../sim/kafka/replication/config.ts'
import { playReplication } from '../fixtures/replication-chaos.ts'
import type { ReplicationWorldOptions } from '../fixtures/replication-world.ts'
import { failuresOf, seedsOf } from '../fixtures/seeds.ts'

const SEEDS = seedsOf(200)

describe('three replicas, min.insync.replicas 2 and acks=all', () => {
  it(`[KI8] keep every promise in ${SEEDS.length} runs`, { timeout: 1_200_000 }, async () => {
    const totals = new Map<string, number>()
    const failures = await failuresOf(SEEDS, (seed) => {
      const { anomalies, unsettled, counts } = playReplication(seed)
      for (const [what, times] of counts) totals.set(what, (totals.get(what) ?? 0) + times)
      return [
        ...anomalies.map((anomaly) => JSON.stringify(anomaly)),
        ...(unsettled === undefined ? [] : [unsettled]),
      ]
    })
    expect(failures).toEqual([])
    // Otherwise the runs prove nothing.
    const often = [
      'process crash',
      'machine crash',
      'page cache lost',
      'pause',
      'cut',
      'shutdown',
      'failover',
      'leader epochs',
    ]
    for (const what of often) expect(totals.get(what), what).toBeGreaterThan(SEEDS.length / 20)
    expect(totals.get('acknowledged')).toBeGreaterThan(20 * SEEDS.length)
    expect(totals.get('committed')).toBeGreaterThanOrEqual(totals.get('acknowledged') ?? 0)
  })
})

describe('known ways to lose records are found again', () => {
  it.each<{
    readonly mistake: string
    readonly options: ReplicationWorldOptions
    /** Shown before the loss. */
    readonly sign?: ReplicaInvariant
  }>([
    {
      mistake: 'unclean leader election (B10)',
      options: { controller: { 'unclean.leader.election.enable': true } },
      sign: 'LeaderCandidateCompleteness',
    },
    { mistake: 'acks=1 (B11)', options: { acks: 1 } },
    {
      mistake: 'min.insync.replicas 1 (B13)',
      options: { minInsyncReplicas: 1 },
      sign: 'LeaderCandidateCompleteness',
    },
    {
      mistake: 'truncation to the high watermark (B1)',
      options: { switches: { truncation: 'high-watermark' } },
      sign: 'LeaderCandidateCompleteness',
    },
    {
      mistake: 'no eligible leader replicas (B9)',
      options: { controller: { 'eligible.leader.replicas.version': 0 } },
      sign: 'LeaderCandidateCompleteness',
    },
  ])('[KI9] $mistake loses what was acknowledged, within 200 runs', ({ options, sign }) => {
    for (let seed = 0; seed < 200; seed += 1) {
      const found = playReplication(seed, options, true).anomalies.map(({ invariant }) => invariant)
      if (!found.includes('NoAcknowledgedRecordLost')) continue
      if (sign !== undefined) expect(found[0]).toBe(sign)
      return
    }
    expect.fail('nothing was lost')
  })

  it.each<{ readonly mistake: string; readonly switches: Partial<ReplicationSwitches> }>([
    {
      mistake: 'a high watermark that rises below min.insync.replicas',
      switches: { highWatermarkFrozenBelowMinIsr: false },
    },
    {
      mistake: 'an ISR that grows below the start of the epoch (B6)',
      switches: { expandRequiresEpochStart: false },
    },
  ])('[KI9] $mistake lets somebody be elected who has not everything', ({ switches }) => {
    for (let seed = 0; seed < 200; seed += 1) {
      const [first] = playReplication(seed, { switches }).anomalies
      if (first === undefined) continue
      expect(first.invariant).toBe('LeaderCandidateCompleteness')
      return
    }
    expect.fail('everybody had everything')
  })
})
