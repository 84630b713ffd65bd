import { prepare, run, type Scenario } from 'faultline'
import { describe, expect, it } from 'vitest'
import faults from '../../../scenarios/faults/system.ts'
import kafka from '../../../scenarios/kafka/system.ts'
import type { PropertyResult } from '../../../sim/check/monitor.ts'
import type { BrokerNode } from '../../../sim/kafka/broker-node.ts'
import { ClusterOracles, ORACLE_NAMES, type OracleName, oracleProperty } from '../../../sim/run/oracles.ts'
import { KafkaBench } from '../../fixtures/kafka.ts'
import { emptyLog, producerBatch } from '../../fixtures/log.ts'
import { type ScenarioFile, scenarioFiles } from '../../fixtures/scenarios.ts'

function watched(name: string, oracles: readonly OracleName[]): Scenario {
  const { scenario } = scenarioFiles().find(({ path }) => path === `kafka/${name}.yaml`) as ScenarioFile
  return { ...scenario, cluster: { ...scenario.cluster, oracles } }
}

const play = (scenario: Scenario) => run(prepare(kafka, scenario.params), scenario, 1)

/** What becomes of an oracle's property in a scenario. */
async function found(name: string, oracle: OracleName): Promise<PropertyResult | undefined> {
  const { properties } = await play(watched(name, [oracle]))
  return properties.find((property) => property.name === oracleProperty(oracle))
}

describe('the replicas of a cluster, watched in a run', () => {
  it.each([
    ['truncation-to-high-watermark', 'LeaderCandidateCompleteness'],
    ['two-fast-elections', 'LogMatching'],
    ['stale-fetch', 'WeakIsr'],
    ['pending-member', 'LeaderCandidateCompleteness'],
    ['fetch-of-another-life', 'WeakIsr'],
    ['isr-below-epoch-start', 'LeaderCandidateCompleteness'],
    ['last-replica-standing', 'NoCommittedRecordLost'],
    ['unclean-leader-election', 'LeaderCandidateCompleteness'],
    ['min-isr-1', 'NoCommittedRecordLost'],
  ])('[KQ6] show %s, and nothing with its switch off', async (name, invariant) => {
    const wrong = await play(watched(name, ['replicas']))
    const found = wrong.properties.find((property) => property.name === 'replicas keep what is committed')
    expect(found).toMatchObject({ verdict: 'violated', kind: 'always' })
    expect(found?.message).toContain(invariant)
    const right = await play(watched(`${name}-right`, ['replicas']))
    expect(right.verdict).toBe('pass')
    expect(right.properties.at(-1)).toMatchObject({ name: found?.name, verdict: 'pass', checkedKeys: 6 })
  })

  it('[KQ6] are watched only where a scenario says so, and the run is the same', async () => {
    const plain = await play(watched('unclean-leader-election', []))
    const seen = await play(watched('unclean-leader-election', ORACLE_NAMES))
    expect(seen.digest).toBe(plain.digest)
    expect(seen.events).toBe(plain.events)
    expect(seen.properties.slice(0, -ORACLE_NAMES.length)).toEqual(plain.properties)
    expect(plain.properties.map(({ name }) => name)).not.toContain('replicas keep what is committed')
  })
})

describe('the clients of a cluster, watched in a run', () => {
  it.each([
    [
      'acks-1',
      /^inconsistent-offsets of '(LetterSent\/letter-\d+)' and '(?!\1)LetterSent\/letter-\d+' at letters\/\d@9, as producer 1 of writer-1 saw it: one offset was given to two records/,
    ],
    [
      'commits-the-rest',
      /^lost-write of 'LetterStamped\/\S+' at stamped\/\d@6.*: it was acknowledged, and who read on past it was never given it/,
    ],
    [
      'forgotten-with-its-records',
      /^duplicate of 'LetterSent\/letter-23' at letters\/(\d)@9 and letters\/\1@12.*: one record is in the log twice/,
    ],
    ['late-end-of-transaction', /^early-read of 'LetterStamped\/\S+' at stamped\/\d@2/],
    [
      'retry-reorders',
      /^nonmonotonic-send .*: records are in another order than they were sent in \(enable\.idempotence is false\), and 1 more like that$/,
    ],
    ['truncation-to-high-watermark', /^unseen of 'LetterSent\/letter-60' at letters\/\d@24/],
  ])('[KQ7] see what is wrong in %s, and nothing with its switch off', async (name, message) => {
    expect(await found(name, 'clients')).toMatchObject({
      verdict: 'violated',
      message: expect.stringMatching(message),
      atMicros: expect.any(Number),
    })
    const right = await found(`${name}-right`, 'clients')
    expect(right).toMatchObject({ verdict: 'pass' })
    expect(right?.checkedKeys).toBeGreaterThan(5)
  })

  it('[KQ7] see no harm in what an application says twice, deletes or does not want', async () => {
    for (const name of ['failed-but-written', 'retention', 'compaction', 'latest', 'aborted-read'])
      expect(await found(name, 'clients')).toMatchObject({ verdict: 'pass' })
  })
})

describe('the groups of a cluster, watched in a run', () => {
  it('[KQ7] pass over nothing, but for what is committed unread', async () => {
    expect(await found('commits-the-rest', 'groups')).toMatchObject({
      verdict: 'violated',
      message: expect.stringMatching(/^commit-skip of 'LetterStamped\/\S+' at stamped\/\d@6/),
    })
    expect(await found('commits-the-rest-right', 'groups')).toMatchObject({ verdict: 'pass' })
  })

  it('[KQ7] see what a coordinator has lost with its disk', async () => {
    const { scenario } = scenarioFiles().find(
      ({ path }) => path === 'faults/crash-machine.yaml',
    ) as ScenarioFile
    const groups = { ...scenario, cluster: { ...scenario.cluster, oracles: ['groups'] as const } }
    const { properties } = await run(prepare(faults, scenario.params), groups, 1)
    expect(properties.at(-1)).toMatchObject({
      verdict: 'violated',
      message: expect.stringMatching(/^lost-commit at letters\/\d@\d+ and no offset/),
    })
  })

  it('[KQ7] see no harm in offsets that expire, steps back and zombies that are refused', async () => {
    for (const name of [
      'offsets-expire',
      'commits-overtake',
      'poll-interval',
      'rebalance-storm',
      'static-member',
    ])
      expect(await found(name, 'groups')).toMatchObject({ verdict: 'pass', checkedKeys: 2 })
  })
})

describe('the transactions of a cluster, watched in a run', () => {
  /** What is found a while after a leader was seen whose log has these batches. */
  const judge = async (batches: Parameters<typeof producerBatch>[], afterMillis: number, quiet = true) => {
    const bench = new KafkaBench()
    const oracles = new ClusterOracles(bench.cluster, ['transactions'])
    const log = emptyLog()
    for (const batch of batches) log.appendAsLeader(producerBatch(...batch), 0, 0)
    log.updateHighWatermark(log.logEndOffset, 0)
    const replica = { topic: 'events', index: 0, log, partition: { isLeader: true, leaderEpoch: 0 } }
    const broker = { replicas: { all: [replica] } }
    bench.at(0, () => bench.cluster.brokerActed({ broker } as unknown as BrokerNode))
    let found: PropertyResult | undefined
    bench.at(afterMillis, () => {
      found = oracles.judge(0, quiet)[0]
    })
    await bench.run()
    return found
  }
  const open: Parameters<typeof producerBatch> = [7, 0, 0, 1, true]

  it('[KQ6] show what is written after the end of a transaction, and nothing with verification', async () => {
    const wrong = await play(watched('hanging-transaction', ['transactions']))
    expect(wrong.properties.at(-1)).toMatchObject({
      name: 'transactions end as decided',
      verdict: 'violated',
      message: expect.stringContaining('zombie-write in stamped-'),
    })
    const right = await play(watched('hanging-transaction-right', ['transactions']))
    expect(right.properties.at(-1)).toMatchObject({ verdict: 'pass', checkedKeys: 121 })
  })

  it('[KQ6] show one that nobody ends, once it is older than its time-out', async () => {
    const hanging = await judge([open], 920_000)
    expect(hanging).toMatchObject({ verdict: 'violated', name: 'transactions end as decided' })
    expect(hanging?.message).toBe('hanging-transaction in events-0, by the producer with id 7')
    expect((await judge([open], 1_000))?.verdict).toBe('pass')
  })

  it('[KQ6] are judged without that where a budget ended the run', async () => {
    expect((await judge([open], 920_000, false))?.verdict).toBe('inconclusive')
  })

  it('[KQ6] are nothing where nobody has one', async () => {
    expect(await judge([], 1_000)).toMatchObject({ verdict: 'pass', checkedKeys: 0 })
  })
})
