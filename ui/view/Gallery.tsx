import { useState } from 'react'
import type { WorkspaceScenario } from '../../sim/index.ts'
import { counted } from '../model/format.ts'
import { brokenBy, galleryOf, type ShownSystem, saysOf } from '../model/gallery.ts'
import type { Controller } from './controller.ts'
import { SearchField } from './SearchField.tsx'
import { useSelected } from './store.ts'

/** Every system and scenario there is, with a sentence each: where a visitor begins. */
export function Gallery({ controller }: { controller: Controller }) {
  const workspace = useSelected(controller.store, (state) => state.workspace)
  const facts = useSelected(controller.store, (state) => state.facts)
  const unloadable = useSelected(controller.store, (state) => state.unloadable)
  const [query, setQuery] = useState('')
  if (workspace === undefined) return <main className="waiting">Loading…</main>
  const says = Object.fromEntries(Object.entries(facts).map(([name, known]) => [name, known.says]))
  const { systems: shown, isPartial } = galleryOf(workspace.systems, says, query)
  const count = (systems: readonly ShownSystem[]): number =>
    systems.reduce((sum, { scenarios }) => sum + scenarios.length, 0)
  const openFirst = (): void => {
    const [first] = shown
    const file = first?.scenarios[0]?.file
    if (query.trim() !== '' && first !== undefined && file !== undefined)
      void controller.open(first.name, file)
  }
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
      {workspace.systems.length > 0 && (
        <div className="gallery-search">
          <SearchField
            id="gallery-search"
            label="Search scenarios"
            placeholder="Search: charged twice, crash, inbox, lock…"
            value={query}
            change={setQuery}
            choose={openFirst}
            leave={() => document.getElementById('gallery-search')?.blur()}
          />
          <kbd aria-hidden="true">/</kbd>
          <span className="quiet" role="status">
            {query.trim() === ''
              ? counted(count(workspace.systems), 'scenario')
              : `${count(shown)} of ${count(workspace.systems)}`}
          </span>
        </div>
      )}
      {isPartial && shown.length > 0 && (
        <p className="empty" role="status">
          No scenario says all of ‘{query.trim()}’: these say most of it.
        </p>
      )}
      {shown.length === 0 && query.trim() !== '' && (
        <p className="empty">
          No scenario says anything of ‘{query.trim()}’.{' '}
          <button type="button" className="link" onClick={() => setQuery('')}>
            Show all
          </button>
        </p>
      )}
      {shown.map(({ name, scenarios }) => (
        <section key={name} aria-labelledby={`system-${name}`}>
          <h2 id={`system-${name}`}>{name}</h2>
          {unloadable[name] === undefined ? (
            <p className="system-says">{facts[name]?.says ?? ' '}</p>
          ) : (
            <p className="system-fails">This system cannot be loaded: {unloadable[name]}</p>
          )}
          <ul className="cards">
            {scenarios.map((scenario) => (
              <li key={scenario.file}>
                <Card
                  scenario={scenario}
                  fails={unloadable[name] !== undefined}
                  open={() => void controller.open(name, scenario.file)}
                />
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

interface CardProps {
  readonly scenario: WorkspaceScenario
  /** Whether its system could not be loaded. */
  readonly fails: boolean
  readonly open: () => void
}

function Card({ scenario: each, fails, open }: CardProps) {
  const { scenario } = each
  const broken = brokenBy(each)
  return (
    <button type="button" className="card" onClick={open}>
      <span className="card-title">{scenario.name}</span>
      <span className="card-says">{saysOf(each)}</span>
      <span className="card-facts">
        {fails ? (
          <span className="mark-bad">✗ cannot be run: its system fails</span>
        ) : broken.length === 0 ? (
          <span className="mark-good">✓ every promise holds</span>
        ) : (
          <span className="mark-bad">✗ {broken.join(', ')}</span>
        )}
        <span>{scenario.faults.length === 0 ? 'no fault' : counted(scenario.faults.length, 'fault')}</span>
      </span>
    </button>
  )
}
