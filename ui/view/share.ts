import { decodeLink, encodeLink, type Shared } from '../model/share-link.ts'
import type { Controller } from './controller.ts'
import { marksOf } from './marks.ts'
import { activeRun, openedSystem, PANES, type PaneId, type ViewState } from './state.ts'

/** Time after which a change is in the address: not every step of a walk has to be. */
const SETTLED_MILLIS = 250

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
  const same = (left: unknown, right: unknown): boolean => JSON.stringify(left) === JSON.stringify(right)
  return {
    system: opened.system,
    file: opened.file,
    seed: summary.seed,
    params: same(scenario.params, original.params) ? undefined : scenario.params,
    faults: same(scenario.faults, original.faults) ? undefined : scenario.faults,
    orders: scenario.workload.orders === original.workload.orders ? undefined : scenario.workload.orders,
    digest: summary.digest,
    bundle: system.bundle.hash,
    event: focus.event,
    pane,
    filter,
    marks: marksOf(state).map((mark) => [mark.event, mark.text] as const),
  }
}

/** Keeps the address of the page a link to what is seen. */
export function keepAddress(controller: Controller): void {
  const { store } = controller
  let known: Shared | undefined
  let returning = false
  let timer: ReturnType<typeof setTimeout> | undefined
  let last: ViewState | undefined
  const write = async (): Promise<void> => {
    const { state } = store
    if (state === last || state.busy !== undefined) return
    last = state
    const shared = sharedOf(state)
    const fragment = shared === undefined ? '' : `#${await encodeLink(shared)}`
    if (fragment === location.hash) return
    const address = fragment === '' ? location.pathname : fragment
    // Going to another event can be taken back with the browser's button; typing and runs replace what was there.
    const moved = shared !== undefined && known?.event !== shared.event && known?.digest === shared.digest
    if (moved && !returning) history.pushState(null, '', address)
    else history.replaceState(null, '', address)
    known = shared
    returning = false
  }
  addEventListener('popstate', () => {
    void decodeLink(location.hash).then((shared) => {
      const run = activeRun(store.state)
      if (shared === undefined || run?.summary?.digest !== shared.digest) return
      returning = true
      store.update((draft) => {
        if (shared.pane in PANES) draft.pane = shared.pane as PaneId
      })
      if (shared.event > 0) controller.focus(shared.event)
      else controller.clearFocus()
    })
  })
  store.subscribe(() => {
    clearTimeout(timer)
    timer = setTimeout(() => void write(), SETTLED_MILLIS)
  })
}

/** Opens what the address means. @returns whether it meant anything @throws LinkError */
export async function openAddress(controller: Controller): Promise<boolean> {
  const shared = await decodeLink(location.hash)
  if (shared === undefined) return false
  const { system, file, seed, params, faults, orders, digest, bundle, event, pane, filter, marks } = shared
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
    ...(orders === undefined ? {} : { workload: { ...scenario.workload, orders } }),
  }
  await controller.open(system, file, { scenario: { ...scenario, ...changes }, seed })
  controller.store.update((draft) => {
    if (pane in PANES) draft.pane = pane as PaneId
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
