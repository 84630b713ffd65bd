import { hanging, type RunSummary } from '../../sim/index.ts'

/** Who would wait for ever when the run had come to rest: nothing where nobody does. */
export function Hanging({ waiting }: Pick<RunSummary, 'waiting'>) {
  if (waiting.length === 0) return null
  return (
    <>
      <p>Waits for ever though everything is quiet:</p>
      <ul className="properties">
        {hanging(waiting).map((clause) => (
          <li key={clause} className="property property-inconclusive">
            <span className="property-mark" aria-hidden="true">
              ?
            </span>
            <span>{clause}</span>
          </li>
        ))}
      </ul>
    </>
  )
}
