import type { RunName } from '../model/run-diff.ts'
import type { RunView } from '../model/run-view.ts'
import type { Controller } from './controller.ts'
import { openedSystem } from './state.ts'

/** Weighing takes a run or two for each fault: what takes longer than a moment is not done unasked. */
const [MOST_FAULTS, MOST_EVENTS] = [6, 20_000]

/** Finds out which faults a broken promise needed, and from which one on it could not be kept; tells when it is known. */
export async function weighFaults(controller: Controller, name: RunName, run: RunView): Promise<void> {
  const system = openedSystem(controller.state)
  const { scenario, summary, mainViolation } = run
  if (system === undefined || scenario === undefined || summary === undefined || mainViolation === undefined)
    return
  const struck = [...run.bands].sort((left, right) => left.fromMicros - right.fromMicros)
  if (scenario.faults.length === 0 || scenario.faults.length > MOST_FAULTS || summary.events > MOST_EVENTS)
    return
  const { bundle } = system
  const { seed } = summary
  const order = struck.map(({ index }) => index)
  try {
    const ask = { bundle, scenario, seed, property: mainViolation.property, order }
    const weights = await controller.engine.ask('weigh', ask)
    controller.store.update((draft) => {
      if ((draft.runs[name] as RunView | undefined) === run) draft.weights[name] = weights as never
    })
  } catch {
    // A worker that was stopped for something else: nothing is known, and nothing is said.
  }
}
