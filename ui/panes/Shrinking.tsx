import { useState } from 'react'
import type { Shrunk } from '../../sim/index.ts'
import { counted } from '../model/format.ts'
import type { RunView } from '../model/run-view.ts'
import { ordersOf } from '../model/setup-changes.ts'
import type { Controller } from '../view/controller.ts'
import { openedSystem } from '../view/state.ts'

/** Makes the failing scenario as small as it gets, and says what each fault that is left is needed for. */
export function Shrinking({ controller, run }: { controller: Controller; run: RunView }) {
  const [progress, setProgress] = useState('')
  const [outcome, setOutcome] = useState('')
  const begin = async (): Promise<void> => {
    const { setup } = controller.state
    const system = openedSystem(controller.state)
    if (setup === undefined || system === undefined) return
    setOutcome('')
    const { noun } = controller.state.facts[system.name]?.outline ?? { noun: 'order' }
    const answer = await controller.during('Shrinking', async () => ({
      shrunk: await controller.engine.ask(
        'shrink',
        { bundle: system.bundle, ...setup },
        ({ runs, faults, orders }) =>
          setProgress(`run ${runs}: ${counted(faults, 'fault')}, ${counted(orders, noun)}`),
      ),
    }))
    setProgress('')
    if (answer === undefined) return
    const { shrunk } = answer
    setOutcome(
      shrunk === undefined
        ? 'What is set up breaks no promise: there is nothing to shrink.'
        : told(shrunk, noun),
    )
    if (shrunk === undefined) return
    // With a part of it alone the promise may be kept: each was made smaller beside the others.
    const { params, cluster, workload, faults, budget } = shrunk.scenario
    controller.change({ params, cluster, workload, faults, budget })
    await controller.rerun()
  }
  return (
    <div className="shrinking">
      <h3>Shrink</h3>
      <button type="button" disabled={run.violations.length === 0} onClick={() => void begin()}>
        Find the smallest run that breaks the same promise
      </button>
      <p className="quiet" role="status">
        {progress || outcome || (run.violations.length === 0 && 'Nothing is broken in this run.')}
      </p>
    </div>
  )
}

function told({ faultsBefore, ordersBefore, scenario, faults, runs }: Shrunk, noun: string): string {
  const left = `${faultsBefore} → ${counted(scenario.faults.length, 'fault')}`
  const orders = `${ordersBefore} → ${counted(ordersOf(scenario.workload), noun)}`
  const needed = faults.filter(({ needed }) => needed).length
  return `${left}, ${orders}, tried ${counted(runs, 'run')}. ${needed} of the faults left are needed.`
}
