import { SimError } from '../kernel/error.ts'
import { dateTraps } from './ambient-date.ts'
import { localeTraps } from './ambient-locale.ts'
import { NO_MACHINE, TRAPPED_PROCESS, trappedProcess } from './ambient-process.ts'
import { type Restore, type Trap, TrapSet } from './ambient-trap.ts'

/** What service code must not touch during a run, and what to use instead. */
const REPLACEMENTS: Readonly<Record<string, string>> = {
  setTimeout: 'ctx.sleep',
  setInterval: 'a job of the service',
  setImmediate: 'nothing: await a step',
  fetch: 'ctx.call',
  'Math.random': 'ctx.random',
  'crypto.randomUUID': 'ctx.id',
  'crypto.getRandomValues': 'ctx.random',
}

/** Hears of what service code did, because the code may catch what it is thrown. */
type Report = (error: SimError) => void
/** The handlers whose code may be running. */
type Running = () => readonly string[]

/**
 * Who hears of it. The traps are the same in every run and ask whoever listens now: code that captured one while it was
 * loaded (`const { now } = Date`) is heard when it calls it.
 */
let listener: { readonly report: Report; readonly running: Running } | undefined

/** Refuses a use of the machine: tells the listener, and throws. */
function refuse(used: string, instead: string): never {
  const culprit = listener?.running().join(' or ') || 'service code'
  const error = new SimError(
    'ambient',
    `${culprit} ${used}, which a simulation cannot repeat: use ${instead}`,
  )
  listener?.report(error)
  throw error
}

const forbid = (name: string) => (): never => refuse(`called ${name}`, REPLACEMENTS[name] as string)

const {
  process: machine,
  performance: stopwatch,
  navigator: device,
  Event: Happening,
  File: Document,
  Temporal,
} = globalThis as Machine

/** What engines offer, each of them not all. */
interface Machine {
  readonly process?: object
  readonly performance?: object
  readonly navigator?: object
  readonly Event?: { readonly prototype: object }
  readonly File?: { readonly prototype: object }
  readonly Temporal?: { readonly Now?: object }
}

const strictProcess = trappedProcess(machine, refuse, () => listener !== undefined)

/** Members that tell the time, the locale or the size of the machine, by whose they are. */
const TELLING: readonly (readonly [
  owner: object | undefined,
  of: string,
  names: readonly string[],
  instead: string,
])[] = [
  [
    stopwatch,
    'performance',
    ['now', 'mark', 'measure', 'toJSON', 'getEntries', 'getEntriesByName', 'getEntriesByType', 'timeOrigin'],
    'ctx.now',
  ],
  [stopwatch, 'performance', ['timing', 'nodeTiming', 'eventLoopUtilization', 'memory'], NO_MACHINE],
  [device, 'navigator', ['language', 'languages'], 'an explicit locale'],
  [device, 'navigator', ['hardwareConcurrency', 'deviceMemory'], NO_MACHINE],
  [Happening?.prototype, 'event', ['timeStamp'], 'ctx.now'],
  [Document?.prototype, 'file', ['lastModified'], 'ctx.now'],
  [Temporal?.Now, 'Temporal.Now', Object.getOwnPropertyNames(Temporal?.Now ?? {}), 'ctx.now'],
]

const telling = TELLING.flatMap(([owner, of, names, instead]) =>
  names.map((name): Trap => {
    const holder = holderOf(owner, name)
    const isMethod = holder !== undefined && 'value' in (Object.getOwnPropertyDescriptor(holder, name) ?? {})
    const trap = (): never => refuse(`${isMethod ? 'called' : 'read'} ${of}.${name}`, instead)
    return [holder, name, isMethod ? { value: trap } : { get: trap }]
  }),
)

/** The object that has a member itself: it may be a prototype that others ask directly. */
function holderOf(owner: object | null | undefined, name: string): object | undefined {
  if (owner === null || owner === undefined) return undefined
  return Object.hasOwn(owner, name) ? owner : holderOf(Reflect.getPrototypeOf(owner), name)
}

const TRAPS = new TrapSet([
  ...['setTimeout', 'setInterval', 'setImmediate', 'fetch'].map(
    (name): Trap => [globalThis, name, { value: forbid(name) }],
  ),
  ...dateTraps(globalThis, Date, refuse),
  ...localeTraps(Intl, refuse),
  ...telling,
  [Math, 'random', { value: forbid('Math.random') }],
  [globalThis.crypto, 'randomUUID', { value: forbid('crypto.randomUUID') }],
  [globalThis.crypto, 'getRandomValues', { value: forbid('crypto.getRandomValues') }],
  [globalThis, 'process', { value: strictProcess }],
  // Whoever imported the object itself (`node:process`) still may not do these.
  ...TRAPPED_PROCESS.map((name): Trap => [machine, name, { value: Reflect.get(strictProcess, name) }]),
])

/**
 * Makes ambient time, chance and I/O fail loudly until the returned function is called.
 * @param report hears the error as well, because service code may catch what it is thrown
 * @param running names the handlers whose code may be running, for the error
 */
export function trapAmbient(report: Report, running: Running = () => []): Restore {
  const before = listener
  listener = { report, running }
  const restore = TRAPS.place()
  return () => {
    restore()
    listener = before
  }
}

/** The traps of one run: a host raises them when service code may run, and lowers them before anybody else does. */
export class AmbientGuard {
  private restore: Restore | undefined = undefined
  private readonly report: Report
  private readonly running: Running

  constructor(report: Report, running: Running) {
    this.report = report
    this.running = running
  }

  raise(): void {
    this.restore ??= trapAmbient(this.report, this.running)
  }

  lower(): void {
    this.restore?.()
    this.restore = undefined
  }
}
