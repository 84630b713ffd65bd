import { describe, expect, it } from 'vitest'
import type { ReplicaInvariant } from '../../sim/kafka/oracle/replica-view.ts'
import { playReplication } from '../fixtures/replication-chaos.ts'
import type { ReplicationWorldOptions } from '../fixtures/replication-world.ts'

/** FAULTLINE_SEEDS=2000 for a thorough search. */
const SEEDS = Number(process.env.FAULTLINE_SEEDS ?? 300)

describe('three replicas, min.insync.replicas 2 and acks=all', () => {
  it(`[KI8] keep every promise in ${SEEDS} runs`, { timeout: 1_200_000 }, () => {
    const totals = new Map<string, number>()
    for (let seed = 0; seed < SEEDS; seed += 1) {
      const { anomalies, counts } = playReplication(seed)
      expect(anomalies, `seed ${seed}`).toEqual([])
      for (const [what, times] of counts) totals.set(what, (totals.get(what) ?? 0) + times)
    }
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
    for (const what of often) expect(totals.get(what), what).toBeGreaterThan(SEEDS / 20)
    expect(totals.get('acknowledged')).toBeGreaterThan(20 * SEEDS)
    expect(totals.get('committed')).toBeGreaterThanOrEqual(totals.get('acknowledged') ?? 0)
  })
})

describe('known ways to lose records are found again', () => {
  it.each<{
    readonly mistake: string
    readonly options: ReplicationWorldOptions
    readonly invariant: ReplicaInvariant
  }>([
    {
      mistake: 'unclean leader election (B10)',
      options: { controller: { 'unclean.leader.election.enable': true } },
      invariant: 'LeaderCandidateCompleteness',
    },
    { mistake: 'acks=1 (B11)', options: { acks: 1 }, invariant: 'NoAcknowledgedRecordLost' },
    {
      mistake: 'min.insync.replicas 1 (B13)',
      options: { minInsyncReplicas: 1 },
      invariant: 'LeaderCandidateCompleteness',
    },
    {
      mistake: 'truncation to the high watermark (B1)',
      options: { switches: { truncation: 'high-watermark' } },
      invariant: 'LeaderCandidateCompleteness',
    },
    {
      mistake: 'no eligible leader replicas (B9)',
      options: { controller: { 'eligible.leader.replicas.version': 0 } },
      invariant: 'LeaderCandidateCompleteness',
    },
    {
      mistake: 'a high watermark that rises below min.insync.replicas',
      options: { switches: { highWatermarkFrozenBelowMinIsr: false } },
      invariant: 'LeaderCandidateCompleteness',
    },
    {
      mistake: 'an ISR that grows below the start of the epoch (B6)',
      options: { switches: { expandRequiresEpochStart: false } },
      invariant: 'LeaderCandidateCompleteness',
    },
  ])('[KI9] $mistake within 200 runs', { timeout: 300_000 }, ({ options, invariant }) => {
    for (let seed = 0; seed < 200; seed += 1) {
      const { anomalies } = playReplication(seed, options)
      if (anomalies.some((anomaly) => anomaly.invariant === invariant)) return
    }
    expect.fail(`${invariant} always held`)
  })
})
