import type { ZodType } from 'zod'
import type { Network } from '../cluster/network.ts'
import type { Process } from '../cluster/process.ts'
import type { Database } from '../database/database.ts'
import type { KeyValueServer } from '../database/key-value-server.ts'
import type { KafkaCluster } from '../kafka/cluster.ts'
import { SimError } from '../kernel/error.ts'
import type { Strike } from '../kernel/fault.ts'
import type { Kernel } from '../kernel/kernel.ts'
import type { Micros } from '../kernel/time.ts'
import type { QueueServer } from '../queue/server.ts'
import type { Draw, Members, Place, Targets } from './aim.ts'
import type { Setback } from './operator.ts'

/** The instances of a service as operators see them. */
export interface OperatedFleet {
  readonly processes: readonly Process[]
  /** Adds instances, or shuts the last ones down for good. */
  scale(count: number, cause: number): void
  /** Shuts an instance down in order. */
  shutDown(process: Process, cause: number, restartMicros: Micros | undefined): void
  /** Replaces the version of all instances, one after another. @returns when that will be done at the latest */
  deploy(version: string, cause: number): Micros
}

/** A service as operators see it. */
export interface OperatedService {
  readonly name: string
  readonly versions: readonly string[]
  readonly fleet: OperatedFleet
  /**
   * Has what its failure policy has put away delivered again, and what its outbox has parked sent again.
   * @param ended hears that it has, or why it has not and which record says so; it does not when the run ends by it
   */
  redrive(cause: number, ended: (setback: Setback | undefined) => void): void
}

/** What faults act on. */
export interface FaultWorld {
  readonly kernel: Kernel
  readonly network: Network
  readonly kafka: KafkaCluster
  /** Undefined in a system without queues. */
  readonly queues: QueueServer | undefined
  readonly services: readonly OperatedService[]
  readonly databases: readonly Database[]
  /** The key-value stores. */
  readonly stores: readonly KeyValueServer[]
}

/** A strike of a fault, which may act once more later than at its moment. */
export interface FaultStrike extends Strike {
  /** It acts at this moment: the system is disturbed anew, and is whole from now on as far as this fault goes. */
  actsAgain(): void
}

/**
 * Processes that have lives: those of services (instances, relays, databases and stores), and of them the databases and
 * the key-value stores alone; brokers; and the controller.
 */
export type TargetGroup = 'services' | 'databases' | 'stores' | 'brokers' | 'controller'

/**
 * A kind of fault. Its name is the member of a scenario file's entry that says what is hit, as in `crash: payment`;
 * the registry lists every kind, and whoever needs to know one (files, shrinking, reports) asks the registry.
 */
export interface FaultKind<Settings extends object = object> {
  readonly kind: string
  readonly says: string
  /** The members of its entry besides the trigger's (`at`, `of`, `nth`). */
  readonly schema: ZodType<Settings>
  /** What it acts on; everything unless said. */
  readonly actsOn?: readonly TargetGroup[]
  /** Names of processes or services that it mentions: for validation against the system, and its lanes in a timeline. */
  targets(settings: Settings): readonly string[]
  /** What it does, in one sentence. */
  describe(settings: Settings): string
  /** Before the run: what must be so from the beginning for it to strike. */
  prepare?(world: FaultWorld, settings: Settings): void
  /**
   * Strikes.
   * @returns when it will have healed: the moment from which the system is whole again as far as this fault goes
   */
  strike(world: FaultWorld, settings: Settings, strike: FaultStrike): Micros
  /**
   * Everything of a system that it can be aimed at, each as the members of an entry that say so, the likeliest first.
   * Left out: only a scenario can aim it, and nothing that a campaign draws depends on it.
   * @param place where it strikes; undefined for a moment
   */
  aims?(targets: Targets, place: Place | undefined): readonly Members[]
  /** Draws the members that say how strong it is and how long it lasts. */
  sample(draw: Draw): Members
  /** How often a plan has it, compared with other kinds; default 1. */
  readonly weight?: number
  /** How many of it a plan may hold, so that a right system can still keep its promises; left out: as many as you like. */
  most?(targets: Targets): number
  /** Whether a broker that it befalls forgets what it has not flushed. */
  readonly losesPageCache?: boolean
}

/** Declares a kind of fault; the registry knows it by its schema alone, whatever its settings are. */
export function defineFault<Settings extends object>(kind: FaultKind<Settings>): FaultKind {
  return kind as unknown as FaultKind
}

/** The database of a name, which has been checked. */
export function databaseNamed({ databases }: FaultWorld, name: string): Database {
  const database = databases.find((candidate) => candidate.name === name)
  if (database !== undefined) return database
  const expected = databases.map((candidate) => candidate.name).join(', ')
  throw new SimError('definition', `there is no database '${name}': expected ${expected}`)
}

/** The service that an operator means; undefined, and the run ends with an error, when it is none but a part of one. */
export function operated(
  { kernel, services }: FaultWorld,
  kind: string,
  name: string,
): OperatedService | undefined {
  const service = services.find((candidate) => candidate.name === name)
  if (service !== undefined) return service
  const expected = services.map((candidate) => candidate.name).join(', ')
  kernel.fail(new SimError('definition', `${kind} acts on services, not on '${name}': expected ${expected}`))
  return undefined
}
