import type { WorkspaceScenario, WorkspaceSystem } from '../../sim/index.ts'
import { counted } from './format.ts'

/** The systems that a visitor understands first, where they are there. */
const FIRST = ['order-choreography', 'order-orchestration']

/** A system as a gallery shows it. */
export type ShownSystem = Pick<WorkspaceSystem, 'name' | 'scenarios'>

/** What a gallery shows. */
export interface Shown {
  readonly systems: readonly ShownSystem[]
  /** Whether nothing has all words that were asked for: then these have the most of them. */
  readonly isPartial: boolean
}

/** The promises that a scenario is expected to break. */
export function brokenBy({ scenario }: WorkspaceScenario): string[] {
  return Object.entries(scenario.expect)
    .filter(([, expected]) => expected === 'violated')
    .map(([name]) => name)
}

/** What happens in a scenario, in a sentence: its own description, or what its file says without one. */
export function saysOf(each: WorkspaceScenario): string {
  const { description, faults } = each.scenario
  if (description !== '') return description
  const struck =
    faults.length === 0
      ? 'Nothing strikes'
      : `${counted(faults.length, 'fault')} ${faults.length === 1 ? 'strikes' : 'strike'}`
  return `${struck}, and ${brokenBy(each).length === 0 ? 'every promise is to hold' : 'a promise is to break'}.`
}

/**
 * What a gallery shows, in its order: what a visitor understands first, then short lists before long ones; in each what
 * breaks a promise before what keeps them all.
 * @param says the sentence of each system, by name
 * @param query words that a scenario has to have, in its own texts or in those of its system; where none has all of
 *   them, those are shown that have the most
 */
export function galleryOf(
  systems: readonly WorkspaceSystem[],
  says: Readonly<Record<string, string>>,
  query: string,
): Shown {
  const words = query.toLowerCase().split(/\s+/).filter(Boolean)
  const place = ({ name }: WorkspaceSystem): number => {
    const at = FIRST.indexOf(name)
    return at === -1 ? FIRST.length : at
  }
  const ordered = [...systems].sort(
    (left, right) => place(left) - place(right) || left.scenarios.length - right.scenarios.length,
  )
  const matched = (system: string, each: WorkspaceScenario): number => {
    const { scenario } = each
    const texts = [system, says[system] ?? '', scenario.name, saysOf(each), ...brokenBy(each)]
    const text = texts.join(' ').toLowerCase()
    return words.filter((word) => text.includes(word)).length
  }
  const most = Math.max(
    0,
    ...ordered.flatMap(({ name, scenarios }) => scenarios.map((each) => matched(name, each))),
  )
  const wanted = Math.min(words.length, Math.max(1, most))
  const shown = ordered.map(({ name, scenarios }) => {
    const own = scenarios.filter((each) => matched(name, each) >= wanted)
    const breaking = own.filter((each) => brokenBy(each).length > 0)
    return { name, scenarios: [...breaking, ...own.filter((each) => brokenBy(each).length === 0)] }
  })
  return {
    systems: shown.filter(({ scenarios }) => words.length === 0 || scenarios.length > 0),
    isPartial: wanted < words.length,
  }
}
