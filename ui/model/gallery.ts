import type { WorkspaceScenario, WorkspaceSystem } from '../../sim/index.ts'

/** The systems that a visitor understands first, where they are there. */
const FIRST = ['order-choreography', 'order-orchestration']

/** A system as a gallery shows it. */
export type ShownSystem = Pick<WorkspaceSystem, 'name' | 'scenarios'>

/** The promises that a scenario is expected to break. */
export function brokenBy({ scenario }: WorkspaceScenario): string[] {
  return Object.entries(scenario.expect)
    .filter(([, expected]) => expected === 'violated')
    .map(([name]) => name)
}

/**
 * What a gallery shows, in its order: what a visitor understands first, then short lists before long ones; in each what
 * breaks a promise before what keeps them all.
 * @param says the sentence of each system, by name
 * @param query words that a scenario has to have, in its own texts or in those of its system
 */
export function galleryOf(
  systems: readonly WorkspaceSystem[],
  says: Readonly<Record<string, string>>,
  query: string,
): ShownSystem[] {
  const words = query.toLowerCase().split(/\s+/).filter(Boolean)
  const place = ({ name }: WorkspaceSystem): number => {
    const at = FIRST.indexOf(name)
    return at === -1 ? FIRST.length : at
  }
  const ordered = [...systems].sort(
    (left, right) => place(left) - place(right) || left.scenarios.length - right.scenarios.length,
  )
  return ordered
    .map(({ name, scenarios }) => {
      const own = scenarios.filter((each) => {
        const { scenario } = each
        const texts = [name, says[name] ?? '', scenario.name, scenario.description, ...brokenBy(each)]
        const text = texts.join(' ').toLowerCase()
        return words.every((word) => text.includes(word))
      })
      const breaking = own.filter((each) => brokenBy(each).length > 0)
      return { name, scenarios: [...breaking, ...own.filter((each) => brokenBy(each).length === 0)] }
    })
    .filter(({ scenarios }) => words.length === 0 || scenarios.length > 0)
}
