import { Metadata } from '../controller/metadata.ts'
import { Deadlines } from '../coordinator/deadlines.ts'
import { Disk } from '../log/disk.ts'
import type { BrokerConfig, BrokerSwitches } from './config.ts'
import type { BrokerHost } from './host.ts'
import type { Replica } from './replica.ts'

/** Broker epoch of a broker that is not registered yet. */
export const NO_BROKER_EPOCH = -1

/** What all parts of a broker share. */
export class BrokerContext {
  readonly id: number
  readonly config: BrokerConfig
  readonly switches: BrokerSwitches
  readonly host: BrokerHost
  /** What the broker has heard of the metadata. */
  readonly metadata = new Metadata()
  readonly timers = new Deadlines()
  readonly disk: Disk
  /** The life of the broker. */
  brokerEpoch = NO_BROKER_EPOCH
  /** When the broker was started. */
  startMillis = 0
  /** The moment of what is being done now. */
  nowMillis = 0
  /** Hears of every replica that was touched. */
  changed: (replica: Replica) => void = () => {}
  /** Replicas of which something has changed that somebody may be waiting for. */
  private readonly touched: Replica[] = []
  /** How many of them have been looked at. */
  private settled = 0

  constructor(id: number, config: BrokerConfig, switches: BrokerSwitches, host: BrokerHost) {
    this.id = id
    this.config = config
    this.switches = switches
    this.host = host
    this.disk = host.disk ?? new Disk()
  }

  /** Whoever waits for a replica is to look at it, before the broker does anything else. */
  touch(replica: Replica): void {
    if (replica.isTouched) return
    replica.isTouched = true
    this.touched.push(replica)
  }

  /** Lets everybody look who waits for a replica that was touched. */
  settle(): void {
    const { touched } = this
    // Whoever looks may touch further ones, or have all of them looked at.
    while (this.settled < touched.length) {
      const replica = touched[this.settled++] as Replica
      replica.isTouched = false
      this.changed(replica)
      replica.wake(this.nowMillis)
    }
    // Setting the length of a list is slow.
    while (touched.length > 0) touched.pop()
    this.settled = 0
  }
}
