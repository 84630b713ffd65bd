import { useMemo } from 'react'
import { formatSeconds } from '../../sim/index.ts'
import { counted } from '../model/format.ts'
import { type Divergence, diffOf } from '../model/run-diff.ts'
import type { RunView } from '../model/run-view.ts'
import { changesBetween } from '../model/setup-changes.ts'
import type { Controller } from '../view/controller.ts'
import { useSelected } from '../view/store.ts'

/** Two runs side by side in words: what was changed, what became of it, and where they part. */
export function Compared({ controller }: { controller: Controller }) {
  const runs = useSelected(controller.store, (state) => state.runs)
  const active = useSelected(controller.store, (state) => state.active)
  const { A, B } = runs
  const diff = useMemo(() => (A && B ? diffOf(A.recording, B.recording) : undefined), [A, B])
  if (A === undefined || B === undefined || diff === undefined) return null
  const changes = changesBetween(A, B)
  const go = ({ a, b }: Divergence): void => controller.focus(active === 'A' ? a : b)
  const { first, consequential, onlyA, onlyB } = diff
  return (
    <section className="compared" aria-label="Run A and run B">
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
  const broken = run.violations.map(({ property }) => property)
  const { verdict = '' } = run.summary ?? {}
  return (
    <tr>
      <th scope="row">
        <button type="button" aria-pressed={active} aria-label={`Run ${name}`} onClick={choose}>
          {name}
        </button>
      </th>
      <td className={broken.length > 0 ? 'mark-bad' : 'mark-good'}>
        {broken.length > 0 ? `✗ ${broken.join(', ')}` : verdict === 'pass' ? '✓ every promise kept' : verdict}
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
