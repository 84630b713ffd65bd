import { SimError } from '../kernel/error.ts'

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

type Restore = () => void

/**
 * Makes ambient time, chance and I/O fail loudly until the returned function is called.
 * @param report hears the error as well, because service code may catch what it is thrown
 * @param running names the handlers whose code may be running, for the error
 */
export function trapAmbient(
  report: (error: SimError) => void,
  running: () => readonly string[] = () => [],
): Restore {
  const restores: Restore[] = []
  const forbid = (name: string) => {
    return () => {
      const culprit = running().join(' or ') || 'service code'
      const error = new SimError(
        'ambient',
        `${culprit} called ${name}, which a simulation cannot repeat: use ${REPLACEMENTS[name]}`,
      )
      report(error)
      throw error
    }
  }
  for (const name of ['setTimeout', 'setInterval', 'setImmediate', 'fetch']) {
    restores.push(replace(globalThis, name, forbid(name)))
  }
  restores.push(replace(globalThis, 'Date', trappedDate(forbid('Date.now'), forbid('new Date'))))
  restores.push(replace(Math, 'random', forbid('Math.random')))
  restores.push(replace(globalThis.performance, 'now', forbid('performance.now')))
  restores.push(replace(globalThis.crypto, 'randomUUID', forbid('crypto.randomUUID')))
  restores.push(replace(globalThis.crypto, 'getRandomValues', forbid('crypto.getRandomValues')))
  return () => {
    for (const restore of restores) restore()
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

/** A Date that computes with given moments as usual and refuses to tell the present one. */
function trappedDate(now: () => never, construct: () => never): unknown {
  const RealDate = globalThis.Date
  return new Proxy(RealDate, {
    construct: (target, args, newTarget) =>
      args.length === 0 ? construct() : Reflect.construct(target, args, newTarget),
    apply: () => construct(),
    get: (target, name, receiver) => (name === 'now' ? now : Reflect.get(target, name, receiver)),
  })
}
