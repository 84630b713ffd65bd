import { prepare, type RunResult, run, scenarioOf } from 'faultline'
import { afterEach, describe, expect, it, vi } from 'vitest'
import kafka from '../../scenarios/kafka/system.ts'
import { CLIENT_ASSIGNORS, type ClientAssignor } from '../../sim/kafka/assignor/client-assignor.ts'
import * as currentAssignment from '../../sim/kafka/coordinator/current-assignment.ts'

/** What a member has only been told to give up counts as given up: rule N2 without its wait. */
function hastyCoordinator(): () => void {
  const { reconcile } = currentAssignment
  const spy = vi.spyOn(currentAssignment, 'reconcile').mockImplementation((member, target) => ({
    ...reconcile(member, target),
    partitionsPendingRevocation: new Map(),
  }))
  return () => spy.mockRestore()
}

/** A leader that gives every member what all of them are to share. */
function generousLeader(): () => void {
  const assignors = CLIENT_ASSIGNORS as Map<string, ClientAssignor>
  const right = assignors.get('range') as ClientAssignor
  const assign: ClientAssignor['assign'] = (counts, members, leaderId) => {
    const assigned = right.assign(counts, members, leaderId)
    const all = [...assigned.values()].flat()
    return new Map([...assigned.keys()].map((member) => [member, all]))
  }
  assignors.set('range', { ...right, assign })
  return () => void assignors.set('range', right)
}

let mended = (): void => {}

afterEach(() => {
  mended()
  mended = () => {}
})

const settings = {
  classic: { 'session.timeout.ms': 6_000 },
  consumer: { 'group.protocol': 'consumer' },
} as const

/** A group that grows while it is at work. */
const grown = (protocol: keyof typeof settings): Promise<RunResult> =>
  run(
    prepare(kafka, {}),
    scenarioOf({
      system: 'kafka',
      cluster: { kafka: settings[protocol], oracles: ['groups'] },
      workload: { orders: 20, every: '500ms' },
      // Who is to give something up handles slowly what it has of it.
      faults: [
        { scale: 'archive', at: '1s', instances: 2 },
        { slowCommit: 'archive-db', at: '500ms', by: '20s', for: '10s' },
      ],
    }),
    1,
  )

describe('two members that own one partition', () => {
  it.each([
    ['a coordinator that does not wait until it is given up', hastyCoordinator, 'consumer'],
    ['a leader that assigns everything to everybody', generousLeader, 'classic'],
  ] as const)(
    '[KQ7] are seen in a run with %s, and nobody with a right one',
    async (_, mistake, protocol) => {
      expect((await grown(protocol)).properties.at(-1)).toMatchObject({ verdict: 'pass' })
      mended = mistake()
      const { properties } = await grown(protocol)
      expect(properties.at(-1)).toMatchObject({
        name: 'partitions have one owner in a group',
        verdict: 'violated',
        message: expect.stringMatching(
          /^double-ownership in letters\/\d.*, as archive\/archive-\d\S+ and archive\/archive-\d\S+ saw it: two members could commit for one partition/,
        ),
        atMicros: expect.any(Number),
      })
    },
  )
})
