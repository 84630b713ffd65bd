import { formatSeconds } from '../../sim/index.ts'
import type { RunView } from '../model/run-view.ts'
import type { Controller } from '../view/controller.ts'
import { describeMark, removeMark } from '../view/marks.ts'
import { useSelected } from '../view/store.ts'

/** The marked events, with a note each; a link carries them. */
export function Marks({ controller, run }: { controller: Controller; run: RunView }) {
  const active = useSelected(controller.store, (state) => state.active)
  const marks = useSelected(controller.store, (state) => state.marks).filter((mark) => mark.run === active)
  if (marks.length === 0) return null
  return (
    <section aria-labelledby="marks-title" className="marks">
      <h2 id="marks-title">Marks</h2>
      <ul>
        {marks
          .filter(({ event }) => event <= run.recording.count)
          .map(({ event, text }) => (
            <li key={event} className="mark">
              <button type="button" className="link" onClick={() => controller.focus(event)}>
                #{event} <span className="quiet">{formatSeconds(run.recording.at(event))}</span>
              </button>
              <input
                type="text"
                aria-label={`Note on record ${event}`}
                placeholder={run.recording.phrase(event) || run.recording.kind(event)}
                value={text}
                onChange={({ currentTarget }) => describeMark(controller, event, currentTarget.value)}
              />
              <button
                type="button"
                aria-label={`Remove the mark of record ${event}`}
                onClick={() => removeMark(controller, event)}
              >
                ✕
              </button>
            </li>
          ))}
      </ul>
    </section>
  )
}
