import type { Process } from '../cluster/process.ts'
import { KeyValueClient, type KeyValues } from '../database/key-value-client.ts'
import { type KeyValueOptions, KeyValueServer } from '../database/key-value-server.ts'
import { SimError } from '../kernel/error.ts'
import type { Task } from '../kernel/task.ts'
import { type DurationText, positiveMicros } from '../kernel/time.ts'
import type { ExternalServer, ExternalSpec } from './component.ts'
import { checkOptionNames } from './option.ts'

/** Options of a key-value store as a system declares it. */
export interface KeyValueStoreOptions extends KeyValueOptions {
  /** How long a command waits for its answer before it fails with `timeout`. Default: 1s. */
  readonly timeout?: DurationText
}

/** A key-value store that services share: a client of each service that names it among its `clients`. */
export interface KeyValueStoreSpec extends ExternalSpec<KeyValues> {
  readonly isKeyValueStore: true
}

/** A key-value store in one run. */
export class OpenedStore implements ExternalServer<KeyValues> {
  readonly server: KeyValueServer
  private readonly timeout: DurationText

  constructor(server: KeyValueServer, timeout: DurationText) {
    this.server = server
    this.timeout = timeout
  }

  client(task: Task, process: Process): KeyValues {
    return new KeyValueClient(this.server, process, task, this.timeout)
  }
}

/**
 * Declares a key-value store, such as Redis, which keeps all it has in memory and loses it in a crash. Name it among the
 * `externals` of the system and the `clients` of services: `ctx.cache.setnx(key, value, '10s')`.
 * @throws SimError 'definition' for options that cannot be meant
 */
export function keyValueStore(name: string, options: KeyValueStoreOptions = {}): KeyValueStoreSpec {
  checkOptionNames(`key-value store ${name}`, options, { timeout: 'any', maxKeys: 'any' })
  const { timeout = '1s', maxKeys } = options
  positiveMicros(timeout, `the time-out of key-value store ${name}`)
  if (maxKeys !== undefined && !(Number.isSafeInteger(maxKeys) && maxKeys >= 1))
    throw new SimError(
      'definition',
      `key-value store ${name}: maxKeys: expected a whole number from 1, got ${maxKeys}`,
    )
  return {
    name,
    ledgers: [],
    isKeyValueStore: true,
    open: ({ network }) => new OpenedStore(new KeyValueServer(network, name, options), timeout),
  }
}

/** Whether it is a key-value store. */
export function isKeyValueStore(spec: ExternalSpec): boolean {
  return 'isKeyValueStore' in spec
}
