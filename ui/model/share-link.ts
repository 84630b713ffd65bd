import type { FaultSpec, Scenario } from '../../sim/index.ts'

/** What can differ between scenarios besides faults and params, by part. */
export interface Settings {
  readonly workload?: Partial<Scenario['workload']>
  readonly cluster?: Partial<Scenario['cluster']>
  readonly budget?: Partial<Scenario['budget']>
}

/** The parts of a scenario that settings are about. */
export const PARTS = ['workload', 'cluster', 'budget'] as const

/** What a link carries: the cause of a run, not its data; whoever opens it runs it again. */
export interface Shared {
  readonly system: string
  readonly file: string
  readonly seed: number
  /** What differs from the file; undefined: as the file says. */
  readonly params: Scenario['params'] | undefined
  readonly faults: readonly FaultSpec[] | undefined
  /** Members of the load, the cluster and the budget that differ from the file's. */
  readonly settings: Settings | undefined
  /** Of the run that was shared, to compare with. */
  readonly digest: string
  /** Hash of the system's bundle. */
  readonly bundle: string
  readonly event: number
  readonly pane: string
  readonly filter: string
  /** Marked events, each with a note. */
  readonly marks: readonly (readonly [event: number, note: string])[]
}

const VERSION = 1

/** Why a link cannot be opened, for people. */
export class LinkError extends Error {}

/** A link's fragment, without `#`. */
export async function encodeLink(shared: Shared): Promise<string> {
  const { system, file, seed, params, faults, settings, digest, bundle, event, pane, filter, marks } = shared
  const fields = [
    VERSION,
    system,
    file,
    seed,
    params ?? 0,
    faults ?? 0,
    settings ?? 0,
    digest,
    bundle,
    event,
    pane,
    filter,
    ...(marks.length === 0 ? [] : [marks]),
  ]
  const bytes = new TextEncoder().encode(JSON.stringify(fields))
  return `run=${toBase64(await through(bytes, new CompressionStream('deflate-raw')))}`
}

/**
 * Reads a link's fragment; undefined when it is none.
 * @throws LinkError when it is damaged or of a newer version
 */
export async function decodeLink(fragment: string): Promise<Shared | undefined> {
  const match = /^#?run=([\w-]+)$/.exec(fragment)
  if (match === null) {
    if (/^#?run=/.test(fragment))
      throw new LinkError('This link is damaged: it was cut off or changed on its way.')
    return undefined
  }
  let fields: unknown
  try {
    const bytes = await through(fromBase64(match[1] as string), new DecompressionStream('deflate-raw'))
    fields = JSON.parse(new TextDecoder().decode(bytes))
  } catch {
    throw new LinkError('This link is damaged: it was cut off or changed on its way.')
  }
  return sharedOf(fields)
}

function sharedOf(fields: unknown): Shared {
  if (!Array.isArray(fields))
    throw new LinkError('This link is damaged: it was cut off or changed on its way.')
  const [
    version,
    system,
    file,
    seed,
    params,
    faults,
    settings,
    digest,
    bundle,
    event,
    pane,
    filter,
    marks = [],
  ] = fields
  if (version !== VERSION)
    throw new LinkError(
      `This link was made by another version of faultline (${String(version)}): open it with that one.`,
    )
  const texts = [system, file, digest, bundle, pane, filter].every((text) => typeof text === 'string')
  const numbers = [seed, event].every((number) => Number.isSafeInteger(number) && number >= 0)
  const noted = Array.isArray(marks) && marks.every(isMark)
  // What is wrong within them is told where they are run.
  const changes =
    (params === 0 || isMap(params)) && (faults === 0 || Array.isArray(faults)) && isSettings(settings)
  if (!texts || !numbers || !noted || !changes)
    throw new LinkError('This link is damaged: it was cut off or changed on its way.')
  return {
    system,
    file,
    seed,
    params: params === 0 ? undefined : params,
    faults: faults === 0 ? undefined : faults,
    settings:
      settings === 0
        ? undefined
        : typeof settings === 'number'
          ? { workload: { orders: settings } }
          : settings,
    digest,
    bundle,
    event,
    pane,
    filter,
    marks,
  }
}

/** A number is one of orders: earlier links carried no more. */
function isSettings(value: unknown): boolean {
  if (typeof value === 'number') return Number.isSafeInteger(value) && value >= 0
  return (
    isMap(value) &&
    Object.entries(value as object).every(
      ([part, changed]) => PARTS.some((name) => name === part) && isMap(changed),
    )
  )
}

function isMap(value: unknown): boolean {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function isMark(mark: unknown): boolean {
  return Array.isArray(mark) && Number.isSafeInteger(mark[0]) && mark[0] > 0 && typeof mark[1] === 'string'
}

async function through(
  bytes: Uint8Array<ArrayBuffer>,
  stream: CompressionStream | DecompressionStream,
): Promise<Uint8Array<ArrayBuffer>> {
  const output = new Blob([bytes]).stream().pipeThrough(stream)
  return new Uint8Array(await new Response(output).arrayBuffer())
}

function toBase64(bytes: Uint8Array): string {
  let text = ''
  for (const byte of bytes) text += String.fromCharCode(byte)
  return btoa(text).replaceAll('+', '-').replaceAll('/', '_').replace(/=+$/, '')
}

function fromBase64(text: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(atob(text.replaceAll('-', '+').replaceAll('_', '/')), (letter) =>
    letter.charCodeAt(0),
  )
}
