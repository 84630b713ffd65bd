import { useEffect } from 'react'
import { COMMANDS, type Command } from './commands.ts'
import type { Controller } from './controller.ts'

const BY_KEY = new Map(COMMANDS.flatMap((command) => command.keys.map((key) => [key, command] as const)))

/** How a key press is called in commands: `J`, `Shift+L`, `Ctrl+Enter`, `?`. */
export function keyName({ key, ctrlKey, metaKey, shiftKey, altKey }: KeyboardEvent): string {
  const letter = /^[a-z]$/i.test(key)
  const name = letter ? key.toUpperCase() : key
  const shifted = shiftKey && (letter || key.length > 1)
  return `${ctrlKey || metaKey ? 'Ctrl+' : ''}${altKey ? 'Alt+' : ''}${shifted ? 'Shift+' : ''}${name}`
}

/** Lets keys do what commands say, but not those that belong to a field. */
export function useKeys(controller: Controller): void {
  useEffect(() => {
    const press = (event: KeyboardEvent): void => {
      const command = BY_KEY.get(keyName(event))
      if (command === undefined || !applies(command, event, controller)) return
      event.preventDefault()
      command.run(controller)
    }
    window.addEventListener('keydown', press)
    return () => window.removeEventListener('keydown', press)
  }, [controller])
}

function applies({ anywhere, id }: Command, event: KeyboardEvent, { state }: Controller): boolean {
  const single = !event.ctrlKey && !event.metaKey
  if (state.sheet !== undefined) return false
  if (single && id !== 'clear' && (isField(event.target) || !state.singleKeys)) return false
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
