import { type KeyboardEvent, useMemo, useState } from 'react'
import { formatSeconds } from '../../sim/index.ts'
import { COMMANDS, keySign } from './commands.ts'
import type { Controller } from './controller.ts'
import { Sheet } from './Sheet.tsx'
import { activeRun } from './state.ts'
import { useSelected } from './store.ts'

interface Entry {
  readonly key: string
  readonly title: string
  readonly hint: string
  run(): void
}

/** A number is a record; with a unit it is a moment; a name of an order is its first record. */
function placesMeant(query: string, controller: Controller): Entry[] {
  const run = activeRun(controller.state)
  const text = query.trim()
  if (run === undefined || text === '') return []
  const { recording } = run
  const go = (title: string, event: number): Entry[] =>
    event < 1 || event > recording.count
      ? []
      : [{ key: `place ${title}`, title, hint: '', run: () => controller.focus(event) }]
  if (/^#?\d+$/.test(text)) return go(`Go to record ${text.replace('#', '')}`, Number(text.replace('#', '')))
  const moment = /^(\d+(?:\.\d+)?) ?(ms|s)$/.exec(text)
  if (moment !== null) {
    const micros = Number(moment[1]) * (moment[2] === 's' ? 1e6 : 1e3)
    return go(`Go to ${formatSeconds(micros)}`, recording.lastUpTo(micros))
  }
  return go(`Go to ${text}`, recording.ofEntity(text)[0] ?? 0)
}

/** Everything that can be done, found by typing. */
export function Palette({ controller }: { controller: Controller }) {
  const workspace = useSelected(controller.store, (state) => state.workspace)
  const hasRun = useSelected(controller.store, (state) => state.runs[state.active] !== undefined)
  const [query, setQuery] = useState('')
  const [at, setAt] = useState(0)
  const entries = useMemo((): Entry[] => {
    const commands = COMMANDS.filter(({ anywhere }) => anywhere === true || hasRun).map(
      ({ id, title, keys, run }): Entry => ({
        key: id,
        title,
        hint: keySign(keys[0] ?? ''),
        run: () => run(controller),
      }),
    )
    const scenarios = (workspace?.systems ?? []).flatMap(({ name, scenarios: files }) =>
      files.map(
        ({ file, scenario }): Entry => ({
          key: file,
          title: `Open: ${scenario.name}`,
          hint: name,
          run: () => void controller.open(name, file),
        }),
      ),
    )
    return [...commands, ...scenarios]
  }, [controller, workspace, hasRun])
  const words = query.toLowerCase().split(/\s+/)
  const named = entries.filter(({ title, hint }) =>
    words.every((word) => `${title} ${hint}`.toLowerCase().includes(word)),
  )
  const found = [...placesMeant(query, controller), ...named]
  const close = (): void => controller.toggleSheet(undefined)
  const choose = (entry: Entry | undefined): void => {
    if (entry === undefined) return
    close()
    entry.run()
  }
  const press = (event: KeyboardEvent): void => {
    const by = { ArrowDown: 1, ArrowUp: -1 }[event.key]
    if (by !== undefined) {
      event.preventDefault()
      setAt((now) => Math.min(found.length - 1, Math.max(0, now + by)))
    } else if (event.key === 'Enter') {
      event.preventDefault()
      choose(found[at])
    }
  }
  return (
    <Sheet title="Commands" close={close}>
      <input
        className="palette-input"
        aria-label="Find a command or scenario"
        placeholder="Command, scenario, record, 4.1s, order-2…"
        role="combobox"
        aria-expanded="true"
        aria-controls="palette-list"
        aria-activedescendant={found[at] === undefined ? undefined : `palette-${at}`}
        value={query}
        onChange={(event) => {
          setQuery(event.currentTarget.value)
          setAt(0)
        }}
        onKeyDown={press}
      />
      <div id="palette-list" role="listbox" aria-label="Commands" className="palette-list">
        {found.map((entry, index) => (
          <div
            key={entry.key}
            id={`palette-${index}`}
            role="option"
            tabIndex={-1}
            aria-selected={index === at}
            className="palette-entry"
            onPointerMove={() => setAt(index)}
            onClick={() => choose(entry)}
            onKeyDown={press}
            ref={(element) => {
              if (index === at) element?.scrollIntoView({ block: 'nearest' })
            }}
          >
            <span>{entry.title}</span>
            {entry.hint !== '' && <kbd>{entry.hint}</kbd>}
          </div>
        ))}
        {found.length === 0 && <p className="empty">Nothing is called that.</p>}
      </div>
    </Sheet>
  )
}
