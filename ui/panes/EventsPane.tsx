import type { RunView } from '../model/run-view.ts'
import type { Controller } from '../view/controller.ts'

export function EventsPane({ run }: { controller: Controller; run: RunView }) {
  return <p>{run.recording.count}</p>
}
