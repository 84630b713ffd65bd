import { styleText } from 'node:util'
import { type Paint, plainPaint } from '../report/paint.ts'

const colours: Paint = {
  good: (text) => styleText('green', text, { validateStream: false }),
  bad: (text) => styleText('red', text, { validateStream: false }),
  doubtful: (text) => styleText('yellow', text, { validateStream: false }),
  quiet: (text) => styleText('gray', text, { validateStream: false }),
  strong: (text) => styleText('bold', text, { validateStream: false }),
}

/** The paint for a terminal, or for a file. */
export function paintFor(colour: boolean): Paint {
  return colour ? colours : plainPaint
}
