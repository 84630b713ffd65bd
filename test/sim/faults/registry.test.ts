import { parking } from 'faultline'
import { describe, expect, it } from 'vitest'
import { FAULT_KINDS, faultKindOf } from '../../../sim/faults/registry.ts'
import { allStruck, courier } from '../../fixtures/courier.ts'

/** An entry of each kind, with nothing in it that may be left out. */
const EXAMPLES: Readonly<Record<string, Readonly<Record<string, unknown>>>> = {
  crash: { crash: 'receiver' },
  crashMachine: { crashMachine: 'broker-1' },
  shutDown: { shutDown: 'broker-1' },
  pause: { pause: 'receiver', for: '2s' },
  partition: { partition: ['receiver', 'broker'], for: '2s' },
  slow: { slow: ['broker', 'receiver'], by: '1s', for: '2s' },
  redeliver: { redeliver: 'receiver' },
  scale: { scale: 'receiver', instances: 3 },
  deploy: { deploy: 'receiver', version: 'v1' },
  addPartitions: { addPartitions: 'letters', partitions: 4 },
  replay: { replay: 'receiver' },
  redrive: { redrive: 'receiver' },
  failover: { failover: 'receiver-db' },
  dropSlots: { dropSlots: 'sender-db' },
  slowCommit: { slowCommit: 'receiver-db', by: '1s', for: '2s' },
  evict: { evict: 'cache' },
  skew: { skew: 'receiver', by: '1s', for: '2s' },
  moveLogs: { moveLogs: 'broker-1' },
  diskFull: { diskFull: 'broker-1', for: '2s' },
  tornTail: { tornTail: 'broker-1' },
  corruptSegment: { corruptSegment: 'broker-1' },
  edit: { edit: 'receiver-db', table: 'parked' },
}

/** What lets a service be told to take once more what it has put away. */
const failures = parking({ retry: {} })

/** What is no process. */
const NO_TARGETS: ReadonlySet<string> = new Set(['addPartitions'])

describe('the registry', () => {
  it('[F6] knows each kind by a name of its own', () => {
    const names = FAULT_KINDS.map(({ kind }) => kind)
    expect(new Set(names).size).toBe(names.length)
    expect(names).toEqual(Object.keys(EXAMPLES))
  })

  it('[F6] finds the kind of an entry by the member of that name', () => {
    for (const [kind, entry] of Object.entries(EXAMPLES))
      expect(faultKindOf({ at: '1s', ...entry })?.kind).toBe(kind)
    expect(faultKindOf({ at: '1s' })).toBeUndefined()
    expect(faultKindOf({ at: '1s', Crash: 'receiver' })).toBeUndefined()
  })

  it.each(FAULT_KINDS)('[F6] has for $kind a schema, a sentence, targets and a description', (kind) => {
    const { schema, says, targets, describe: inWords } = kind
    const example = EXAMPLES[kind.kind] as Record<string, unknown>
    const settings = schema.parse(example)
    expect(says).toMatch(/^[A-Z].*\.$/)
    expect(targets(settings)).toEqual(NO_TARGETS.has(kind.kind) ? [] : [example[kind.kind]].flat())
    expect(inWords(settings)).toMatch(/\S+ \S+/)
    expect(schema.safeParse({ ...example, colour: 'red' }).success).toBe(false)
    expect(schema.safeParse({ ...example, [kind.kind]: 7 }).success).toBe(false)
    for (const member of Object.keys(example)) {
      expect(schema.safeParse({ ...example, [member]: undefined }).success).toBe(false)
    }
  })

  it.each(FAULT_KINDS)('[F7] heals from $kind: the right system keeps its promises', async ({ kind }) => {
    for (let seed = 1; seed <= 10; seed++) {
      const at = `${20 * seed}ms`
      const result = await courier(
        { seed, receivers: 2, store: 'cache', failures },
        { faults: [{ ...EXAMPLES[kind], at }] },
      )
      expect(allStruck(result)).toBe(true)
      expect(result.verdict).toBe('pass')
    }
  })
})
