import type { Shape } from '../model/event-class.ts'

/** What of a canvas is drawn with. */
export type Pen = Pick<
  CanvasRenderingContext2D,
  | 'arc'
  | 'beginPath'
  | 'clearRect'
  | 'closePath'
  | 'fill'
  | 'fillRect'
  | 'fillStyle'
  | 'fillText'
  | 'font'
  | 'globalAlpha'
  | 'lineTo'
  | 'lineWidth'
  | 'measureText'
  | 'moveTo'
  | 'quadraticCurveTo'
  | 'rect'
  | 'restore'
  | 'clip'
  | 'save'
  | 'setLineDash'
  | 'stroke'
  | 'strokeRect'
  | 'strokeStyle'
  | 'textAlign'
  | 'textBaseline'
>

/** Half the size of an ordinary shape. */
const RADIUS = 4.5

/** Draws a shape around a place, in the fill style of the pen. */
export function drawShape(pen: Pen, shape: Shape, x: number, y: number, hollow: boolean): void {
  if (shape === 'tick') {
    pen.fillRect(x - 0.75, y - 4, 1.5, 8)
    return
  }
  if (shape === 'cross') {
    drawCross(pen, x, y)
    return
  }
  pen.beginPath()
  outline(pen, shape, x, y)
  if (!hollow) {
    pen.fill()
    return
  }
  pen.strokeStyle = pen.fillStyle
  pen.lineWidth = 1.25
  pen.stroke()
}

function outline(pen: Pen, shape: Shape, x: number, y: number): void {
  const r = RADIUS
  switch (shape) {
    case 'circle':
      pen.arc(x, y, r - 0.5, 0, Math.PI * 2)
      return
    case 'square':
      pen.rect(x - r + 0.5, y - r + 0.5, r * 2 - 1, r * 2 - 1)
      return
    case 'bar':
      pen.rect(x - 2, y - 6, 4, 12)
      return
    case 'triangle':
      path(pen, x, y, [-r, -r, r + 1, 0, -r, r])
      return
    case 'diamond':
      path(pen, x, y, [0, -r - 1.5, r + 1.5, 0, 0, r + 1.5, -r - 1.5, 0])
      return
    case 'caret':
      path(pen, x, y, [-3, -2, 3, -2, 0, 3])
      return
    case 'hexagon':
      path(pen, x, y, [-r, 0, -r / 2, -r, r / 2, -r, r, 0, r / 2, r, -r / 2, r])
      return
    case 'bolt':
      path(pen, x, y, [1, -8, -5, 1.5, -1, 1.5, -2, 8, 5, -2, 1, -2])
      return
    case 'tick':
    case 'cross':
      return
  }
}

function drawCross(pen: Pen, x: number, y: number): void {
  const r = RADIUS
  pen.beginPath()
  pen.moveTo(x - r, y - r)
  pen.lineTo(x + r, y + r)
  pen.moveTo(x + r, y - r)
  pen.lineTo(x - r, y + r)
  pen.strokeStyle = pen.fillStyle
  pen.lineWidth = 2.5
  pen.stroke()
}

function path(pen: Pen, x: number, y: number, points: readonly number[]): void {
  for (let at = 0; at < points.length; at += 2) {
    const [px, py] = [x + (points[at] as number), y + (points[at + 1] as number)]
    if (at === 0) pen.moveTo(px, py)
    else pen.lineTo(px, py)
  }
  pen.closePath()
}

/** A straight arrow that keeps clear of the shapes at both ends. */
export function drawArrow(pen: Pen, x1: number, y1: number, x2: number, y2: number): void {
  const length = Math.hypot(x2 - x1, y2 - y1)
  if (length < 4) return
  const [dx, dy] = [(x2 - x1) / length, (y2 - y1) / length]
  const clear = Math.min(6, length / 3)
  const [tipX, tipY] = [x2 - dx * clear, y2 - dy * clear]
  pen.beginPath()
  pen.moveTo(x1 + dx * Math.min(5, length / 3), y1 + dy * Math.min(5, length / 3))
  pen.lineTo(tipX, tipY)
  pen.stroke()
  pen.beginPath()
  pen.moveTo(tipX, tipY)
  pen.lineTo(tipX - dx * 6 - dy * 3, tipY - dy * 6 + dx * 3)
  pen.lineTo(tipX - dx * 6 + dy * 3, tipY - dy * 6 - dx * 3)
  pen.closePath()
  pen.fill()
}

/** Slanted lines over a rectangle. */
export function drawHatch(
  pen: Pen,
  x: number,
  y: number,
  width: number,
  height: number,
  colour: string,
): void {
  pen.save()
  pen.beginPath()
  pen.rect(x, y, width, height)
  pen.clip()
  pen.globalAlpha = 0.14
  pen.fillStyle = colour
  pen.fillRect(x, y, width, height)
  pen.globalAlpha = 0.55
  pen.strokeStyle = colour
  pen.lineWidth = 1
  pen.beginPath()
  // The pattern is fixed to the picture, so that neighbouring rows continue each other.
  const first = Math.floor((x - height - y) / 6) * 6
  for (let at = first; at < x + width + y + height; at += 6) {
    pen.moveTo(at - y, y + height)
    pen.lineTo(at - y + height, y)
  }
  pen.stroke()
  pen.restore()
}
