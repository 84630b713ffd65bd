import fc from 'fast-check'
import { expect, it } from 'vitest'
import type { ConsumerGroup } from '../../sim/kafka/coordinator/consumer-group.ts'
import type { ConsumerGroupMember } from '../../sim/kafka/coordinator/consumer-group-member.ts'
import type { PartitionEpochs, PartitionSet } from '../../sim/kafka/coordinator/consumer-group-partitions.ts'
import { toTopicPartitions } from '../../sim/kafka/coordinator/consumer-group-partitions.ts'
import { type Client, GroupWorld, keys, type Loss } from '../fixtures/consumer-group-client.ts'

/** What happens next; a client is an index. */
type Act =
  | { readonly act: 'start' | 'stop' | 'settle'; readonly client: number }
  | { readonly act: 'heartbeat'; readonly client: number; readonly loss: Loss }
  | { readonly act: 'leave'; readonly client: number; readonly loss: Loss; readonly epoch: -1 | -2 }
  | { readonly act: 'subscribe'; readonly client: number; readonly topics: readonly string[] }
  | { readonly act: 'partitions'; readonly topic: string; readonly count: number }
  | { readonly act: 'sleep'; readonly millis: number }

const client = fc.nat(4)
const loss = fc.constantFrom<Loss>('none', 'none', 'none', 'response', 'request')
const topics = fc.constantFrom<readonly string[]>(['a'], ['b'], ['a', 'b'], ['b', 'c'], [])
const act: fc.Arbitrary<Act> = fc.oneof(
  { weight: 12, arbitrary: fc.record({ act: fc.constant('heartbeat' as const), client, loss }) },
  { weight: 4, arbitrary: fc.record({ act: fc.constantFrom('settle' as const), client }) },
  { weight: 3, arbitrary: fc.record({ act: fc.constantFrom('start' as const), client }) },
  { weight: 1, arbitrary: fc.record({ act: fc.constantFrom('stop' as const), client }) },
  {
    weight: 1,
    arbitrary: fc.record({
      act: fc.constant('leave' as const),
      client,
      loss,
      epoch: fc.constantFrom<-1 | -2>(-1, -2),
    }),
  },
  { weight: 1, arbitrary: fc.record({ act: fc.constant('subscribe' as const), client, topics }) },
  {
    weight: 1,
    arbitrary: fc.record({
      act: fc.constant('partitions' as const),
      topic: fc.constantFrom('a', 'b', 'c'),
      count: fc.nat(6),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      act: fc.constant('sleep' as const),
      millis: fc.constantFrom(1, 500, 1000, 3000, 5000, 5000, 15_000, 45_000),
    }),
  },
)

function perform(world: GroupWorld, next: Act): void {
  if (next.act === 'sleep') world.sleep(next.millis)
  else if (next.act === 'partitions') world.setPartitions(next.topic, next.count)
  else {
    const actor = world.clients[next.client] as Client
    if (next.act === 'heartbeat') actor.heartbeat(next.loss)
    else if (next.act === 'leave') actor.leave(next.loss, next.epoch)
    else if (next.act === 'subscribe') actor.subscribe(next.topics)
    else actor[next.act]()
  }
}

/** As an assertion, but cheap while it holds. */
function must(condition: boolean, what: string): void {
  if (!condition) throw new Error(what)
}

const same = (left: readonly string[], right: readonly string[]) =>
  [...left].sort().join() === [...right].sort().join()

const held = (partitions: PartitionSet | PartitionEpochs) => [...keys(toTopicPartitions(partitions))]
const inHand = (member: ConsumerGroupMember) => [
  ...held(member.assignedPartitions),
  ...held(member.partitionsPendingRevocation),
]

/** The invariants of the TLA+ model of KIP-848 that hold at all times. */
class Oracle {
  private readonly world: GroupWorld
  private groupEpoch = 1
  private assignmentEpoch = 1
  private readonly memberEpochs = new Map<string, number>()

  constructor(world: GroupWorld) {
    this.world = world
  }

  check(): void {
    const { group } = this.world
    if (group === undefined) return
    this.legalTargetAssignment(group)
    this.validPartitionEpoch(group)
    this.noDoubleClientAssignment(group)
    this.validMemberEpoch(group)
    this.validStableGroupState(group)
  }

  private legalTargetAssignment(group: ConsumerGroup): void {
    const targets = [...group.targets.values()].flatMap(held)
    must(new Set(targets).size === targets.length, 'LegalTargetAssignment: a partition for two members')
    for (const memberId of group.targets.keys()) {
      must(group.members.has(memberId), 'LegalTargetAssignment: a target of no member')
    }
    if (group.groupEpoch > group.assignmentEpoch) return
    must(same(targets, everything(group.topics)), 'LegalTargetAssignment: not every partition')
    for (const [memberId, target] of group.targets) {
      const subscribed = group.members.get(memberId)?.subscribedTopicNames
      for (const topicName of target.keys()) {
        must(subscribed?.has(topicName) === true, 'LegalTargetAssignment: a topic that was not asked for')
      }
    }
  }

  private validPartitionEpoch(group: ConsumerGroup): void {
    const owners = [...group.members.values()].flatMap((member) => inHand(member))
    must(new Set(owners).size === owners.length, 'ValidPartitionEpoch: a partition with two owners')
    for (const member of group.members.values()) {
      for (const key of inHand(member)) {
        const dash = key.lastIndexOf('-')
        const epoch = group.partitionEpoch(key.slice(0, dash), Number(key.slice(dash + 1)))
        must(epoch === member.memberEpoch, "ValidPartitionEpoch: not the owner's epoch")
      }
      const newest = member.memberEpoch === -2 ? 0 : member.memberEpoch
      for (const epochs of member.assignedPartitions.values()) {
        for (const epoch of epochs.values()) must(epoch <= newest, 'ValidPartitionEpoch: got in the future')
      }
    }
  }

  /** Of the clients that the coordinator has not given up, no two read the same partition. */
  private noDoubleClientAssignment(group: ConsumerGroup): void {
    const read = this.world.clients.flatMap((one) => (group.members.has(one.memberId) ? [...one.owned] : []))
    must(new Set(read).size === read.length, 'NoDoubleClientAssignment')
  }

  private validMemberEpoch(group: ConsumerGroup): void {
    must(group.groupEpoch >= this.groupEpoch, 'ValidMemberEpoch: the group epoch fell')
    must(group.assignmentEpoch >= this.assignmentEpoch, 'ValidMemberEpoch: the assignment epoch fell')
    must(group.assignmentEpoch <= group.groupEpoch, 'ValidMemberEpoch: an assignment of the future')
    for (const { memberId, memberEpoch } of group.members.values()) {
      must(memberEpoch <= group.assignmentEpoch, 'ValidMemberEpoch: a member of the future')
      if (memberEpoch === -2) continue
      must(memberEpoch >= (this.memberEpochs.get(memberId) ?? 1), 'ValidMemberEpoch: a member epoch fell')
      this.memberEpochs.set(memberId, memberEpoch)
    }
    this.groupEpoch = group.groupEpoch
    this.assignmentEpoch = group.assignmentEpoch
  }

  private validStableGroupState(group: ConsumerGroup): void {
    if (group.state !== 'Stable') return
    for (const member of group.members.values()) {
      must(member.memberEpoch === group.groupEpoch, 'ValidStableGroupState: a member that lags')
      must(member.partitionsPendingRevocation.size === 0, 'ValidStableGroupState: something to give up')
      const target = held(group.target(member.memberId) ?? new Map())
      must(same(held(member.assignedPartitions), target), 'ValidStableGroupState: not the target')
    }
  }
}

const everything = (topics: ReadonlyMap<string, number>) =>
  [...topics].flatMap(([topicName, count]) =>
    Array.from({ length: count }, (_, number) => `${topicName}-${number}`),
  )

/** Nothing is lost any more: everybody sends a heartbeat every 5 s and does what it is told. */
function calmDown(world: GroupWorld, oracle: Oracle): void {
  for (let rounds = 0; rounds < 40; rounds++) {
    world.sleep(5000)
    for (const one of world.clients) {
      one.settle()
      one.heartbeat('none')
      oracle.check()
    }
  }
}

/** EventuallyConverges. */
function hasConverged(world: GroupWorld): void {
  const living = world.clients.filter((one) => one.alive)
  const { group } = world
  expect(group?.state ?? 'Empty').toBe(living.length === 0 ? 'Empty' : 'Stable')
  expect([...(group?.members.keys() ?? [])].sort()).toEqual(living.map((one) => one.memberId).sort())
  const read = [...world.topics.counts].filter(([topicName]) =>
    living.some((one) => one.subscription.includes(topicName)),
  )
  expect(living.flatMap((one) => [...one.owned]).sort()).toEqual(everything(new Map(read)).sort())
  for (const one of living) {
    for (const key of one.owned) expect(one.subscription).toContain(key.slice(0, key.lastIndexOf('-')))
  }
}

it.each([0, 1000])(
  '[KN6] whatever happens, the invariants of KIP-848 hold (assignment interval %i ms)',
  (interval) => {
    fc.assert(
      fc.property(fc.array(act, { minLength: 20, maxLength: 120, size: 'max' }), (acts) => {
        const world = new GroupWorld({ 'group.consumer.assignment.interval.ms': interval })
        const oracle = new Oracle(world)
        for (const next of acts) {
          perform(world, next)
          oracle.check()
        }
        calmDown(world, oracle)
        hasConverged(world)
      }),
      { numRuns: 200, seed: 848 },
    )
  },
)
