import { outcomeOf } from '../model/run-outcome.ts'
import type { Controller } from './controller.ts'
import { setTheme } from './preferences.ts'
import { activeRun } from './state.ts'
import { useSelected } from './store.ts'

const NEXT_THEME = { system: 'light', light: 'dark', dark: 'system' } as const

/** What is open, and what can be done with it. */
export function TopBar({ controller }: { controller: Controller }) {
  const { store } = controller
  const run = useSelected(store, activeRun)
  const setup = useSelected(store, (state) => state.setup)
  const busy = useSelected(store, (state) => state.busy)
  const theme = useSelected(store, (state) => state.theme)
  const scenario = run?.scenario
  return (
    <header className="topbar">
      <button type="button" className="brand" onClick={() => controller.close()} title="All scenarios">
        <span className="brand-mark" aria-hidden="true" />
        <span className="brand-name">Faultline</span>
      </button>
      {scenario !== undefined && (
        <nav className="crumbs" aria-label="What is open">
          <span className="crumb-system">{scenario.system}</span>
          <span aria-hidden="true">/</span>
          <h1>{scenario.name}</h1>
        </nav>
      )}
      {run?.summary !== undefined && (
        <span className="facts">
          <span>seed {run.summary.seed}</span>
          <span className="mono digest" title="Digest of the run: the same in every browser and in Node">
            {run.summary.digest}
          </span>
        </span>
      )}
      <span className="spacer" />
      <RunSwitch controller={controller} />
      {busy !== undefined && (
        <span className="busy" role="status">
          {busy}…
        </span>
      )}
      {busy !== undefined && (
        <button type="button" onClick={() => controller.stop()} title="Ctrl+.">
          Stop
        </button>
      )}
      {setup !== undefined && (
        <button type="button" className="primary" onClick={() => void controller.rerun()} title="Ctrl+Enter">
          Re-run
        </button>
      )}
      <button type="button" onClick={() => controller.toggleSheet('palette')} title="Every command (Ctrl+K)">
        Commands <kbd>Ctrl K</kbd>
      </button>
      <button
        type="button"
        className="theme-button"
        aria-label={`Theme: ${theme}`}
        title={`Theme: ${theme}`}
        onClick={() => setTheme(controller, NEXT_THEME[theme])}
      >
        {theme === 'light' ? '☀' : theme === 'dark' ? '☾' : '◐'}
      </button>
      <button
        type="button"
        className="help-button"
        aria-label="Keys"
        title="Keys (?)"
        onClick={() => controller.toggleSheet('help')}
      >
        ?
      </button>
    </header>
  )
}

/** Which of two runs is looked at. */
function RunSwitch({ controller }: { controller: Controller }) {
  const runs = useSelected(controller.store, (state) => state.runs)
  const active = useSelected(controller.store, (state) => state.active)
  const { A, B } = runs
  if (A === undefined || B === undefined) return null
  return (
    <div className="segmented" role="group" aria-label="Run">
      {(['A', 'B'] as const).map((name) => (
        <button
          key={name}
          type="button"
          aria-pressed={active === name}
          onClick={() => controller.activate(name)}
          title={name === 'A' ? 'The first run' : 'The changed run'}
        >
          <span className="run-word">run </span>
          {name} {outcomeOf(name === 'A' ? A : B).sign}
        </button>
      ))}
    </div>
  )
}
