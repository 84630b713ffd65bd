import type { Refuse } from './ambient-trap.ts'

const A_CRASH = 'a crash of the scenario, { crash: payment, at: 2s }'
/** What stands in for the load of a machine. */
export const NO_MACHINE = 'nothing: simulated services share no machine whose load they could see'
const A_PARAM = 'a param of the system'
const THE_LOG = 'ctx.log'

/** What to use instead of a member of Node's `process`. */
const REPLACEMENTS: Readonly<Record<string, string>> = {
  exit: A_CRASH,
  reallyExit: A_CRASH,
  abort: A_CRASH,
  kill: A_CRASH,
  nextTick: 'nothing: await a step',
  hrtime: 'ctx.now',
  'hrtime.bigint': 'ctx.now',
  uptime: 'ctx.now',
  cpuUsage: NO_MACHINE,
  memoryUsage: NO_MACHINE,
  'memoryUsage.rss': NO_MACHINE,
  resourceUsage: NO_MACHINE,
  env: A_PARAM,
  argv: A_PARAM,
  stdout: THE_LOG,
  stderr: THE_LOG,
  emitWarning: THE_LOG,
}
/** Members that come into being when they are first read. */
const STREAMS: readonly string[] = ['stdin', 'stdout', 'stderr']
const OTHERWISE = 'what the ctx of the handler offers'

/** What code looks at to find out which engine it runs on. */
const TELLING_THE_ENGINE: readonly string[] = [
  'version',
  'versions',
  'release',
  'platform',
  'arch',
  'browser',
  'type',
  'constructor',
  'toString',
]

/** The environment as service code sees it: libraries ask for this variable, and get the same answer everywhere. */
const ENVIRONMENT: Readonly<Record<string, string>> = { NODE_ENV: 'development' }

/** Members of the real `process` that Node itself does not need while service code runs. */
export const TRAPPED_PROCESS = [
  'exit',
  'abort',
  'kill',
  'hrtime',
  'uptime',
  'cpuUsage',
  'memoryUsage',
  'resourceUsage',
] as const

/**
 * Stands in for Node's `process`: it tells on which engine code runs, and refuses everything else. Node itself goes on
 * with the real one.
 * @param process the real one; undefined in browsers
 * @param running whether service code runs
 */
export function trappedProcess(process: object | undefined, refuse: Refuse, running: () => boolean): object {
  const real = process ?? {}
  const insteadOf = (name: string): string => REPLACEMENTS[name] ?? OTHERWISE
  const forbid = (name: string) => (): never => refuse(`called process.${name}`, insteadOf(name))
  const trappedFunction = (name: string, original: object): unknown => {
    const members = Object.keys(original).map((member) => [member, forbid(`${name}.${member}`)] as const)
    return Object.assign(forbid(name), Object.fromEntries(members))
  }
  const { nextTick } = real as Ticking
  const noTick = trappedNextTick(real, forbid('nextTick'), running)
  const functions = new Map<string, unknown>([['nextTick', noTick]])
  const environment = trappedEnvironment((name) => refuse(`read process.env.${name}`, A_PARAM))
  const denied = (did: string) => (_target: object, name: string | symbol) =>
    refuse(`${did} process.${String(name)}`, insteadOf(String(name)))
  return new Proxy({} as object, {
    get: (target, name) => {
      const value: unknown = STREAMS.includes(String(name)) ? target : Reflect.get(real, name)
      if (typeof name === 'symbol' || TELLING_THE_ENGINE.includes(name) || value === undefined) return value
      if (name === 'env') return environment
      if (typeof value !== 'function') return refuse(`read process.${name}`, insteadOf(name))
      if (!functions.has(name)) functions.set(name, trappedFunction(name, value))
      return functions.get(name)
    },
    has: (_target, name) => Reflect.has(real, name),
    set: (target, name, value) =>
      // A test runner that reports from within a run puts its own there for a moment, and then back what it found.
      name === 'nextTick'
        ? Reflect.set(real, name, value === noTick ? nextTick : value)
        : denied('set')(target, name),
    defineProperty: denied('defined'),
    deleteProperty: denied('deleted'),
  })
}

interface Ticking {
  nextTick?: (...args: unknown[]) => void
}

/**
 * Refuses to schedule a tick, except for Node itself and outside of runs: a test runner that reports from within a run
 * may put the trap where they find it.
 */
function trappedNextTick(real: Ticking, refuse: () => never, running: () => boolean): Ticking['nextTick'] {
  const { nextTick: original } = real
  return function nextTick(this: unknown, ...args) {
    return this === real || !running() ? original?.apply(real, args) : refuse()
  }
}

function trappedEnvironment(refuse: (name: string) => never): object {
  return new Proxy(ENVIRONMENT, {
    get: (_target, name) => {
      if (typeof name === 'symbol') return undefined
      return Object.hasOwn(ENVIRONMENT, name) ? ENVIRONMENT[name] : refuse(name)
    },
    has: (_target, name) => (Object.hasOwn(ENVIRONMENT, name) ? true : refuse(String(name))),
    set: (_target, name) => refuse(String(name)),
  })
}
