import type { WorkspaceScenario } from '../../sim/index.ts'
import { counted } from '../model/format.ts'
import type { Controller } from './controller.ts'
import { useSelected } from './store.ts'

/** Every system and scenario there is, with a sentence each: where a visitor begins. */
export function Gallery({ controller }: { controller: Controller }) {
  const workspace = useSelected(controller.store, (state) => state.workspace)
  const facts = useSelected(controller.store, (state) => state.facts)
  if (workspace === undefined) return <main className="waiting">Loading…</main>
  // Short lists first, so that every system is in sight.
  const bySize = [...workspace.systems].sort((left, right) => left.scenarios.length - right.scenarios.length)
  return (
    <main className="gallery">
      <div className="gallery-intro">
        <h1>Pick a scenario</h1>
        <p>
          It runs here, in this page: the same seed gives the same run everywhere, byte for byte. Then change
          a pattern, move a fault, and run it again. Or drop a trace file that{' '}
          <code>faultline run --trace</code> wrote.
        </p>
        <button type="button" onClick={() => controller.pickTrace()}>
          Open a trace file
        </button>
      </div>
      {bySize.map(({ name, scenarios }) => (
        <section key={name} aria-labelledby={`system-${name}`}>
          <h2 id={`system-${name}`}>{name}</h2>
          <p className="system-says">{facts[name]?.says ?? ' '}</p>
          <ul className="cards">
            {scenarios.map((scenario) => (
              <li key={scenario.file}>
                <Card scenario={scenario} open={() => void controller.open(name, scenario.file)} />
              </li>
            ))}
          </ul>
          {scenarios.length === 0 && <p className="empty">No scenario is written for this system yet.</p>}
        </section>
      ))}
      {workspace.systems.length === 0 && (
        <p className="empty">
          There is no system here. Write <code>scenarios/&lt;name&gt;/system.ts</code> and a scenario beside
          it, then start again in that folder.
        </p>
      )}
      {workspace.problems.length > 0 && (
        <section aria-labelledby="gallery-problems">
          <h2 id="gallery-problems">Could not be offered</h2>
          <ul className="gallery-problems">
            {workspace.problems.map((problem) => (
              <li key={problem}>{problem}</li>
            ))}
          </ul>
        </section>
      )}
    </main>
  )
}

function Card({ scenario: { scenario }, open }: { scenario: WorkspaceScenario; open: () => void }) {
  const broken = Object.entries(scenario.expect).filter(([, expected]) => expected === 'violated')
  return (
    <button type="button" className="card" onClick={open}>
      <span className="card-title">{scenario.name}</span>
      <span className="card-says">{scenario.description || 'Everything goes as it should.'}</span>
      <span className="card-facts">
        {broken.length === 0 ? (
          <span className="mark-good">✓ every promise holds</span>
        ) : (
          <span className="mark-bad">✗ {broken.map(([name]) => name).join(', ')}</span>
        )}
        <span>{scenario.faults.length === 0 ? 'no fault' : counted(scenario.faults.length, 'fault')}</span>
      </span>
    </button>
  )
}
