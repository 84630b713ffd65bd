import { createElement } from 'react'
import { renderToStaticMarkup } from 'react-dom/server'
import { describe, expect, it } from 'vitest'
import { Hanging } from '../../ui/panes/Hanging.tsx'

const one = {
  handler: 'hall.book',
  process: 'hall-1',
  entity: 'booking-1',
  steps: ['hall.book seats.update'],
  sinceMicros: 61_000,
}
const shown = (waiting: Parameters<typeof Hanging>[0]['waiting']): string[] =>
  renderToStaticMarkup(createElement(Hanging, { waiting }))
    .split(/<[^>]*>/)
    .filter((text) => text !== '' && text !== '?')

describe('the verdict on a run that has come to rest', () => {
  it('[K30] names the handlers that would wait for ever, and of more than three how many more', () => {
    expect(shown([one, { ...one, process: 'hall-2', steps: [], sinceMicros: undefined }])).toEqual([
      'Waits for ever though everything is quiet:',
      'hall.book in hall-1, for booking-1, since 0.061 s for the end of hall.book seats.update',
      'hall.book in hall-2, for booking-1, for nothing that the simulator does',
    ])
    const many = [1, 2, 3, 4, 5].map((number) => ({ ...one, process: `hall-${number}` }))
    expect(shown(many).at(-1)).toBe('and 2 more')
  })

  it('[K30] says nothing of that where nobody would', () => {
    expect(shown([])).toEqual([])
  })
})
