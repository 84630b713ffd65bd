import { JavaHashSet, javaStringHash } from '../assignor/java-hash.ts'

/** A broker on which replicas may be placed. */
export interface UsableBroker {
  readonly brokerId: number
  readonly rack: string | undefined
  readonly fenced: boolean
}

/** Chooses a number from 0 on, below a bound. */
export type Choose = (bound: number) => number

/** Why replicas cannot be placed. */
export type PlacementError =
  | 'replication factor not positive'
  | 'all brokers are fenced'
  | 'too few brokers are registered'

/** A circle of brokers that starts one further at every partition. */
class BrokerCircle {
  readonly brokers: number[] = []
  private index = 0
  private offset = 0
  private round = 0

  start(choose: Choose): void {
    if (this.brokers.length === 0) return
    if (!isAscending(this.brokers)) this.brokers.sort((left, right) => left - right)
    this.offset = choose(this.brokers.length)
  }

  /** The next broker for the partition of a round; undefined if all have been given. */
  next(round: number): number | undefined {
    if (this.brokers.length === 0) return undefined
    if (this.round !== round) {
      this.round = round
      this.index = 0
      this.offset = (this.offset + 1) % this.brokers.length
    }
    if (this.index >= this.brokers.length) return undefined
    const broker = this.brokers[(this.index + this.offset) % this.brokers.length]
    this.index += 1
    return broker
  }
}

/** Whether there is nothing to sort, as mostly: a sort costs much, and a placer is made for every topic. */
function isAscending(numbers: readonly number[]): boolean {
  for (let at = 1; at < numbers.length; at++)
    if ((numbers[at - 1] as number) > (numbers[at] as number)) return false
  return true
}

class Rack {
  readonly fenced = new BrokerCircle()
  readonly unfenced = new BrokerCircle()

  next(round: number): number | undefined {
    return this.unfenced.next(round) ?? this.fenced.next(round)
  }
}

/**
 * Places replicas of one partition after another: spread over the racks, and over the brokers of each; leaders only on
 * brokers that are not fenced; starting somewhere, and going on round robin. Source: StripedReplicaPlacer.
 */
export class ReplicaPlacer {
  private readonly brokerCount: number
  private readonly unfencedCount: number
  private readonly racks: Rack[]
  /** The order in which racks draw: not that of their registration, nor the one in which they take turns. */
  private readonly inHashOrder: readonly Rack[]
  private readonly choose: Choose
  private round = 0
  private offset: number

  /** @param choose where to start, and in which order to go on when every broker has led once */
  constructor(brokers: Iterable<UsableBroker>, choose: Choose) {
    const racks = new Map<string | undefined, Rack>()
    let unfencedCount = 0
    let brokerCount = 0
    for (const { brokerId, rack: name, fenced } of brokers) {
      const rack = racks.get(name) ?? new Rack()
      racks.set(name, rack)
      brokerCount += 1
      if (!fenced) unfencedCount += 1
      const circle = fenced ? rack.fenced : rack.unfenced
      circle.brokers.push(brokerId)
    }
    this.inHashOrder = rackHashOrder(racks)
    for (const { fenced, unfenced } of this.inHashOrder) {
      fenced.start(choose)
      unfenced.start(choose)
    }
    const names = [...racks.keys()].sort(byName)
    this.racks = names.map((name) => racks.get(name) as Rack)
    this.brokerCount = brokerCount
    this.unfencedCount = unfencedCount
    this.choose = choose
    this.offset = names.length === 0 ? 0 : choose(names.length)
  }

  /** Whether that many replicas can be placed. @returns undefined if they can */
  problem(replicationFactor: number): PlacementError | undefined {
    if (replicationFactor <= 0) return 'replication factor not positive'
    if (replicationFactor > this.brokerCount) return 'too few brokers are registered'
    return this.unfencedCount === 0 ? 'all brokers are fenced' : undefined
  }

  /** Replicas of the next partition, the first of which is to lead. @throws RangeError if there is a problem */
  place(replicationFactor: number): number[] {
    const problem = this.problem(replicationFactor)
    if (problem !== undefined) throw new RangeError(problem)
    const { racks } = this
    if (this.round === this.unfencedCount && this.unfencedCount > 1) {
      this.shuffleAll()
      this.round = 0
    }
    if (this.offset === racks.length) this.offset = 0
    let first = this.offset
    let leader = (racks[first] as Rack).unfenced.next(this.round)
    while (leader === undefined) {
      first = (first + 1) % racks.length
      leader = (racks[first] as Rack).unfenced.next(this.round)
    }
    const replicas = [leader]
    // The rack of the leader is passed over once.
    let passOver: number | undefined = first
    for (let at = this.offset; replicas.length < replicationFactor; at = (at + 1) % racks.length) {
      if (at === passOver) {
        passOver = undefined
        continue
      }
      const broker = (racks[at] as Rack).next(this.round)
      if (broker !== undefined) replicas.push(broker)
    }
    this.round += 1
    this.offset += 1
    // A list that has grown has room for seventeen; its copy has not.
    return replicas.slice()
  }

  private shuffleAll(): void {
    shuffle(this.racks, this.choose)
    for (const { fenced, unfenced } of this.inHashOrder) {
      shuffle(fenced.brokers, this.choose)
      shuffle(unfenced.brokers, this.choose)
    }
  }
}

/** Racks as a `HashMap<Optional<String>, Rack>` of Java iterates over them. */
function rackHashOrder(racks: ReadonlyMap<string | undefined, Rack>): Rack[] {
  const names = new JavaHashSet((name: string | undefined) => (name === undefined ? 0 : javaStringHash(name)))
  for (const name of racks.keys()) names.add(name)
  return names.toArray().map((name) => racks.get(name) as Rack)
}

function byName(left: string | undefined, right: string | undefined): number {
  if (left === right) return 0
  if (left === undefined) return -1
  return right === undefined || left > right ? 1 : -1
}

/** As java.util.Collections.shuffle does. */
function shuffle(list: unknown[], choose: Choose): void {
  for (let size = list.length; size > 1; size -= 1) {
    const at = choose(size)
    const last = list[size - 1]
    list[size - 1] = list[at]
    list[at] = last
  }
}
