import { useState } from 'react'
import type { Shrunk } from '../../sim/index.ts'
import { counted } from '../model/format.ts'
import type { RunView } from '../model/run-view.ts'
import type { Controller } from '../view/controller.ts'
import { openedSystem } from '../view/state.ts'

/** Makes the failing scenario as small as it gets, and says what each fault that is left is needed for. */
export function Shrinking({ controller, run }: { controller: Controller; run: RunView }) {
  const [progress, setProgress] = useState('')
  const [shrunk, setShrunk] = useState<Shrunk | undefined>(undefined)
  const begin = async (): Promise<void> => {
    const { setup } = controller.state
    const system = openedSystem(controller.state)
    if (setup === undefined || system === undefined) return
    const found = await controller.during('Shrinking', () =>
      controller.engine.ask('shrink', { bundle: system.bundle, ...setup }, ({ runs, faults, orders }) =>
        setProgress(`run ${runs}: ${counted(faults, 'fault')}, ${counted(orders, 'order')}`),
      ),
    )
    setProgress('')
    setShrunk(found)
    if (found === undefined) return
    controller.change({ faults: found.scenario.faults, workload: found.scenario.workload })
    await controller.rerun()
  }
  return (
    <div className="shrinking">
      <h3>Shrink</h3>
      <button type="button" disabled={run.violations.length === 0} onClick={() => void begin()}>
        Find the smallest run that breaks the same promise
      </button>
      <p className="quiet" role="status">
        {progress !== '' && progress}
        {run.violations.length === 0 && 'Nothing is broken in this run.'}
        {shrunk !== undefined &&
          progress === '' &&
          `${shrunk.faultsBefore} → ${counted(shrunk.scenario.faults.length, 'fault')}, ${shrunk.ordersBefore} → ${counted(shrunk.scenario.workload.orders, 'order')}, tried ${counted(shrunk.runs, 'run')}. ${shrunk.faults.filter(({ needed }) => needed).length} of the faults left are needed.`}
      </p>
    </div>
  )
}
