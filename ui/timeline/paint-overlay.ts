import { paintEdge } from './paint.ts'
import { heightOf, rowOf, type Scene, xOf, yOf } from './scene.ts'
import type { Pen } from './shapes.ts'
import type { Tokens } from './tokens.ts'

/** Clear of the shape inside, and of the ring of a violation. */
const RING_RADIUS = 11.5
const ECHO_DASH = [3, 2.5]

/** What is looked at and pointed at, as one run sees it. */
export interface Looked {
  /** The event that is looked at; 0: none of this run. */
  readonly focus: number
  /** The event under the pointer; 0: none of this run. */
  readonly hover: number
  /** What this run has for events that are looked at and pointed at in the run beside it. */
  readonly echoes: readonly number[]
  /** Where on the axis the run beside it is looked at. */
  readonly cursor: number | undefined
}

/** Draws what depends on pointer and focus: rings, and the arrows of their causes and effects. */
export function paintOverlay(pen: Pen, scene: Scene, tokens: Tokens, looked: Looked): void {
  const { focus, hover, echoes, cursor } = looked
  pen.clearRect(0, 0, scene.width, heightOf(scene))
  if (cursor !== undefined) paintLine(pen, scene, tokens, cursor)
  if (focus > 0) {
    paintLine(pen, scene, tokens, scene.axis.units[focus] as number)
    paintNeighbours(pen, scene, tokens, focus)
  }
  if (hover > 0 && hover !== focus) paintNeighbours(pen, scene, tokens, hover)
  if (hover > 0) paintRing(pen, scene, tokens.text, hover, 1)
  if (focus > 0) paintRing(pen, scene, tokens.accent, focus, 2)
  pen.setLineDash(ECHO_DASH)
  for (const id of echoes) paintRing(pen, scene, tokens.accent, id, 2)
  pen.setLineDash([])
}

/** A line through all lanes where something is looked at. */
function paintLine(pen: Pen, scene: Scene, tokens: Tokens, unit: number): void {
  const x = xOf(scene, unit)
  pen.globalAlpha = 0.5
  pen.fillStyle = tokens.accent
  pen.fillRect(x - 0.5, 0, 1, heightOf(scene))
  pen.globalAlpha = 1
}

function paintNeighbours(pen: Pen, scene: Scene, tokens: Tokens, id: number): void {
  const { recording } = scene.run
  pen.strokeStyle = tokens.text
  pen.fillStyle = tokens.text
  pen.lineWidth = 1.5
  for (const parent of recording.parents(id)) paintEdge(pen, scene, parent, id)
  for (const child of recording.children(id)) paintEdge(pen, scene, id, child)
}

function paintRing(pen: Pen, scene: Scene, colour: string, id: number, weight: number): void {
  const row = rowOf(scene, id)
  if (row < 0) return
  const [x, y] = [xOf(scene, scene.axis.units[id] as number), yOf(scene, row)]
  pen.strokeStyle = colour
  pen.lineWidth = weight
  pen.beginPath()
  pen.arc(x, y, RING_RADIUS, 0, Math.PI * 2)
  pen.stroke()
}
