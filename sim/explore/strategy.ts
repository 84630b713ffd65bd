import type { Targets } from '../faults/aim.ts'
import type { PreparedSystem } from '../run/run.ts'
import type { Scenario } from '../run/scenario.ts'
import { clientSettings } from '../service/client-settings.ts'
import type { Strategy } from './case.ts'
import { enumeration } from './enumerate.ts'
import { survey } from './survey.ts'
import { drawableKinds, swarm } from './swarm.ts'

/** Names of the strategies. */
export const STRATEGIES = ['random', 'enumerate'] as const

/** The name of a strategy. */
export type StrategyName = (typeof STRATEGIES)[number]

/** What makes a strategy. */
type StrategyMaker = (prepared: PreparedSystem, scenario: Scenario, seed: number) => Promise<Strategy>

const MAKERS: { readonly [Name in StrategyName]: StrategyMaker } = {
  random: async (prepared, scenario, seed) =>
    randomStrategy(prepared, scenario, await survey(prepared, scenario, seed), seed),
  enumerate: enumeration,
}

/** Makes a strategy for a scenario. @param seed of its first run */
export function strategyOf(
  name: StrategyName,
  prepared: PreparedSystem,
  scenario: Scenario,
  seed: number,
): Promise<Strategy> {
  return MAKERS[name](prepared, scenario, seed)
}

/** The seed of a strategy's nth case. */
export function seedOf(name: StrategyName, firstSeed: number, index: number): number {
  return name === 'random' ? firstSeed + index : firstSeed
}

/** Runs of a random campaign unless somebody says how many. */
const USUAL_RUNS = 1_000

/** Seeds one after another, each with a plan of faults and a cluster drawn from it. */
function randomStrategy(
  { parts }: PreparedSystem,
  scenario: Scenario,
  targets: Targets,
  firstSeed: number,
): Strategy {
  const clients = parts.services.map(({ plan }) => clientSettings(plan))
  const draw = swarm(scenario, targets, clients)
  return {
    size: undefined,
    usual: USUAL_RUNS,
    says: `${targets.steps.length} steps at which faults can strike`,
    steps: targets.steps,
    kinds: drawableKinds(scenario, targets).map(({ kind }) => kind),
    caseAt: async (index) => {
      const seed = seedOf('random', firstSeed, index)
      return { seed, ...draw(seed) }
    },
  }
}
