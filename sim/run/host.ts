/**
 * Between two events all microtasks of the service code that was resumed must finish. Nothing that only watches
 * simulator calls can know when that is; the engine does. A host is the engine's way of saying so.
 */
export interface Host {
  readonly name: string
  /**
   * Calls `advance` until it returns false, letting the microtask queue empty after every true.
   * @param unhandled hears what detached branches of service code reject with
   */
  run(advance: () => boolean, unhandled: (reason: unknown) => void): Promise<void>
}

interface NodeProcess {
  _tickCallback?: () => void
  nextTick(callback: () => void): void
  listeners(event: string): ((...args: unknown[]) => void)[]
  on(event: string, listener: (reason: unknown) => void): void
  removeAllListeners(event: string): void
}

interface Port {
  postMessage(message: unknown): void
  close(): void
  onmessage: (() => void) | null
}

const node = (globalThis as { process?: NodeProcess & { versions?: { node?: string } } }).process
const isNode = node?.versions?.node !== undefined
const { setImmediate: immediate } = globalThis as unknown as { setImmediate?: (callback: () => void) => void }
const nextTick = isNode ? node.nextTick.bind(node) : undefined
const tickCallback = isNode && typeof node._tickCallback === 'function' ? node._tickCallback.bind(node) : undefined
const Channel = (globalThis as unknown as { MessageChannel?: new () => { port1: Port; port2: Port } }).MessageChannel

/** Collects unhandled rejections while service code runs, and hides them from everybody else. */
function captureRejections(unhandled: (reason: unknown) => void): () => void {
  if (isNode) {
    const others = node.listeners('unhandledRejection')
    node.removeAllListeners('unhandledRejection')
    node.on('unhandledRejection', unhandled)
    return () => {
      node.removeAllListeners('unhandledRejection')
      for (const listener of others) node.on('unhandledRejection', listener)
    }
  }
  const scope = globalThis as unknown as {
    addEventListener(type: string, listener: (event: { reason: unknown; preventDefault(): void }) => void): void
    removeEventListener(type: string, listener: unknown): void
  }
  const listener = (event: { reason: unknown; preventDefault(): void }): void => {
    event.preventDefault()
    unhandled(event.reason)
  }
  scope.addEventListener('unhandledrejection', listener)
  return () => scope.removeEventListener('unhandledrejection', listener)
}

/** How a loop gets from one macrotask to the next. */
interface Turning {
  /** Arms the next turn. */
  next(): void
  /** Frees what arming needs. */
  stop(): void
}

/** A host that takes one macrotask per resumption. */
function turningHost(name: string, prepare: (turn: () => void) => Turning): Host {
  return {
    name,
    run: (advance, unhandled) =>
      new Promise((resolve, reject) => {
        const release = captureRejections(unhandled)
        const end = (settle: () => void): void => {
          release()
          turning.stop()
          settle()
        }
        const turning = prepare(() => {
          try {
            if (advance()) turning.next()
            else end(resolve)
          } catch (error) {
            end(() => reject(error))
          }
        })
        turning.next()
      }),
  }
}

const nothing = (): void => {}

/** Node: one native call between events empties the microtask queue; only exact when called from a macrotask. */
export const tickCallbackHost: Host = {
  name: 'process._tickCallback',
  run: (advance, unhandled) =>
    new Promise((resolve, reject) => {
      ;(immediate as (callback: () => void) => void)(() => {
        const release = captureRejections(unhandled)
        const drain = tickCallback as () => void
        try {
          while (advance()) drain()
          drain()
          resolve()
        } catch (error) {
          reject(error)
        } finally {
          release()
        }
      })
    }),
}

/** Node, should the native call ever go away: a tick armed from a microtask runs when the microtask queue is empty. */
export const nextTickHost: Host = turningHost('process.nextTick', (turn) => ({
  next: () => void Promise.resolve().then(() => (nextTick as (callback: () => void) => void)(turn)),
  stop: nothing,
}))

/** Node, the reference that the others are tested against: a macrotask per resumption. */
export const immediateHost: Host = turningHost('setImmediate', (turn) => ({
  next: () => (immediate as (callback: () => void) => void)(turn),
  stop: nothing,
}))

/** Browsers: a message per resumption. */
export const messageChannelHost: Host = turningHost('MessageChannel', (turn) => {
  const { port1, port2 } = new (Channel as new () => { port1: Port; port2: Port })()
  port1.onmessage = turn
  return {
    next: () => port2.postMessage(0),
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

let chosen: Promise<Host> | undefined

/** The fastest exact host of this engine, found by a self-test at first use. */
export function defaultHost(): Promise<Host> {
  chosen ??= isNode ? tickCallbackWorks().then((works) => (works ? tickCallbackHost : nextTickHost)) : Promise.resolve(messageChannelHost)
  return chosen
}
