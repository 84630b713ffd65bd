import { SimError } from '../kernel/error.ts'
import { TRAPPED_PROCESS, trappedProcess } from './ambient-process.ts'

/** What service code must not touch during a run, and what to use instead. */
const REPLACEMENTS: Readonly<Record<string, string>> = {
  setTimeout: 'ctx.sleep',
  setInterval: 'a job of the service',
  setImmediate: 'nothing: await a step',
  fetch: 'ctx.call',
  'Date.now': 'ctx.now',
  'new Date': 'new Date(ctx.now())',
  'Math.random': 'ctx.random',
  'performance.now': 'ctx.now',
  'crypto.randomUUID': 'ctx.id',
  'crypto.getRandomValues': 'ctx.random',
}

/** Hears of what service code did, because the code may catch what it is thrown. */
type Report = (error: SimError) => void
/** The handlers whose code may be running. */
type Running = () => readonly string[]
type Restore = () => void

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

/** A Date that computes with given moments as usual and refuses to tell the present one. */
function trappedDate(): unknown {
  const [now, construct] = [forbid('Date.now'), forbid('new Date')]
  return new Proxy(Date, {
    construct: (target, args, newTarget) =>
      args.length === 0 ? construct() : Reflect.construct(target, args, newTarget),
    apply: () => construct(),
    get: (target, name, receiver) => (name === 'now' ? now : Reflect.get(target, name, receiver)),
  })
}

/** A member of an object that a trap stands in for. */
type Trap = readonly [owner: object | undefined, name: string, trap: unknown]

const { process: machine } = globalThis as { process?: object }
const strictProcess = trappedProcess(machine, refuse, () => listener !== undefined)

const TRAPS: readonly Trap[] = [
  ...['setTimeout', 'setInterval', 'setImmediate', 'fetch'].map(
    (name): Trap => [globalThis, name, forbid(name)],
  ),
  [globalThis, 'Date', trappedDate()],
  [Math, 'random', forbid('Math.random')],
  [globalThis.performance, 'now', forbid('performance.now')],
  [globalThis.crypto, 'randomUUID', forbid('crypto.randomUUID')],
  [globalThis.crypto, 'getRandomValues', forbid('crypto.getRandomValues')],
  [globalThis, 'process', strictProcess],
  // Whoever imported the object itself (`node:process`) still may not do these.
  ...TRAPPED_PROCESS.map((name): Trap => [machine, name, Reflect.get(strictProcess, name)]),
]

/**
 * Makes ambient time, chance and I/O fail loudly until the returned function is called.
 * @param report hears the error as well, because service code may catch what it is thrown
 * @param running names the handlers whose code may be running, for the error
 */
export function trapAmbient(report: Report, running: Running = () => []): Restore {
  const before = listener
  listener = { report, running }
  const restores = TRAPS.map(([owner, name, trap]) => replace(owner, name, trap))
  return () => {
    for (const restore of restores) restore()
    listener = before
  }
}

/** The traps of one run: a host raises them when service code may run, and lowers them before anybody else does. */
export class AmbientGuard {
  private restore: Restore | undefined
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

function replace(owner: object | undefined, name: string, value: unknown): Restore {
  if (owner === undefined || !(name in owner)) return () => {}
  const before = Object.getOwnPropertyDescriptor(owner, name)
  Object.defineProperty(owner, name, {
    value,
    configurable: true,
    writable: true,
    enumerable: before?.enumerable ?? false,
  })
  return () => {
    if (before === undefined) Reflect.deleteProperty(owner, name)
    else Object.defineProperty(owner, name, before)
  }
}
