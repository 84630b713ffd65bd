import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { TransactionConfig } from '../../sim/kafka/transaction/config.ts'
import { TransactionWorld } from '../fixtures/transaction-world.ts'

/** What happens only at times: a leader falls, connections break, requests of broken ones arrive. */
const RARE = ['failover', 'break', 'break', 'late']

/** Plays a world whose events are picked by numbers, the second client coming late, and lets it come to rest. */
function play(
  config: Partial<TransactionConfig>,
  lateBy: number,
  picks: readonly number[],
): TransactionWorld {
  const world = new TransactionWorld(config)
  for (const [at, pick] of picks.entries()) {
    const kind = pick % 32
    const rare = RARE[kind]
    const events = world.events().filter(({ name }) => {
      if (name === 'client 1' && at < lateBy) return false
      return rare === undefined ? !/^(?:break|late|failover)/.test(name) : name.startsWith(rare)
    })
    events[(pick >>> 5) % events.length]?.run()
    if (kind === 31 && pick % 7 === 0) world.passTime()
  }
  world.settle()
  return world
}

const interleavings = fc.noBias(
  fc.tuple(fc.nat(500), fc.array(fc.nat(1_000_000), { maxLength: 400, size: 'max' })),
)

/** The kinds of violations that random interleavings find. */
function violations(config: Partial<TransactionConfig>, numRuns: number): Set<string> {
  const found = new Set<string>()
  for (const [lateBy, picks] of fc.sample(interleavings, { numRuns, seed: 1 }))
    for (const violation of play(config, lateBy, picks).judge()) found.add(violation.replaceAll(/\d+/g, 'N'))
  return found
}

describe('two producers of one transactional id, failovers, lost answers and late requests', () => {
  it('[KT18] keep every promise in version 2', () => {
    const seen = new Set<string>()
    fc.assert(
      fc.property(interleavings, ([lateBy, picks]) => {
        const world = play({ 'transaction.version': 2 }, lateBy, picks)
        expect(world.judge()).toEqual([])
        for (const { fates, manager } of world.clients) {
          for (const fate of fates) seen.add(fate)
          seen.add(manager.lastError?.code ?? manager.state)
        }
      }),
      { numRuns: 2_000, seed: 1 },
    )
    // Otherwise the interleavings prove nothing.
    expect([...seen].sort()).toEqual([
      'INVALID_TXN_STATE',
      'PRODUCER_FENCED',
      'READY',
      'aborted',
      'committed',
      'committing',
      'open',
    ])
  })
})

describe('known bugs are found again', () => {
  it('[KT19] below version 2 a late EndTxn commits what its application aborts (KAFKA-17754)', () => {
    const found = violations({ 'transaction.version': 1 }, 6_000)
    expect(found).toContain('transaction N of client N is aborted, yet a record of it is committed')
    expect(found).not.toContain('the transaction of producer N hangs')
  })

  it('[KT19] without verification a late write opens a transaction that nobody ends (KAFKA-14402)', () => {
    const unverified = {
      'transaction.version': 0,
      'transaction.partition.verification.enable': false,
    } as const
    expect(violations(unverified, 6_000)).toContain('the transaction of producer N hangs')
  })
})
