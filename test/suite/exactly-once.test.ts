import type { FaultSpec, RunResult } from 'faultline'
import { describe, expect, it } from 'vitest'
import system from '../../scenarios/kafka/system.ts'
import { prepare, run } from '../../sim/run/run.ts'
import { type Scenario, scenarioOf } from '../../sim/run/scenario.ts'
import type { System } from '../../sim/service/system.ts'
import { complaintOf, type Passage, passagesOf, triggerOf } from '../fixtures/passages.ts'

type Kafka = Scenario['cluster']['kafka']
type Settings = Pick<Scenario, 'params'> & { readonly kafka: Kafka }

/** Two stampers, of which one fails once: what they write is read by consumers that read committed records. */
const PARAMS: Settings['params'] = { stampers: 2, stampFails: 2, addresses: 2 }
const READ_COMMITTED: Kafka = { 'isolation.level': 'read_committed' }
const CLASSIC: Kafka = { ...READ_COMMITTED, 'session.timeout.ms': 6_000, 'heartbeat.interval.ms': 2_000 }
const KIP_848: Kafka = {
  ...READ_COMMITTED,
  'group.protocol': 'consumer',
  'group.consumer.session.timeout.ms': 6_000,
  'group.consumer.heartbeat.interval.ms': 2_000,
  'group.consumer.min.session.timeout.ms': 6_000,
  'group.consumer.min.heartbeat.interval.ms': 2_000,
}

/** A run of four letters. */
function play({ params, kafka }: Settings, faults: readonly FaultSpec[], trace = false): Promise<RunResult> {
  const scenario = scenarioOf({
    system: system.name,
    params,
    cluster: { kafka },
    workload: { orders: 4, every: '50ms' },
    faults,
  })
  return run(prepare(system as unknown as System, params), scenario, 1, { trace })
}

/** The passages of the stampers in a run without other faults. */
async function passages(settings: Settings): Promise<Passage[]> {
  const result = await play(settings, [], true)
  expect([result.verdict, result.reason]).toEqual(['pass', undefined])
  return passagesOf(result).filter(({ step }) => step.startsWith('stamper.'))
}

/** What a fault at each passage does to what is read, where it does any harm. */
async function harm(settings: Settings, members: (runner: string) => object): Promise<string[]> {
  const harmful: string[] = []
  const places = await passages(settings)
  expect(places.length).toBeGreaterThan(40)
  for (const place of places) {
    const wrong = complaintOf(await play(settings, [{ ...members('stamper'), ...triggerOf(place) }]))
    if (wrong !== undefined) harmful.push(`${JSON.stringify(place)}: ${wrong}`)
  }
  return harmful
}

const crash = (runner: string): object => ({ crash: runner, restart: '300ms' })
/** For longer than the group waits, and not as long as a transaction may take: it goes on when another has taken over. */
const pause = (runner: string): object => ({ pause: runner, for: '20s' })

describe('an exactly-once processor', () => {
  it('[S44] passes the points of every operation of its producer', async () => {
    const steps = new Set(
      (await passages({ params: PARAMS, kafka: CLASSIC })).map(({ step }) =>
        step.replace(/^stamper\.\S+ /, ''),
      ),
    )
    expect([...steps].sort()).toEqual([
      'producer.abortTransaction',
      'producer.beginTransaction',
      'producer.commitTransaction',
      'producer.initTransactions',
      'producer.sendOffsetsToTransaction',
      'publish LetterFiled',
      'publish LetterStamped',
    ])
  })

  it.each<[string, Settings]>([
    ['in version 2', { params: PARAMS, kafka: CLASSIC }],
    ['in version 1', { params: PARAMS, kafka: { ...CLASSIC, 'transaction.version': 1 } }],
    ['in version 0', { params: PARAMS, kafka: { ...CLASSIC, 'transaction.version': 0 } }],
    ['to one topic', { params: { ...PARAMS, sameTopic: true }, kafka: CLASSIC }],
    ['in the group protocol of KIP-848', { params: PARAMS, kafka: KIP_848 }],
  ])('[S44] writes the output of each input once, wherever it crashes, %s', async (_, settings) => {
    expect(await harm(settings, crash)).toEqual([])
  })

  it.each<[string, Kafka]>([
    ['classic', CLASSIC],
    ['that of KIP-848', KIP_848],
  ])(
    '[S44] [S45] writes it once, wherever it stands still until another has taken over: protocol %s',
    async (_, kafka) => {
      expect(await harm({ params: PARAMS, kafka }, pause)).toEqual([])
    },
  )

  it.each<[string, Settings['params'], Kafka, (runner: string) => object]>([
    ['commits offsets after the transaction', { offsets: 'after-transaction' }, CLASSIC, crash],
    [
      'is read by who reads what is not committed',
      {},
      { ...CLASSIC, 'isolation.level': 'read_uncommitted' },
      crash,
    ],
    ['does not say who commits its offsets', { fencing: 'group-id' }, CLASSIC, pause],
  ])('[S44] [S46] does not when it %s: the same enumeration finds it', async (_, params, kafka, members) => {
    const harmful = await harm({ params: { ...PARAMS, stampFails: 0, ...params }, kafka }, members)
    expect(harmful.length).toBeGreaterThan(0)
    for (const wrong of harmful) expect(wrong).toMatch(/was taken 2 times/)
  })
})
