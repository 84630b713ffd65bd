import { describe, expect, it } from 'vitest'
import { COMMANDS } from '../../ui/view/commands.ts'
import { PANES } from '../../ui/view/state.ts'
import { commandOf, keyName } from '../../ui/view/use-keys.ts'

/** The keys that the page is to have, as they were decided, with the command that each of them is for. */
const DECIDED: readonly (readonly [key: string, id: string])[] = [
  ['W', 'zoom in'],
  ['S', 'zoom out'],
  ['Shift+W', 'zoom in fast'],
  ['Shift+S', 'zoom out fast'],
  ['A', 'left'],
  ['D', 'right'],
  ['Shift+A', 'far left'],
  ['Shift+D', 'far right'],
  ['.', 'lane next'],
  [',', 'lane previous'],
  ['F', 'centre'],
  ['F F', 'fit'],
  ['0', 'fit'],
  ['J', 'next'],
  ['K', 'previous'],
  ['H', 'sibling back'],
  ['L', 'sibling'],
  ['Shift+H', 'cause'],
  ['Shift+L', 'effect'],
  ['N', 'violation'],
  ['Shift+N', 'violation back'],
  ['G', 'go to'],
  ['/', 'filter'],
  ['[', 'fold'],
  [']', 'unfold'],
  ['M', 'mark'],
  ["'", 'next mark'],
  [' ', 'play'],
  ['<', 'slower'],
  ['>', 'faster'],
  ['P', 'pin'],
  ['B', 'swap'],
  ['C', 'both'],
  ['X', 'parting'],
  ['E', 'faults'],
  ['Ctrl+Enter', 'rerun'],
  ['Ctrl+.', 'stop'],
  ['Y', 'link'],
  ['Ctrl+K', 'palette'],
  ['?', 'help'],
  ['Escape', 'clear'],
]

const press = (
  key: string,
  held: Partial<Pick<KeyboardEvent, 'ctrlKey' | 'metaKey' | 'shiftKey' | 'altKey'>> = {},
): string => keyName({ key, ctrlKey: false, metaKey: false, shiftKey: false, altKey: false, ...held })

describe('the keys', () => {
  it.each(DECIDED)('[V41] %s is for: %s', (key, id) => {
    const [first, second] = key === ' ' ? [' '] : key.split(' ')
    const before = second === undefined ? undefined : { name: first as string, atMillis: 1_000 }
    expect(commandOf({ name: second ?? (first as string), atMillis: 1_200 }, before)?.id).toBe(id)
  })

  it('[V41] open every pane by its number, and no key is for two things', () => {
    for (const [id, { key }] of Object.entries(PANES))
      expect(commandOf({ name: key, atMillis: 0 }, undefined)?.id).toBe(`pane ${id}`)
    const keys = COMMANDS.flatMap((command) => command.keys)
    expect(keys.filter((key, at) => keys.indexOf(key) !== at)).toEqual([])
    const ids = COMMANDS.map(({ id }) => id)
    expect(ids.filter((id, at) => ids.indexOf(id) !== at)).toEqual([])
  })

  it('[V41] pressed one after the other mean the two only within half a second', () => {
    const before = { name: 'F', atMillis: 1_000 }
    expect(commandOf({ name: 'F', atMillis: 1_500 }, before)?.id).toBe('fit')
    expect(commandOf({ name: 'F', atMillis: 1_501 }, before)?.id).toBe('centre')
    expect(commandOf({ name: 'N', atMillis: 1_100 }, before)?.id).toBe('violation')
  })

  it.each([
    [press('w'), 'W'],
    [press('W', { shiftKey: true }), 'Shift+W'],
    [press('<', { shiftKey: true }), '<'],
    [press('?', { shiftKey: true }), '?'],
    [press('k', { metaKey: true }), 'Ctrl+K'],
    [press('Enter', { ctrlKey: true }), 'Ctrl+Enter'],
    [press('ArrowLeft', { shiftKey: true }), 'Shift+ArrowLeft'],
    [press('[', { altKey: true }), '['],
    [press(']', { ctrlKey: true, altKey: true }), ']'],
    [press('5', { altKey: true }), 'Alt+5'],
    [press('j', { altKey: true }), 'Alt+J'],
    [press('.', { ctrlKey: true }), 'Ctrl+.'],
  ])('[V41] are called %s as %s', (name, expected) => {
    expect(name).toBe(expected)
  })
})
