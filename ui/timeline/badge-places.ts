import { rowOf, type Scene, xOf, yOf } from './scene.ts'

/** A rectangle of the picture, in pixels: its middle, from the left and from the top. */
export interface Box {
  readonly x: number
  readonly y: number
  readonly width: number
  readonly height: number
}

/** Something small that is written beside an event. */
export interface Badge extends Box {
  /** The event. */
  readonly id: number
  readonly text: string
}

/** Two badges may not lie closer than this. */
export const APART = 1
/** How high badges between two lanes are, with their lines. */
const BETWEEN_HEIGHT = 12
/** Of a letter, and of both edges. */
const [LETTER, EDGES] = [5.2, 8]
/** Of the ring around what broke a promise, with its line. */
const RING_WIDTH = 20

/** How wide a text in a badge is. */
export function widthOf(text: string): number {
  return text.length * LETTER + EDGES
}

/** The rings around what broke promises: badges leave them free. */
export function ringsOf(scene: Scene): Box[] {
  return scene.run.violations.flatMap(({ event }) => {
    const row = event > 0 ? rowOf(scene, event) : -1
    if (row < 0) return []
    const x = xOf(scene, scene.axis.units[event] as number)
    return [{ x, y: yOf(scene, row), width: RING_WIDTH, height: RING_WIDTH }]
  })
}

export function overlap(left: Box, right: Box): boolean {
  const near = Math.abs(left.x - right.x) < (left.width + right.width) / 2 + APART - 1e-6
  return near && Math.abs(left.y - right.y) < (left.height + right.height) / 2
}

/**
 * A place for a text between a row and the next one, or the one before: what lies on the lanes stays free.
 * @param x where it is wanted
 * @param taken what it may not lie on
 * @returns undefined where the picture has no room for it beside that row
 */
export function placeBetween(
  scene: Scene,
  { x, row, text }: { readonly x: number; readonly row: number; readonly text: string },
  taken: readonly Box[],
): Box | undefined {
  const { width, rowHeight, rows } = scene
  const wide = widthOf(text)
  const between = (side: 1 | -1): number => yOf(scene, row) + side * Math.min(17, rowHeight / 2)
  const half = BETWEEN_HEIGHT / 2
  const middle = Math.max(wide / 2, Math.min(x, width - wide / 2))
  const above = { x: middle, y: Math.max(half, between(-1)), width: wide, height: BETWEEN_HEIGHT }
  const below = { ...above, y: Math.min(rows.length * rowHeight - half, between(1)) }
  const sides = [above, below]
  return (
    sides.find((each) => !taken.some((other) => overlap(each, other))) ??
    sides
      .flatMap((each) => [free(each, taken, 1), free(each, taken, -1)])
      .find((each) => each.x >= wide / 2 && each.x <= width - wide / 2)
  )
}

/** Moves a box to one side until it lies on nothing. */
export function free<Any extends Box>(box: Any, taken: readonly Box[], side: 1 | -1): Any {
  let { x } = box
  for (;;) {
    const other = taken.find((each) => overlap({ ...box, x }, each))
    if (other === undefined) return { ...box, x }
    x = other.x + side * ((other.width + box.width) / 2 + APART)
  }
}
