import { LAN_LATENCY } from '../cluster/latency.ts'
import type { Network } from '../cluster/network.ts'
import { Process, type ProcessResource } from '../cluster/process.ts'
import type { Kernel } from '../kernel/kernel.ts'
import { hashText } from '../kernel/mix.ts'
import { KeyValueStore } from './key-value.ts'

/** Options of a key-value server. */
export interface KeyValueOptions {
  /** Beyond it the key that was used longest ago is evicted. Default: no bound. */
  readonly maxKeys?: number
}

/** A server that keeps keys and values in memory, and nowhere else: a small Redis. */
export class KeyValueServer implements ProcessResource {
  resourceIndex = -1
  readonly kernel: Kernel
  readonly network: Network
  readonly name: string
  readonly process: Process
  readonly store: KeyValueStore

  constructor(network: Network, name: string, { maxKeys = Number.POSITIVE_INFINITY }: KeyValueOptions = {}) {
    this.kernel = network.kernel
    this.network = network
    this.name = name
    this.store = new KeyValueStore(maxKeys)
    this.process = network.add(
      new Process(network.kernel, name, name, (self) => self.attach(this)),
      LAN_LATENCY,
    )
    this.process.start()
  }

  /** Loses the keys with a prefix, all of them for an empty one. @returns how many */
  evict(prefix: string, cause: number): number {
    const evicted = this.store.evict(prefix)
    this.kernel.digest.word(hashText(prefix, evicted))
    this.kernel.record('evict', this.name, undefined, cause, { prefix, evicted })
    return evicted
  }

  /** Its memory is gone. */
  processEnded(_cause: number): void {
    this.store.evict('')
  }
}
