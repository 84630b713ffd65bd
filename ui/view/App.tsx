import { useRef } from 'react'
import type { RunView } from '../model/run-view.ts'
import { Dock } from '../panes/Dock.tsx'
import { StoryPane } from '../panes/StoryPane.tsx'
import { Timeline } from '../timeline/Timeline.tsx'
import type { Controller } from './controller.ts'
import { Gallery } from './Gallery.tsx'
import { Guard } from './Guard.tsx'
import { HelpSheet } from './HelpSheet.tsx'
import { Palette } from './Palette.tsx'
import { Said } from './Said.tsx'
import { activeRun } from './state.ts'
import { useSelected } from './store.ts'
import { TopBar } from './TopBar.tsx'
import { TokensProvider, useThemeTokens } from './theme.ts'
import { useDrop } from './use-drop.ts'
import { useHeld } from './use-held.ts'
import { useKeys } from './use-keys.ts'
import { useNarrow } from './use-narrow.ts'

/** The page. */
export function App({ controller }: { controller: Controller }) {
  const { store } = controller
  const theme = useSelected(store, (state) => state.theme)
  const run = useSelected(store, activeRun)
  const sheet = useSelected(store, (state) => state.sheet)
  const busy = useSelected(store, (state) => state.busy)
  const problem = useSelected(store, (state) => state.problem)
  const announcement = useSelected(store, (state) => state.announcement)
  const tokens = useThemeTokens(theme)
  useKeys(controller)
  const dropping = useDrop(controller)
  return (
    <TokensProvider value={tokens}>
      <Guard what="The bar at the top" anew={[run]}>
        <TopBar controller={controller} />
      </Guard>
      {problem !== undefined && (
        <div className="problem" role="alert">
          <span>{problem}</span>
          <button type="button" onClick={() => controller.fail(undefined)}>
            Dismiss
          </button>
        </div>
      )}
      {run === undefined ? (
        busy === undefined || problem !== undefined ? (
          <Guard what="The gallery" anew={[busy]}>
            <Gallery controller={controller} />
          </Guard>
        ) : (
          <main className="waiting">
            <p>{busy}…</p>
          </main>
        )
      ) : (
        <Workbench controller={controller} run={run} />
      )}
      <Guard what="The sheet" anew={[sheet]}>
        {sheet === 'help' && <HelpSheet controller={controller} />}
        {sheet === 'palette' && <Palette controller={controller} />}
      </Guard>
      <input
        type="file"
        id="trace-file"
        aria-label="Trace file to open"
        hidden
        onChange={({ currentTarget }) => {
          const [file] = currentTarget.files ?? []
          if (file !== undefined) void controller.openTrace(file.name, file)
          // The same file, chosen again, is another wish.
          currentTarget.value = ''
        }}
      />
      {dropping && <div className="drop-hint">Drop a trace file to open it</div>}
      <Said controller={controller} />
      <div className="visually-hidden" aria-live="polite">
        {announcement}
      </div>
    </TokensProvider>
  )
}

/** A run: its story, its timeline, and the panes. */
function Workbench({ controller, run }: { controller: Controller; run: RunView }) {
  const column = useRef<HTMLElement>(null)
  useHeld(column, useNarrow())
  return (
    <main className="workbench" ref={column}>
      <Guard what="The story" anew={[run]}>
        <StoryPane controller={controller} run={run} />
      </Guard>
      <div className="stage">
        <Guard what="The timeline" anew={[run]}>
          <Timeline controller={controller} run={run} />
        </Guard>
        <Dock controller={controller} run={run} />
      </div>
    </main>
  )
}
