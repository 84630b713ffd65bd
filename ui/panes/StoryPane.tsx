import { type RefObject, useEffect, useRef } from 'react'
import type { StoryLine } from '../../sim/index.ts'
import { weightOf } from '../model/fault-weight.ts'
import { counted, timeParts } from '../model/format.ts'
import type { RunView } from '../model/run-view.ts'
import type { Controller } from '../view/controller.ts'
import { useSelected } from '../view/store.ts'
import { Compared } from './Compared.tsx'
import { Marks } from './Marks.tsx'
import { Player } from './Player.tsx'
import { Verdict } from './Verdict.tsx'

/** What the run showed, and why: the first thing to read. */
export function StoryPane({ controller, run }: { controller: Controller; run: RunView }) {
  const focus = useSelected(controller.store, (state) => state.focus.event)
  const { story, summary } = run
  const weights = useSelected(controller.store, (state) => state.weights[state.active])
  const box = useRef<HTMLElement>(null)
  const current =
    story?.lines.findLastIndex(({ records }) => records.some((id) => id <= focus && focus > 0)) ?? -1
  useShown(box, current)
  // biome-ignore lint/correctness/useExhaustiveDependencies: another run is read from its beginning.
  useEffect(() => {
    if (box.current !== null) box.current.scrollTop = 0
  }, [run])
  return (
    <aside className="story" aria-label="Verdict and story" tabIndex={-1} id="pane-story" ref={box}>
      <Compared controller={controller} />
      <Verdict controller={controller} run={run} />
      <Marks controller={controller} run={run} />
      {story !== undefined && story.lines.length > 0 && (
        <section aria-labelledby="story-title">
          <h2 id="story-title">
            {summary?.verdict === 'violated' ? 'Why' : 'What happened'}{' '}
            <span className="quiet">{story.subject}</span>
          </h2>
          <Player controller={controller} run={run} />
          <ol className="story-lines">
            {story.lines.map((line, index) => (
              <li key={line.records[0] ?? `${line.mark} ${line.text}`}>
                <Sentence
                  line={line}
                  number={index + 1}
                  current={index === current}
                  weight={weightOf(run, line, weights)}
                  go={() => line.records[0] !== undefined && controller.focus(line.records[0])}
                />
              </li>
            ))}
          </ol>
          {story.leftOut > 0 && (
            <p className="quiet">
              {counted(story.leftOut, 'sentence')} left out: the trace below has everything.
            </p>
          )}
        </section>
      )}
      {story === undefined && (
        <p className="empty">
          This trace came without the story of its run. Walk along causes with K and J, or read the trace
          below.
        </p>
      )}
    </aside>
  )
}

/** Scrolls to the sentence that tells of the focus where the story scrolls by itself; elsewhere the page would jump. */
function useShown(box: RefObject<HTMLElement | null>, current: number): void {
  useEffect(() => {
    const pane = box.current
    const sentence = current < 0 ? null : pane?.querySelector<HTMLElement>('.sentence[aria-current]')
    if (!pane || !sentence || getComputedStyle(pane).overflowY !== 'auto') return
    const [outer, inner] = [pane.getBoundingClientRect(), sentence.getBoundingClientRect()]
    if (inner.top < outer.top || inner.bottom > outer.bottom)
      pane.scrollTop += inner.top - outer.top - (outer.height - inner.height) / 2
  }, [box, current])
}

function Sentence({
  line,
  number,
  current,
  weight,
  go,
}: {
  line: StoryLine
  number: number
  current: boolean
  weight: string
  go: () => void
}) {
  const { strong, light } = timeParts(line.atMicros)
  return (
    <button
      type="button"
      className={`sentence sentence-${line.mark}`}
      aria-current={current ? 'step' : undefined}
      onClick={go}
    >
      <span className={`badge-inline badge-${line.mark}`} aria-hidden="true">
        {number}
      </span>
      <span className="sentence-time mono">
        {strong}
        <i>{light}</i>
      </span>
      <span className="sentence-text">
        {line.mark === 'fault' ? <b>Fault: </b> : line.mark === 'breach' ? <b>Broken: </b> : null}
        {line.text}
        {weight !== '' && <span className="fault-weight">{weight}</span>}
      </span>
    </button>
  )
}
