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
  readonly name: string | undefined
  readonly fenced = new BrokerCircle()
  readonly unfenced = new BrokerCircle()

  constructor(name: string | undefined) {
    this.name = name
  }

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
    const racks: Rack[] = []
    let unfencedCount = 0
    let brokerCount = 0
    for (const { brokerId, rack: name, fenced } of brokers) {
      const rack = rackOf(racks, name)
      brokerCount += 1
      if (!fenced) unfencedCount += 1
      const circle = fenced ? rack.fenced : rack.unfenced
      circle.brokers.push(brokerId)
    }
    this.inHashOrder = inHashOrder(racks)
    for (const { fenced, unfenced } of this.inHashOrder) {
      fenced.start(choose)
      unfenced.start(choose)
    }
    this.racks = racks.length > 1 ? racks.sort(byName) : racks
    this.brokerCount = brokerCount
    this.unfencedCount = unfencedCount
    this.choose = choose
    this.offset = racks.length === 0 ? 0 : choose(racks.length)
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
    const placed = new Array<number>(replicationFactor)
    placed[0] = leader
    let count = 1
    // The rack of the leader is passed over once.
    let passOver: number | undefined = first
    for (let at = this.offset; count < replicationFactor; at = (at + 1) % racks.length) {
      if (at === passOver) {
        passOver = undefined
        continue
      }
      const broker = (racks[at] as Rack).next(this.round)
      if (broker !== undefined) placed[count++] = broker
    }
    this.round += 1
    this.offset += 1
    return placed
  }

  private shuffleAll(): void {
    shuffle(this.racks, this.choose)
    for (const { fenced, unfenced } of this.inHashOrder) {
      shuffle(fenced.brokers, this.choose)
      shuffle(unfenced.brokers, this.choose)
    }
  }
}

/** The rack of a name, of which there are few. */
function rackOf(racks: Rack[], name: string | undefined): Rack {
  for (const rack of racks) if (rack.name === name) return rack
  const rack = new Rack(name)
  racks.push(rack)
  return rack
}

/** Racks as a `HashMap<Optional<String>, Rack>` of Java iterates over them. */
function inHashOrder(racks: readonly Rack[]): readonly Rack[] {
  if (racks.length <= 1) return racks
  const set = new JavaHashSet<Rack>(({ name }) => (name === undefined ? 0 : javaStringHash(name)))
  for (const rack of racks) set.add(rack)
  return set.toArray()
}

function byName({ name: left }: Rack, { name: right }: Rack): number {
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
