import type { Pen } from '../../ui/timeline/shapes.ts'
import type { Tokens } from '../../ui/timeline/tokens.ts'

/** Each colour by its name. */
export const TOKENS: Tokens = {
  classes: {
    broker: 'broker',
    process: 'process',
    database: 'database',
    messaging: 'messaging',
    timer: 'timer',
    effect: 'effect',
    fault: 'fault',
  },
  surface: 'surface',
  stripe: 'stripe',
  line: 'line',
  text: 'text',
  quiet: 'quiet',
  accent: 'accent',
  violation: 'violation',
  hatch: 'hatch',
  other: 'other',
}

/** Something that was drawn, with the colours of the pen. */
export interface Drawn {
  readonly call: string
  readonly args: readonly unknown[]
  readonly fill: string
  readonly stroke: string
}

/** A pen that writes down what is drawn with it. */
export function loggingPen(): { readonly pen: Pen; readonly log: Drawn[] } {
  const log: Drawn[] = []
  const state: Record<string, unknown> = { fillStyle: '', strokeStyle: '' }
  const pen = new Proxy(state, {
    get: (target, name: string) =>
      name in target
        ? target[name]
        : (...args: unknown[]) => {
            log.push({ call: name, args, fill: String(target.fillStyle), stroke: String(target.strokeStyle) })
          },
  })
  return { pen: pen as unknown as Pen, log }
}
