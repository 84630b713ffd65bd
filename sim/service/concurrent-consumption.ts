import type { Process } from '../cluster/process.ts'
import type { TopicPartition } from '../kafka/assignor/subscription.ts'
import type { PartitionOffset } from '../kafka/consumer/hooks.ts'
import {
  type ConsumerApplication,
  ConsumerClient,
  type PolledRecord,
  placeOf,
} from '../kafka/consumer-client.ts'
import type { Incarnation } from '../kernel/incarnation.ts'
import type { Actor } from '../kernel/queue.ts'
import type { Task } from '../kernel/task.ts'
import type { Micros } from '../kernel/time.ts'
import { type ConsumerPlan, consumerSettings } from './consumer-options.ts'
import { offsetsBehind } from './consumption.ts'
import { type Deliverer, Delivery, type Subscription } from './delivery.ts'
import type { Drainable } from './drain.ts'
import type { Envelope } from './envelope.ts'
import { COMMIT_OFFSETS, Intake } from './intake.ts'
import { Progress } from './progress.ts'
import type { ServiceRuntime } from './runtime.ts'
import { type Effort, Setbacks } from './setbacks.ts'

const RETRY = 0

/** A record that was polled and is not done with. */
interface Work {
  readonly polled: PolledRecord
  readonly subscription: Subscription
  readonly lane: Lane
  /** Undefined when its partition went while it was being fetched. */
  readonly holding: Holding | undefined
}

/** Records that must be handled one after another; the first is the one that is being handled or tried again. */
interface Lane {
  readonly name: string
  readonly queue: Work[]
}

/** A partition that is held, since it was assigned. */
interface Holding {
  readonly partition: TopicPartition
  readonly progress: Progress
  /** How many of its records are being handled at this moment. */
  running: number
}

/** Partitions that the group waits for. */
interface Leaving {
  readonly holdings: readonly (readonly [place: string, holding: Holding])[]
  readonly done: () => void
}

/**
 * The consumer loop of one instance in one life that handles several records at a time, as parallel consumers do
 * (confluentinc/parallel-consumer): it polls whenever a handler is free, and commits how far each partition is done. A
 * record whose handler throws is tried again after a back-off, and keeps only its own lane waiting: its partition, its
 * key, or nobody.
 */
export class ConcurrentConsumption implements ConsumerApplication, Deliverer<Work>, Actor, Drainable {
  readonly consumer: ConsumerClient
  readonly intake: Intake
  private readonly runtime: ServiceRuntime
  private readonly process: Process
  private readonly incarnation: Incarnation
  private readonly plan: ConsumerPlan
  private readonly lanes = new Map<string, Lane>()
  /** What may begin now. */
  private readonly ready: Work[] = []
  private readonly holdings = new Map<string, Holding>()
  private readonly leaving: Leaving[] = []
  private readonly setbacks: Setbacks
  private running = 0
  private isCommitting = false
  /** The task that ended last since the last commit, whose steps the next one belongs to. */
  private last: Task | undefined = undefined
  /** Called when the group is left. */
  private drained: (() => void) | undefined

  constructor(runtime: ServiceRuntime, process: Process, topics: readonly string[]) {
    this.runtime = runtime
    this.process = process
    this.incarnation = process.incarnation
    this.plan = runtime.consumerPlan
    this.setbacks = new Setbacks(runtime.failurePolicy)
    this.intake = new Intake(runtime, process)
    this.consumer = new ConsumerClient(
      runtime.kafka,
      process,
      runtime.name,
      topics,
      this,
      consumerSettings(this.plan, process.name),
    )
  }

  onRecords(): void {
    if (this.incarnation.alive) this.proceed()
  }

  onAssignment(change: 'assigned' | 'revoked' | 'lost', partitions: readonly TopicPartition[]): void {
    for (const partition of partitions) {
      const place = placeOf(partition.topic, partition.partition)
      if (change === 'assigned')
        this.holdings.set(place, { partition, progress: new Progress(this.plan.commitReach), running: 0 })
      else {
        this.drop(place)
        if (change === 'lost') this.holdings.delete(place)
      }
    }
  }

  onRevocation(partitions: readonly TopicPartition[], done: () => void): void {
    const holdings = partitions.flatMap(({ topic, partition }) => {
      const place = placeOf(topic, partition)
      const holding = this.holdings.get(place)
      return holding === undefined ? [] : [[place, holding] as const]
    })
    this.leaving.push({ holdings, done })
    this.leave()
  }

  /** The back-off of a failed handler is over. */
  onEvent(_code: number, subject: unknown): void {
    const work = subject as Work
    if (work.lane.queue[0] !== work) return
    this.ready.push(work)
    this.proceed()
  }

  /** Ends what runs, commits it, and leaves the group: what has not begun is left to others. */
  drain(done: () => void): void {
    this.drained = done
    for (const place of this.holdings.keys()) this.drop(place)
    this.close()
  }

  livesIn(): Incarnation {
    return this.incarnation
  }

  diesWith(life: Incarnation): boolean {
    return this.incarnation === life
  }

  /** Handles what is ready while there are handlers free, and polls for more. */
  private proceed(): void {
    if (this.drained !== undefined) {
      this.close()
      return
    }
    while (this.incarnation.alive && this.running < this.plan.concurrency) {
      const work = this.ready.shift()
      if (work !== undefined) {
        this.handle(work)
        continue
      }
      if (this.isBlocked) return
      if (this.plan.commit === 'after-batch') this.commit()
      if (!this.incarnation.alive || this.isBlocked) return
      const records = this.consumer.poll()
      if (records.length === 0) return
      for (const polled of records) this.take(polled)
      if (this.plan.commit === 'before-handling') this.commitBeforehand(records)
    }
  }

  /** Whether what was polled must be committed before anything else happens. */
  private get isBlocked(): boolean {
    return this.isCommitting && this.plan.commit === 'before-handling'
  }

  private take(polled: PolledRecord): void {
    const subscription = this.intake.subscriptionOf(polled)
    const holding = this.holdings.get(polled.place)
    holding?.progress.take(polled.offset)
    if (subscription === undefined) {
      holding?.progress.finish(polled.offset)
      return
    }
    const name = this.laneOf(polled)
    let lane = this.lanes.get(name)
    if (lane === undefined) {
      lane = { name, queue: [] }
      this.lanes.set(name, lane)
    }
    const work: Work = { polled, subscription, lane, holding }
    lane.queue.push(work)
    if (lane.queue.length === 1) this.ready.push(work)
  }

  private laneOf({ place, record, offset }: PolledRecord): string {
    switch (this.plan.order) {
      case 'partition':
        return place
      case 'key':
        return `${place} ${record.key}`
      case 'none':
        return `${place} ${offset}`
    }
  }

  private handle(work: Work): void {
    const { polled, subscription, holding } = work
    const dueMicros = this.intake.dueMicros(polled, this.setbacks)
    if (dueMicros > this.process.kernel.nowMicros) {
      this.postpone(work, dueMicros, polled.record.appended)
      return
    }
    this.running++
    if (holding !== undefined) holding.running++
    const context = this.intake.begin(this.consumer, [polled], subscription)
    new Delivery(this, work, subscription.handler, context, context.event as Envelope).begin()
  }

  handled(task: Task, work: Work): void {
    const { polled, holding } = work
    this.runtime.untroubled(nameOf(polled))
    this.setbacks.succeeded(nameOf(polled))
    this.pass(work)
    holding?.progress.finish(polled.offset)
    this.last = task
    this.ended(work)
    if (this.plan.commit === 'after-each') this.commit()
    if (this.incarnation.alive) this.proceed()
  }

  failed(error: unknown, task: Task, work: Work, of: Effort = 'handling'): void {
    if (!this.runtime.handlerFailed(this.process, task, error)) return
    const { polled } = work
    const verdict = this.intake.judge(this.setbacks, nameOf(polled), error, of)
    if (verdict === 'put away') {
      this.intake.putAway(error, task, [polled], undefined, (failure) => {
        if (failure === undefined) this.handled(task, work)
        else this.failed(failure, task, work, 'putting away')
      })
      return
    }
    this.runtime.troubled(nameOf(polled), task, error)
    this.postpone(work, this.process.kernel.nowMicros + verdict.pauseMicros, task.cause)
    this.ended(work)
    if (this.incarnation.alive) this.proceed()
  }

  /** Begins with a record at a moment; its lane waits until then. */
  private postpone(work: Work, atMicros: Micros, cause: number): void {
    this.process.kernel.scheduleAt(atMicros, work.polled.record.entity, this, RETRY, work, cause)
  }

  /** The first of a lane is done with: the next one may begin. */
  private pass({ lane }: Work): void {
    lane.queue.shift()
    const [next] = lane.queue
    if (next !== undefined) this.ready.push(next)
    else if (this.lanes.get(lane.name) === lane) this.lanes.delete(lane.name)
  }

  /** A handler has ended, well or not. */
  private ended({ holding }: Work): void {
    this.running--
    if (holding !== undefined) holding.running--
    if (this.leaving.length > 0) this.leave()
  }

  /** Forgets the records of a partition that have not begun, and those that wait for a back-off. */
  private drop(place: string): void {
    for (const lane of this.lanes.values()) {
      if (lane.queue[0]?.polled.place !== place) continue
      lane.queue.length = 0
      this.lanes.delete(lane.name)
    }
    const others = this.ready.filter(({ polled }) => polled.place !== place)
    this.ready.splice(0, this.ready.length, ...others)
  }

  /** Lets go the partitions that nobody works on any more, when their progress is committed. */
  private leave(): void {
    const [first] = this.leaving
    if (first === undefined || this.isCommitting) return
    const { holdings } = first
    if (this.plan.revocation === 'drain' && holdings.some(([, { running }]) => running > 0)) return
    if (this.isExplicit && this.commit()) return
    this.leaving.shift()
    for (const [place, holding] of holdings)
      if (this.holdings.get(place) === holding) this.holdings.delete(place)
    first.done()
  }

  /** Leaves the group when nothing runs any more and what has ended is committed. */
  private close(): void {
    const { drained } = this
    if (drained === undefined || this.running > 0 || this.isCommitting) return
    if (this.isExplicit && this.commit()) return
    this.drained = () => {}
    this.consumer.close(drained)
  }

  /** Whether the loop itself commits how far it is. */
  private get isExplicit(): boolean {
    return this.plan.commit === 'after-batch' || this.plan.commit === 'after-each'
  }

  /** Commits how far every partition is done, unless a commit is under way. @returns whether there is one now */
  private commit(): boolean {
    const { last } = this
    if (this.isCommitting || last === undefined) return this.isCommitting
    const offsets: PartitionOffset[] = []
    for (const { partition, progress } of this.holdings.values()) {
      const offset = progress.toCommit()
      if (offset === undefined) continue
      progress.commit(offset)
      offsets.push({ ...partition, offset, leaderEpoch: -1, metadata: '' })
    }
    if (offsets.length === 0) return false
    this.last = undefined
    this.send(last, offsets)
    return true
  }

  private commitBeforehand(records: readonly PolledRecord[]): void {
    const [first] = this.ready
    if (first === undefined) return
    this.send(this.intake.beforehand(first.polled, first.subscription), offsetsBehind(records))
  }

  private send(task: Task, offsets: readonly PartitionOffset[]): void {
    // Before the point: who is shut down there has begun to commit, and leaves the group after that.
    this.isCommitting = true
    if (!task.pass(COMMIT_OFFSETS, 'before', task.cause)) return
    this.consumer.commitOffsets(offsets, task.entity, task.cause, (error) => {
      if (!this.incarnation.alive) return
      // A group that has moved on takes no commit: what was handled comes again, to whoever has the partition now.
      if (error === undefined && !task.pass(COMMIT_OFFSETS, 'after', this.process.kernel.cause)) return
      this.isCommitting = false
      if (this.plan.commit === 'after-each') this.commit()
      if (this.leaving.length > 0) this.leave()
      if (this.incarnation.alive) this.proceed()
    })
  }
}

/** A record as a list of what keeps failing names it. */
function nameOf({ place, offset }: PolledRecord): string {
  return `${place} ${offset}`
}
