import { SimError } from '../kernel/error.ts'
import type { Plain } from '../kernel/value.ts'
import { expectOneOf } from '../service/option.ts'

/** Makes the data of an event what the next version of its schema says. */
export type Upcaster = (data: never) => Plain

/** The upcasters of an event type, from its first version on: with n of them its present version is n + 1. */
export type UpcasterChains = Readonly<Record<string, readonly Upcaster[]>>

/**
 * How far old events are lifted: through the whole chain is right; `first-step` is an upcaster that nobody has continued when
 * the schema changed again, and `none` takes old data for new.
 */
export type Upcasting = (typeof UPCASTINGS)[number]

/** How far old events may be lifted, the right one first. */
export const UPCASTINGS = ['whole-chain', 'first-step', 'none'] as const

/** An event has a newer schema than this code knows: another version of the service wrote it. */
export class UnknownSchemaError extends Error {
  override readonly name = 'UnknownSchemaError'
}

/**
 * Refuses chains that hold something else than functions.
 * @param what they are, as an error says it
 * @throws SimError 'definition'
 */
export function checkUpcasters(what: string, chains: UpcasterChains): void {
  for (const [eventType, chain] of Object.entries(chains))
    if (!Array.isArray(chain) || chain.some((step) => typeof step !== 'function'))
      throw new SimError(
        'definition',
        `${what}: ${eventType}: expected a list of functions, each from one version of its data to the next`,
      )
}

/** The version of an event type that this code writes. */
export const presentVersion = (chains: UpcasterChains, eventType: string): number =>
  1 + (chains[eventType]?.length ?? 0)

/**
 * The data of an event as this code knows it.
 * @param written the version in which it was written, from 1
 * @throws UnknownSchemaError when it is newer than this code
 */
export function upcast(
  chains: UpcasterChains,
  eventType: string,
  { data, schemaVersion: written }: { readonly data: Plain; readonly schemaVersion: number },
  upcasting: Upcasting = 'whole-chain',
): Plain {
  expectOneOf(`upcasting of ${eventType}`, upcasting, UPCASTINGS)
  const present = presentVersion(chains, eventType)
  if (written > present)
    throw new UnknownSchemaError(`${eventType} was written in version ${written}: this code knows ${present}`)
  const steps = (chains[eventType] ?? []).slice(written - 1)
  const taken = upcasting === 'whole-chain' ? steps : steps.slice(0, upcasting === 'first-step' ? 1 : 0)
  return taken.reduce<Plain>((old, step) => step(old as never), data)
}
