import { Document, isMap, isSeq, type YAMLMap } from 'yaml'
import { DEFAULT_BUDGET, DEFAULT_CLUSTER, DEFAULT_WORKLOAD, type Scenario } from '../run/scenario.ts'

/** What to write about a scenario besides the scenario. */
export interface ScenarioNotes {
  readonly seed: number
  /** Lines at the head of the file. */
  readonly head: readonly string[]
  /** What to say of each fault, in order; '' for nothing. */
  readonly faults: readonly string[]
}

/** A scenario file that `faultline run` accepts: defaults left out, comments added. */
export function scenarioFileText(scenario: Scenario, { seed, head, faults }: ScenarioNotes): string {
  const { name, description, system, params, cluster, workload, expect, budget } = scenario
  const { kafka, switches, ...machines } = differing(cluster, DEFAULT_CLUSTER)
  const content = {
    name,
    ...(description === '' ? {} : { description }),
    system,
    ...filled('params', params),
    ...filled('cluster', {
      ...machines,
      ...filled('kafka', kafka ?? {}),
      ...filled('switches', switches ?? {}),
    }),
    workload: {
      orders: workload.orders,
      ...differing({ every: workload.every }, { every: DEFAULT_WORKLOAD.every }),
      ...(workload.only === undefined ? {} : { only: [...workload.only] }),
    },
    ...filled('faults', scenario.faults),
    ...filled('expect', expect),
    ...filled('budget', differing(budget, DEFAULT_BUDGET)),
    ...filled('explore', scenario.explore),
    seed,
  }
  const document = new Document(content)
  document.commentBefore = head.map((line) => ` ${line}`).join('\n')
  const root = document.contents as unknown as YAMLMap
  for (const member of ['workload', 'budget']) {
    const node = root.get(member, true) as unknown
    if (isMap(node)) node.flow = true
  }
  const list = root.get('faults', true) as unknown
  if (isSeq(list)) {
    for (const [index, node] of list.items.entries()) {
      const note = faults[index]
      if (isMap(node) && note !== undefined && note !== '') node.commentBefore = ` ${note}`
    }
  }
  return document.toString({ lineWidth: 100 })
}

/** A member, unless there is nothing in it. */
function filled<Name extends string>(name: Name, value: object): { [Member in Name]?: object } {
  return Object.keys(value).length === 0 ? {} : ({ [name]: value } as { [Member in Name]: object })
}

/** The members that differ from their defaults. */
function differing<Settings extends object>(settings: Settings, defaults: Settings): Partial<Settings> {
  const entries = Object.entries(settings).filter(
    ([name, value]) => JSON.stringify(value) !== JSON.stringify(defaults[name as keyof Settings]),
  )
  return Object.fromEntries(entries) as Partial<Settings>
}
