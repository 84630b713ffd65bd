/** Makes ambient time, chance and I/O fail while it is raised. Raising it twice, or lowering it twice, does nothing more. */
export interface Guard {
  raise(): void
  lower(): void
}

/**
 * Between two events all microtasks of the service code that was resumed must finish. Nothing that only watches
 * simulator calls can know when that is; the engine does. A host is the engine's way of saying so.
 */
export interface Host {
  readonly name: string
  /**
   * Calls `advance` until it returns false, letting the microtask queue empty after every true.
   * @param unhandled hears what detached branches of service code reject with, and what microtasks throw
   * @param guard to be raised while service code runs, and lowered in any case before other code of this thread does,
   * as far as the engine lets a host know
   */
  run(advance: () => boolean, unhandled: (reason: unknown) => void, guard: Guard): Promise<void>
}

interface NodeProcess {
  _tickCallback?: () => void
  nextTick(callback: () => void): void
  listeners(event: string): ((...args: unknown[]) => void)[]
  on(event: string, listener: (reason: unknown) => void): void
  removeAllListeners(event: string): void
  getBuiltinModule?(name: 'node:v8'): { setFlagsFromString(flags: string): void }
}

interface Port {
  postMessage(message: unknown): void
  close(): void
  onmessage: (() => void) | null
}

const node = (globalThis as { process?: NodeProcess & { versions?: { node?: string } } }).process
const isNode = node?.versions?.node !== undefined
const { setImmediate: immediate } = globalThis as unknown as { setImmediate?: (callback: () => void) => void }
const { setTimeout: timeout } = globalThis as unknown as {
  setTimeout?: (callback: () => void, delay: number) => void
}
const nextTick = isNode ? node.nextTick.bind(node) : undefined
const tickCallback =
  isNode && typeof node._tickCallback === 'function' ? node._tickCallback.bind(node) : undefined
const Channel = (globalThis as unknown as { MessageChannel?: new () => { port1: Port; port2: Port } })
  .MessageChannel

/** What a browser's events of unhandled failures carry. */
interface FailureEvent {
  readonly reason?: unknown
  readonly error?: unknown
  preventDefault(): void
}

/** Collects unhandled rejections and errors of microtasks while service code runs, and hides them from everybody else. */
function captureFailures(unhandled: (reason: unknown) => void): () => void {
  if (isNode) {
    const releases = ['unhandledRejection', 'uncaughtException'].map((event) => {
      const others = node.listeners(event)
      node.removeAllListeners(event)
      node.on(event, unhandled)
      return () => {
        node.removeAllListeners(event)
        for (const listener of others) node.on(event, listener)
      }
    })
    return () => {
      for (const release of releases) release()
    }
  }
  const scope = globalThis as unknown as Record<
    'addEventListener' | 'removeEventListener',
    (type: string, listener: (event: FailureEvent) => void) => void
  >
  const listener = (event: FailureEvent): void => {
    event.preventDefault()
    unhandled(event.reason ?? event.error)
  }
  for (const type of ['unhandledrejection', 'error']) scope.addEventListener(type, listener)
  return () => {
    for (const type of ['unhandledrejection', 'error']) scope.removeEventListener(type, listener)
  }
}

const nothing = (): void => {}
const atOnce = (done: () => void): void => done()

/** Runs that share their thread with others while they last must not overlap: they replace globals. */
let lastTurning: Promise<unknown> = Promise.resolve()

function oneAfterAnother(start: () => Promise<void>): Promise<void> {
  const mine = lastTurning.then(start)
  lastTurning = mine.catch(nothing)
  return mine
}

/** How a loop gets from one macrotask to the next. */
interface Turning {
  /** Arms the next turn. */
  next(): void
  /** Calls back when all microtasks have finished and before the next macrotask; left out where no engine says so. */
  afterMicrotasks?(done: () => void): void
  /** Calls back when the engine has reported the failures of the last turn. */
  settle(done: () => void): void
  /** Frees what arming needs. */
  stop(): void
}

/** A host that takes one macrotask per resumption. */
function turningHost(name: string, prepare: (turn: () => void) => Turning): Host {
  const start = (advance: () => boolean, unhandled: (reason: unknown) => void, guard: Guard): Promise<void> =>
    new Promise((resolve, reject) => {
      const release = captureFailures(unhandled)
      const lower = (): void => guard.lower()
      const end = (finish: () => void): void =>
        turning.settle(() => {
          lower()
          release()
          turning.stop()
          finish()
        })
      const turning = prepare(() => {
        guard.raise()
        turning.afterMicrotasks?.(lower)
        try {
          if (advance()) turning.next()
          else end(resolve)
        } catch (error) {
          end(() => reject(error))
        }
      })
      turning.next()
    })
  return {
    name,
    run: (advance, unhandled, guard) => oneAfterAnother(() => start(advance, unhandled, guard)),
  }
}

/** Node: one native call between events empties the microtask queue; only exact when called from a macrotask. */
export const tickCallbackHost: Host = {
  name: 'process._tickCallback',
  run: (advance, unhandled, guard) =>
    new Promise((resolve, reject) => {
      ;(immediate as (callback: () => void) => void)(() => {
        const release = captureFailures(unhandled)
        const drain = tickCallback as () => void
        guard.raise()
        try {
          while (advance()) drain()
          drain()
          resolve()
        } catch (error) {
          reject(error)
        } finally {
          guard.lower()
          release()
        }
      })
    }),
}

/** Node: a tick armed from a microtask runs when the microtask queue is empty, before any macrotask. */
const onceMicrotasksAreDone = (done: () => void): void =>
  void Promise.resolve().then(() => (nextTick as (callback: () => void) => void)(done))

/**
 * Node, should the native call ever go away: a tick per resumption, armed from a microtask. Node
 * reports rejections only when no tick is armed, so this host hears of them at the end of a run.
 */
export const nextTickHost: Host = turningHost('process.nextTick', (turn) => ({
  next: () => onceMicrotasksAreDone(turn),
  afterMicrotasks: onceMicrotasksAreDone,
  settle: (done) => (immediate as (callback: () => void) => void)(done),
  stop: nothing,
}))

/** Node, the reference that the others are tested against: a macrotask per resumption. */
export const immediateHost: Host = turningHost('setImmediate', (turn) => ({
  next: () => (immediate as (callback: () => void) => void)(turn),
  afterMicrotasks: onceMicrotasksAreDone,
  settle: atOnce,
  stop: nothing,
}))

/** Browsers: a message per resumption. */
export const messageChannelHost: Host = turningHost('MessageChannel', (turn) => {
  const { port1, port2 } = new (Channel as new () => { port1: Port; port2: Port })()
  port1.onmessage = turn
  return {
    next: () => port2.postMessage(0),
    // Browsers report rejections in a task of their own, which a timer of no delay comes after.
    settle: (done) => void (timeout as (callback: () => void, delay: number) => void)(done, 0),
    stop: () => {
      port1.onmessage = null
      port1.close()
    },
  }
})

/** Whether the native call really empties the microtask queue here: a chain longer than any fixed number of hops. */
async function tickCallbackWorks(): Promise<boolean> {
  if (tickCallback === undefined || immediate === undefined) return false
  return new Promise((resolve) => {
    immediate(() => {
      let hops = 0
      let link: Promise<void> = Promise.resolve()
      for (let index = 0; index < 64; index++) {
        link = link.then(() => {
          hops++
        })
      }
      try {
        tickCallback()
        resolve(hops === 64)
      } catch {
        resolve(false)
      }
    })
  })
}

/**
 * V8 allocates straight into the old generation what used to survive at the same place. Many short runs, each of which
 * is garbage as a whole, teach it just that, and then dead worlds keep young ones alive: an empty run takes four times
 * as long.
 */
function keepAllocationYoung(): void {
  setFlag('--no-allocation-site-pretenuring')
}

/**
 * A third of the engine's usual budget for inlining. A campaign, a shrink or a suite is over soon after what runs often has
 * been compiled, and compiling takes as much of the processor until then as the runs do. Measured up to a thousand runs
 * (test/bench/README.md).
 */
function compileLess(): void {
  setFlag('--max-inlined-bytecode-size-cumulative=300')
}

function setFlag(flag: string): void {
  node?.getBuiltinModule?.('node:v8').setFlagsFromString(flag)
}

let chosen: Promise<Host> | undefined

/** The fastest exact host of this engine, found by a self-test at first use. */
export function defaultHost(): Promise<Host> {
  chosen ??= isNode ? nodeHost() : Promise.resolve(messageChannelHost)
  return chosen
}

async function nodeHost(): Promise<Host> {
  keepAllocationYoung()
  compileLess()
  return (await tickCallbackWorks()) ? tickCallbackHost : nextTickHost
}
