import { useEffect } from 'react'
import { COMMANDS, type Command } from './commands.ts'
import type { Controller } from './controller.ts'

const BY_KEY = new Map(COMMANDS.flatMap((command) => command.keys.map((key) => [key, command] as const)))
/** Two presses within so long are one. */
const CHORD_MILLIS = 500

/** A press of a key. */
export interface Press {
  readonly name: string
  readonly atMillis: number
}

/** How a key press is called in commands: `J`, `Shift+L`, `Ctrl+Enter`, `?`. */
export function keyName({
  key,
  ctrlKey,
  metaKey,
  shiftKey,
  altKey,
}: Pick<KeyboardEvent, 'key' | 'ctrlKey' | 'metaKey' | 'shiftKey' | 'altKey'>): string {
  const letter = /^[a-z]$/i.test(key)
  const name = letter ? key.toUpperCase() : key
  const shifted = shiftKey && (letter || key.length > 1)
  // Many keyboards have signs such as [ only with Alt, or AltGr, which some systems report as Ctrl and Alt.
  const typed = altKey && /^[^a-z0-9\s]$/i.test(key)
  const controlled = (ctrlKey && !typed) || metaKey
  return `${controlled ? 'Ctrl+' : ''}${altKey && !typed ? 'Alt+' : ''}${shifted ? 'Shift+' : ''}${name}`
}

/** What a press means, after the one before it. */
export function commandOf(press: Press, before: Press | undefined): Command | undefined {
  const isChord = before !== undefined && press.atMillis - before.atMillis <= CHORD_MILLIS
  const chord = isChord ? BY_KEY.get(`${before.name} ${press.name}`) : undefined
  return chord ?? BY_KEY.get(press.name)
}

/** Lets keys do what commands say, but not those that belong to a field. */
export function useKeys(controller: Controller): void {
  useEffect(() => {
    let before: Press | undefined
    const press = (event: KeyboardEvent): void => {
      const now = { name: keyName(event), atMillis: event.timeStamp }
      if (event.key === 'Escape' && isField(event.target)) {
        // Who is done with a field wants the keys back, and nothing else to change.
        if (controller.state.sheet === undefined) (event.target as HTMLElement).blur()
        return
      }
      const command = commandOf(now, event.repeat ? undefined : before)
      before = event.repeat ? undefined : now
      if (command === undefined || !applies(command, now.name, event, controller)) return
      event.preventDefault()
      if (event.repeat) controller.continuously(() => command.run(controller))
      else command.run(controller)
    }
    window.addEventListener('keydown', press)
    return () => window.removeEventListener('keydown', press)
  }, [controller])
}

function applies({ anywhere }: Command, name: string, event: KeyboardEvent, { state }: Controller): boolean {
  const single = !name.startsWith('Ctrl+')
  if (state.sheet !== undefined) return false
  if (single && event.key !== 'Escape' && (isField(event.target) || !state.singleKeys)) return false
  if (single && /^Arrow/.test(event.key) && !isPlot(event.target)) return false
  if (event.key === ' ' && isButton(event.target)) return false
  return anywhere === true || state.runs[state.active] !== undefined
}

/** Whether keys are typed there. */
function isField(target: EventTarget | null): boolean {
  return (
    target instanceof HTMLElement && target.closest('input:not([type=checkbox]), select, textarea') !== null
  )
}

/** The space bar presses what is focused. */
function isButton(target: EventTarget | null): boolean {
  return target instanceof HTMLElement && target.closest('button, summary, input, [role=tab]') !== null
}

/** Arrow keys scroll, except in the picture. */
function isPlot(target: EventTarget | null): boolean {
  return target instanceof HTMLElement && target.closest('.plot') !== null
}
