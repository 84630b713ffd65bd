import { type RefObject, useEffect, useRef, useState } from 'react'
import { formatSeconds } from '../../sim/index.ts'
import { counted } from '../model/format.ts'
import type { Divergence } from '../model/run-diff.ts'
import { outcomeOf } from '../model/run-outcome.ts'
import type { RunView } from '../model/run-view.ts'
import { changesBetween } from '../model/setup-changes.ts'
import { toDivergence } from '../view/comparing.ts'
import type { Controller } from '../view/controller.ts'
import { useSelected } from '../view/store.ts'

/** Two runs side by side in words: what was changed, what became of it, and where they part. */
export function Compared({ controller }: { controller: Controller }) {
  const runs = useSelected(controller.store, (state) => state.runs)
  const active = useSelected(controller.store, (state) => state.active)
  const { A, B } = runs
  const box = useRef<HTMLElement>(null)
  const isUnseen = useUnseen(box, B)
  if (A === undefined || B === undefined) return null
  const diff = A.diffWith(B)
  const changes = changesBetween(A, B)
  const go = (place: Divergence): void => toDivergence(controller, place)
  const { first, consequential, onlyA, onlyB } = diff
  const show = (): void => {
    box.current?.scrollIntoView({ block: 'start' })
    // What was pressed is gone now: who came with the keyboard goes on from here.
    box.current?.focus({ preventScroll: true })
  }
  return (
    <>
      <section className="compared" aria-label="Run A and run B" tabIndex={-1} ref={box}>
        <table>
          <tbody>
            {(['A', 'B'] as const).map((name) => (
              <Outcome
                key={name}
                name={name}
                run={name === 'A' ? A : B}
                active={active === name}
                choose={() => controller.activate(name)}
              />
            ))}
          </tbody>
        </table>
        <p>
          {changes.length === 0
            ? 'Nothing was changed: both are the same run.'
            : `B differs: ${changes.join('; ')}.`}
        </p>
        {changes.length > 0 && (
          <p className="quiet">
            {counted(onlyA, 'record')} only in A, {onlyB} only in B.{' '}
            <Parting what="They part" place={first} runs={[A, B]} go={go} />{' '}
            <Parting what="First consequence" place={consequential} runs={[A, B]} go={go} />
          </p>
        )}
      </section>
      {isUnseen && (
        <button type="button" className="compared-bar" onClick={show}>
          <b>B</b> <Told run={B} />
          <span className="compared-bar-way">{wayTo(diff.consequential, A, B)} ↑</span>
        </button>
      )}
    </>
  )
}

/** Whether two runs that are shown side by side have not been looked at yet, because they lie where the page is not scrolled to. */
function useUnseen(box: RefObject<HTMLElement | null>, B: RunView | undefined): boolean {
  const [isUnseen, setUnseen] = useState(false)
  useEffect(() => {
    setUnseen(false)
    if (B === undefined || box.current === null) return
    const observer = new IntersectionObserver(
      (entries) => {
        const isSeen = entries.some(({ isIntersecting }) => isIntersecting)
        setUnseen(!isSeen)
        if (isSeen) observer.disconnect()
      },
      { threshold: 0.5 },
    )
    observer.observe(box.current)
    return () => observer.disconnect()
  }, [box, B])
  return isUnseen
}

function wayTo({ a, b }: Divergence, A: RunView, B: RunView): string {
  if (a === 0 && b === 0) return 'beside A'
  return `first consequence at ${formatSeconds(a > 0 ? A.recording.at(a) : B.recording.at(b))}`
}

/** How a run ended. */
function Told({ run }: { run: RunView }) {
  const { sign, says, tone } = outcomeOf(run)
  return (
    <span className={`mark-${tone}`}>
      {sign} {says}
    </span>
  )
}

function Outcome({
  name,
  run,
  active,
  choose,
}: {
  name: string
  run: RunView
  active: boolean
  choose: () => void
}) {
  return (
    <tr>
      <th scope="row">
        <button type="button" aria-pressed={active} aria-label={`Run ${name}`} onClick={choose}>
          {name}
        </button>
      </th>
      <td>
        <Told run={run} />
      </td>
    </tr>
  )
}

function Parting({
  what,
  place,
  runs: [A, B],
  go,
}: {
  what: string
  place: Divergence
  runs: readonly [RunView, RunView]
  go: (place: Divergence) => void
}) {
  const { a, b } = place
  if (a === 0 && b === 0) return null
  const at = a > 0 ? A.recording.at(a) : B.recording.at(b)
  return (
    <button type="button" className="link" onClick={() => go(place)}>
      {what} at {formatSeconds(at)}.
    </button>
  )
}
