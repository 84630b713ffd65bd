import type { PropertyResult } from '../check/monitor.ts'
import { faultKindOf } from '../faults/registry.ts'
import { type FaultSpec, readTrigger } from '../faults/spec.ts'
import { SimError, type SimErrorCode, stackOf } from '../kernel/error.ts'
import { ArmedFault } from '../kernel/fault.ts'
import { type Exhausted, Kernel } from '../kernel/kernel.ts'
import type { Tape } from '../kernel/tape.ts'
import { durationMicros, formatSeconds, type Micros } from '../kernel/time.ts'
import type { Trace } from '../kernel/trace.ts'
import type { ParamSpecs, ParamsOf, System, SystemParts } from '../service/system.ts'
import { AmbientGuard, trapAmbient } from './ambient.ts'
import { checkParts } from './declaration.ts'
import { Gauge, type Measures } from './gauge.ts'
import { defaultHost, type Host } from './host.ts'
import type { Scenario } from './scenario.ts'
import { inputRefusal, outlineOfWorld, paramProblems, refusalOf, systemProblems } from './system-problems.ts'
import { type Waiting, waitingIn } from './waiting.ts'
import { buildWorld, type World } from './world.ts'

/** pass: every property held; violated: at least one did not; inconclusive: a budget ran out first; error: no verdict can be given. */
export type Verdict = 'pass' | 'violated' | 'inconclusive' | 'error'

/** What became of a fault of the plan. */
export interface FaultOutcome {
  readonly spec: FaultSpec
  readonly description: string
  /** When it struck; undefined when its step was never reached. */
  readonly struckAtMicros: Micros | undefined
  /** When it will have healed, or had; undefined when it never struck. */
  readonly healedAtMicros?: Micros | undefined
}

/** One execution of a scenario with one seed. */
export interface RunResult {
  readonly seed: number
  readonly verdict: Verdict
  /** Sixteen hexadecimal digits over everything that was executed. */
  readonly digest: string
  readonly properties: readonly PropertyResult[]
  readonly faults: readonly FaultOutcome[]
  /** What its workload calls one action. */
  readonly noun: string
  readonly orders: number
  readonly events: number
  readonly resumes: number
  /** Virtual time at the end. */
  readonly endMicros: Micros
  /** Why it is inconclusive or an error. */
  readonly reason: string | undefined
  /** What kind of error it is. */
  readonly failureCode: SimErrorCode | undefined
  /** Who waits for ever: handlers that had not ended when the run came to rest. None of a run that did not. */
  readonly waiting: readonly Waiting[]
  /** Names of all steps that handlers reached. */
  readonly steps: readonly string[]
  /** How often each of them was reached. */
  readonly passes: readonly number[]
  /** What it cost, if that was asked for. */
  readonly measures?: Measures | undefined
  /** Stacks of what service code threw of which the reason tells, as the engine writes them. */
  readonly stacks: readonly string[]
  readonly trace: Trace | undefined
  readonly tape: Tape | undefined
}

/** What to keep of a run, and what to repeat. */
export interface RunOptions {
  readonly host?: Host
  /** Measure what it costs and how long its actions take. */
  readonly measure?: boolean
  /** Keep a trace. */
  readonly trace?: boolean
  /** Keep the choices. */
  readonly recordTape?: boolean
  /** Choices to repeat. */
  readonly tape?: Tape | undefined
}

/** A system with its params decided, ready to run any number of times. */
export interface PreparedSystem {
  readonly system: System
  readonly parts: SystemParts
}

/**
 * Decides the params of a system.
 * @throws SimError 'definition' when the system does not have them, its own code fails, or its parts cannot be meant together
 */
export function prepare(system: System, params: Scenario['params']): PreparedSystem {
  const problems = paramProblems(params, system)
  if (problems.length > 0)
    throw refusalOf(
      'params',
      problems.map((problem) => ({ ...problem, path: problem.path.slice(1) })),
    )
  const values: Record<string, unknown> = {}
  for (const [name, spec] of Object.entries(system.params)) values[name] = params[name] ?? spec.default
  const restore = trapAmbient(() => {})
  try {
    const parts = system.build(values as ParamsOf<ParamSpecs>)
    checkParts(parts)
    return { system, parts }
  } catch (error) {
    throw cannotBeBuilt(system, error)
  } finally {
    restore()
  }
}

/** What a system's own code threw before it could run, as an error that names the system. */
export function cannotBeBuilt(system: System, error: unknown): SimError {
  if (error instanceof SimError && error.code !== 'ambient') return error
  const message = error instanceof Error ? error.message : String(error)
  return new SimError('definition', `system ${system.name} cannot be built: ${message}`, { cause: error })
}

const MAX_TRACE_RECORDS = 5_000_000
/** How many failing handlers a reason names. */
const MAX_TROUBLES = 2
/** A step that is reached so often in one run may be what keeps it busy. */
const MANY_PASSES = 1_000
/** A group that shares out its partitions so often may be what keeps a run busy. */
const MANY_REBALANCES = 100

/**
 * Runs a scenario once: a pure function of system, scenario, seed and tape. A scenario or seed that cannot be meant, by
 * itself or for this system, is a run that ends with an error before anything happens.
 */
export async function run(
  prepared: PreparedSystem,
  scenario: Scenario,
  seed: number,
  options: RunOptions = {},
): Promise<RunResult> {
  const refusal = inputRefusal(scenario, seed)
  return refusal === undefined
    ? execute(prepared, scenario, seed, options, true)
    : refused(prepared, seed, refusal)
}

/** Runs a scenario that was generated or is being shrunk: its faults may aim at orders that nobody places any more. */
export function runGenerated(
  prepared: PreparedSystem,
  scenario: Scenario,
  seed: number,
  options: RunOptions = {},
): Promise<RunResult> {
  return execute(prepared, scenario, seed, options, false)
}

/** @param isChecked whether the scenario was made for this system: what it names that the system lacks is refused */
async function execute(
  prepared: PreparedSystem,
  scenario: Scenario,
  seed: number,
  options: RunOptions,
  isChecked: boolean,
): Promise<RunResult> {
  const host = options.host ?? (await defaultHost())
  const kernel = new Kernel({
    seed,
    scheduling: scenario.cluster.scheduling,
    budget: {
      maxEvents: scenario.budget.events,
      maxMicros: durationMicros(scenario.budget.time),
      maxTraceRecords: MAX_TRACE_RECORDS,
    },
    tape: options.tape,
    recordTape: options.recordTape === true,
    recordTrace: options.trace === true,
  })
  const plan = new FaultPlan(scenario.faults)
  let world: World | undefined
  let gauge: Gauge | undefined
  const advance = (): boolean => {
    if (world === undefined) {
      try {
        plan.arm(kernel, () => world as World)
        world = buildWorld(prepared.parts, scenario, kernel)
        const { system, parts } = prepared
        if (isChecked) {
          const problems = systemProblems(scenario, outlineOfWorld(system, parts, world))
          if (problems.length > 0) throw refusalOf('scenario', problems)
        }
        plan.prepare(world)
        if (options.measure === true) gauge = new Gauge(world, parts)
        const { users, monitor } = world
        monitor.follow(() => (users.done ? plan.calmSince(users.lastMicros) : Number.POSITIVE_INFINITY))
      } catch (error) {
        kernel.fail(asSimError(error))
        return false
      }
    }
    try {
      return kernel.advance()
    } catch (error) {
      if (!(error instanceof SimError) || error.code === 'invariant') throw error
      kernel.fail(error)
      return false
    }
  }
  const guard = new AmbientGuard(
    (error) => kernel.fail(error),
    () => kernel.running(),
  )
  await host.run(advance, (reason) => kernel.fail(unhandled(reason)), guard)
  // Properties are the system's code as well.
  guard.raise()
  try {
    const result = resultOf(kernel, world, plan, seed, prepared.parts.workload.noun)
    return gauge === undefined ? result : { ...result, measures: gauge.read() }
  } finally {
    guard.lower()
  }
}

/** What becomes of a run that cannot begin. */
function refused({ parts }: PreparedSystem, seed: number, error: SimError): RunResult {
  const budget = { maxEvents: 0, maxMicros: 0, maxTraceRecords: 0 }
  const kernel = new Kernel({ seed: 0, scheduling: 'fifo', budget })
  kernel.fail(error)
  return resultOf(kernel, undefined, new FaultPlan([]), seed, parts.workload.noun)
}

/** The faults of a scenario, armed in a kernel. */
class FaultPlan {
  private healedAtMicros: Micros = 0
  readonly armed: {
    readonly spec: FaultSpec
    readonly fault: ArmedFault
    readonly description: string
    healedAtMicros: Micros | undefined
  }[] = []
  private readonly specs: readonly FaultSpec[]
  private readonly preparations: ((world: World) => void)[] = []

  constructor(specs: readonly FaultSpec[]) {
    this.specs = specs
  }

  arm(kernel: Kernel, world: () => World): void {
    const entity = kernel.choices.entity('faults')
    for (const spec of this.specs) {
      const kind = faultKindOf(spec)
      const trigger = readTrigger(spec)
      if (kind === undefined || trigger === undefined) {
        throw new SimError(
          'definition',
          `fault ${JSON.stringify(spec)}: ${kind === undefined ? 'no such kind of fault' : 'at is neither a moment nor a step'}`,
        )
      }
      const { at: _at, of: _of, nth: _nth, ...members } = spec
      const settings = kind.schema.parse(members)
      const description = kind.describe(settings)
      const fault = new ArmedFault(
        `${description} (${spec.at}${spec.of === undefined ? '' : ` of ${spec.of}`})`,
        trigger,
        ({ incarnation, entity: struck, cause }) => {
          const heals = (atMicros: Micros): void => {
            armed.healedAtMicros = atMicros
            this.healedAtMicros = Math.max(this.healedAtMicros, atMicros)
            world().monitor.disturbed()
          }
          const actsAgain = (): void => heals(kernel.nowMicros)
          heals(kind.strike(world(), settings, { incarnation, entity: struck, cause, actsAgain }))
        },
      )
      const armed: (typeof this.armed)[number] = { spec, fault, description, healedAtMicros: undefined }
      kernel.arm(fault, entity)
      this.preparations.push((world) => kind.prepare?.(world, settings))
      this.armed.push(armed)
    }
  }

  /** Makes the world such that its faults can strike. */
  prepare(world: World): void {
    for (const prepare of this.preparations) prepare(world)
  }

  /** When the last fault that has struck will have healed and the load had ended. */
  calmSince(loadEndedMicros: Micros): Micros {
    return Math.max(this.healedAtMicros, loadEndedMicros)
  }

  outcomes(): FaultOutcome[] {
    return this.armed.map(({ spec, fault, description, healedAtMicros }) => ({
      spec,
      description,
      struckAtMicros: fault.struckAtMicros,
      healedAtMicros,
    }))
  }
}

function resultOf(
  kernel: Kernel,
  world: World | undefined,
  plan: FaultPlan,
  seed: number,
  noun: string,
): RunResult {
  const quiet = kernel.exhausted === undefined && kernel.failure === undefined
  const properties =
    world === undefined ? [] : propertiesOf(world, plan.calmSince(world.users.lastMicros), quiet)
  return {
    seed,
    verdict: verdictOf(kernel, properties),
    digest: kernel.digest.hex(),
    properties,
    faults: plan.outcomes(),
    noun,
    orders: world?.users.begun ?? 0,
    events: kernel.events,
    resumes: kernel.resumes,
    endMicros: kernel.nowMicros,
    ...reasonOf(kernel, world),
    failureCode: kernel.failure?.code,
    waiting: quiet && world !== undefined ? waitingIn(world) : [],
    steps: kernel.stepNames(),
    passes: kernel.stepPasses(),
    trace: kernel.trace,
    tape: kernel.choices.tape(),
  }
}

function propertiesOf(
  { monitor, oracles }: World,
  calmSinceMicros: Micros,
  quiet: boolean,
): PropertyResult[] {
  return [...monitor.judge(calmSinceMicros, quiet), ...oracles.judge(calmSinceMicros, quiet)]
}

/** Why there is no verdict: what ended the run, or which budget ran out and what kept the run busy. */
function reasonOf(kernel: Kernel, world: World | undefined): Pick<RunResult, 'reason' | 'stacks'> {
  const { failure, exhausted } = kernel
  if (failure !== undefined) return { reason: failure.message, stacks: [stackOf(failure)] }
  if (exhausted === undefined) return { reason: undefined, stacks: [] }
  const troubles = world?.services.flatMap((service) => service.failing()) ?? []
  const named = troubles.sort((left, right) => right.times - left.times).slice(0, MAX_TROUBLES)
  const told = named.map(
    ({ handler, entity, times, error }) =>
      `${handler} has failed ${times === 1 ? 'once' : `${times} times`} for ${entity}, last: ${error}`,
  )
  const more = troubles.length - told.length
  if (more > 0) told.push(`and ${more} more like that`)
  const parts = [exhaustionText(kernel, exhausted), ...told, ...unsteady(world), ...busiest(kernel)]
  return { reason: parts.join('; '), stacks: named.map(({ thrown }) => stackOf(thrown)) }
}

function exhaustionText({ nowMicros }: Kernel, exhausted: Exhausted): string {
  if (exhausted !== 'standstill') return `the budget of ${exhausted} ran out`
  return `at ${formatSeconds(nowMicros)} events go on and on and no time passes: something waits for nothing`
}

/** Groups that did not settle: their members throw each other out. */
function unsteady(world: World | undefined): string[] {
  return [...(world?.kafka.rebalances ?? [])].flatMap(([groupId, times]) =>
    times < MANY_REBALANCES ? [] : [`group ${groupId} has shared out its partitions ${times} times`],
  )
}

/** What handlers did all the time. */
function busiest(kernel: Kernel): string[] {
  const passes = kernel.stepPasses()
  const most = Math.max(0, ...passes)
  const step = kernel.stepNames()[passes.indexOf(most)]
  return most < MANY_PASSES ? [] : [`${step} was reached ${most} times`]
}

function verdictOf(kernel: Kernel, properties: readonly PropertyResult[]): Verdict {
  if (kernel.failure !== undefined) return 'error'
  if (properties.some((property) => property.verdict === 'violated')) return 'violated'
  return kernel.exhausted === undefined ? 'pass' : 'inconclusive'
}

function asSimError(error: unknown): SimError {
  if (error instanceof SimError) return error
  return new SimError(
    'handler',
    error instanceof Error ? `${error.name}: ${error.message}` : `${String(error)} was thrown`,
    { cause: error },
  )
}

function unhandled(reason: unknown): SimError {
  if (reason instanceof SimError) return reason
  const what = reason instanceof Error ? `${reason.name}: ${reason.message}` : String(reason)
  return new SimError(
    'unhandled-rejection',
    `a detached branch of service code rejected and nobody handled it (${what}): await it, or catch it`,
    { cause: reason },
  )
}
