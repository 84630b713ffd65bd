import { type PreparedSystem, prepare, run, type Scenario, type System } from 'faultline'
import { MISTAKES, REJECTIONS } from '../fixtures/mistakes.ts'
import type { Perform } from '../fixtures/shapes/shape.ts'
import { SHAPE_NAMES, shapeScenario, shapesSystem } from '../fixtures/shapes.ts'
import { solo, soloScenario } from '../fixtures/solo.ts'

/** Something to run, as plain data that crosses from Node to a page and into its worker. */
export type Job = { readonly seed: number } & (
  | { readonly kind: 'shape' | 'mistake' | 'rejection'; readonly name: string }
  | { readonly kind: 'scenario'; readonly name: string; readonly scenario: Scenario }
)

/** What came of it. */
export interface Outcome {
  readonly job: string
  readonly verdict: string
  readonly reason: string | undefined
  readonly digest: string
  readonly events: number
}

/** The jobs of everything that is not in a scenario file. */
export const builtInJobs = (seeds: readonly number[]): Job[] => [
  ...SHAPE_NAMES.flatMap((name) => seeds.map((seed) => ({ kind: 'shape', name, seed }) as const)),
  ...Object.keys(MISTAKES).map((name) => ({ kind: 'mistake', name, seed: 1 }) as const),
  ...Object.keys(REJECTIONS).map((name) => ({ kind: 'rejection', name, seed: 1 }) as const),
]

/** Does jobs one after another, on the host that is the default where this runs. */
export async function perform(jobs: readonly Job[], systems: readonly System[]): Promise<Outcome[]> {
  const outcomes: Outcome[] = []
  for (const job of jobs) {
    const [prepared, scenario] = inputsOf(job, systems)
    const { verdict, reason, digest, events } = await run(prepared, scenario, job.seed)
    outcomes.push({ job: `${job.kind} ${job.name}, seed ${job.seed}`, verdict, reason, digest, events })
  }
  return outcomes
}

function inputsOf(job: Job, systems: readonly System[]): readonly [PreparedSystem, Scenario] {
  switch (job.kind) {
    case 'shape': {
      const scenario = shapeScenario(job.name)
      return [prepare(shapesSystem, scenario.params), scenario]
    }
    case 'scenario': {
      const system = systems.find(({ name }) => name === job.scenario.system)
      return [prepare(system as System, job.scenario.params), job.scenario]
    }
    case 'mistake':
      return [solo(MISTAKES[job.name] as () => Perform), soloScenario()]
    case 'rejection':
      return [solo(REJECTIONS[job.name] as () => Perform), soloScenario()]
  }
}
