import type { Scenario } from '../../sim/index.ts'
import { decodeLink, PARTS, type Settings, type Shared } from '../model/share-link.ts'
import type { Controller } from './controller.ts'
import { marksOf } from './marks.ts'
import { activeRun, openedSystem, PANES, type PaneId, type ViewState } from './state.ts'

/** What a link to the present view carries; undefined when there is nothing that could be run again. */
export function sharedOf(state: ViewState): Shared | undefined {
  const { opened, focus, pane, filter } = state
  const run = activeRun(state)
  const system = openedSystem(state)
  const file = system?.scenarios.find((each) => each.file === opened?.file)
  const { scenario, summary } = run ?? {}
  if (
    opened === undefined ||
    system === undefined ||
    file === undefined ||
    scenario === undefined ||
    summary === undefined
  )
    return undefined
  const original = file.scenario
  return {
    system: opened.system,
    file: opened.file,
    seed: summary.seed,
    params: same(scenario.params, original.params) ? undefined : scenario.params,
    faults: same(scenario.faults, original.faults) ? undefined : scenario.faults,
    settings: settingsOf(scenario, original),
    digest: summary.digest,
    bundle: system.bundle.hash,
    event: focus.event,
    pane,
    filter,
    marks: marksOf(state).map((mark) => [mark.event, mark.text] as const),
  }
}

/** The members of a scenario's parts that differ from its file's; what the file has and the scenario has not is null. */
function settingsOf(scenario: Scenario, original: Scenario): Settings | undefined {
  const settings: Record<string, Record<string, unknown>> = {}
  for (const part of PARTS) {
    const now: Record<string, unknown> = { ...scenario[part] }
    const before: Record<string, unknown> = { ...original[part] }
    const names = Object.keys({ ...before, ...now }).filter((name) => !same(now[name], before[name]))
    if (names.length > 0) settings[part] = Object.fromEntries(names.map((name) => [name, now[name] ?? null]))
  }
  return Object.keys(settings).length === 0 ? undefined : settings
}

/** A scenario with settings of a link. */
function withSettings(scenario: Scenario, settings: Settings): Scenario {
  const changed = PARTS.map((part) => {
    const all = Object.entries({ ...scenario[part], ...settings[part] })
    return [part, Object.fromEntries(all.filter(([, value]) => value !== null))]
  })
  return { ...scenario, ...Object.fromEntries(changed) }
}

function same(left: unknown, right: unknown): boolean {
  return JSON.stringify(left) === JSON.stringify(right)
}

/** Opens what the address means. @returns whether it meant anything @throws LinkError */
export async function openAddress(controller: Controller): Promise<boolean> {
  const shared = await decodeLink(location.hash)
  if (shared === undefined) return false
  const { system, file, seed, params, faults, settings, digest, bundle, event, pane, filter, marks } = shared
  const found = controller.state.workspace?.systems.find(({ name }) => name === system)
  const scenario = found?.scenarios.find((each) => each.file === file)?.scenario
  if (found === undefined || scenario === undefined) {
    controller.fail(
      `This link is about ${file} of the system '${system}', which is not here. Start 'faultline ui' where it is.`,
    )
    return true
  }
  const changes = {
    ...(params === undefined ? {} : { params }),
    ...(faults === undefined ? {} : { faults }),
  }
  const changed = { ...withSettings(scenario, settings ?? {}), ...changes }
  await controller.open(system, file, { scenario: changed, seed })
  controller.store.update((draft) => {
    if (Object.hasOwn(PANES, pane)) draft.pane = pane as PaneId
    draft.filter = filter
    draft.marks = marks.map(([marked, text]) => ({ run: 'A' as const, event: marked, text }))
  })
  const run = activeRun(controller.state)
  if (run?.summary !== undefined && run.summary.digest !== digest) {
    const why =
      found.bundle.hash === bundle
        ? 'this is another version of faultline'
        : 'the system has been changed since'
    controller.fail(
      `This is not the run that the link was made of: ${why} (digest ${run.summary.digest} instead of ${digest}). What the link pointed at may be elsewhere.`,
    )
    return true
  }
  if (event > 0) controller.focus(event)
  return true
}
