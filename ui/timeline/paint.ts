import { EVENT_CLASSES } from '../model/event-class.ts'
import type { Pyramid } from './pyramid.ts'
import {
  DIM,
  eventsInView,
  firstFrom,
  HIDDEN,
  heightOf,
  MAX_SHAPES,
  rowOf,
  type Scene,
  SHOWN,
  unitAt,
  unitOfMoment,
  xOf,
  yOf,
} from './scene.ts'
import { drawArrow, drawHatch, drawShape, type Pen } from './shapes.ts'
import type { Tokens } from './tokens.ts'

/** Weight from which an event of the story gets arrows. */
const ARROW_WEIGHT = 4
/** Weight from which an event lies above lighter ones. */
const HEAVY = 3
/** Height of a band at the edge of its row, in pixels. */
const EDGE = 4
/** Events of a story above which only those of its own order get arrows. */
const MOST_ARROWS = 400

/** Draws the picture of a run, without what depends on the pointer. */
export function paintScene(pen: Pen, scene: Scene, pyramid: () => Pyramid, tokens: Tokens): void {
  const height = heightOf(scene)
  pen.clearRect(0, 0, scene.width, height)
  paintRows(pen, scene, tokens)
  paintBreaks(pen, scene, tokens, height)
  paintBands(pen, scene, tokens)
  if (eventsInView(scene) > MAX_SHAPES) paintBuckets(pen, scene, pyramid(), tokens)
  else {
    paintWork(pen, scene, tokens)
    paintEvents(pen, scene, tokens)
  }
  paintComparison(pen, scene, tokens, height)
  paintStory(pen, scene, tokens)
  paintViolations(pen, scene, tokens, height)
}

function paintRows(pen: Pen, scene: Scene, tokens: Tokens): void {
  const { rows, width } = scene
  let striped = false
  for (const [index, row] of rows.entries()) {
    if (row.first) striped = !striped
    if (striped) {
      pen.fillStyle = tokens.stripe
      pen.fillRect(0, index * scene.rowHeight, width, scene.rowHeight)
    }
    pen.fillStyle = tokens.line
    pen.fillRect(0, yOf(scene, index) - 0.5, width, 1)
  }
}

function paintBreaks(pen: Pen, scene: Scene, tokens: Tokens, height: number): void {
  const { scale, mode } = scene.axis
  if (mode !== 'time') return
  for (const { fromUnit, toUnit } of scale.breaks) {
    const [from, to] = [xOf(scene, fromUnit), xOf(scene, toUnit)]
    if (to < 0 || from > scene.width || to - from < 5) continue
    const middle = (from + to) / 2
    pen.strokeStyle = tokens.quiet
    pen.globalAlpha = 0.45
    pen.lineWidth = 1
    pen.setLineDash([2, 4])
    pen.beginPath()
    pen.moveTo(middle - 1.5, 0)
    pen.lineTo(middle - 1.5, height)
    pen.moveTo(middle + 1.5, 0)
    pen.lineTo(middle + 1.5, height)
    pen.stroke()
    pen.setLineDash([])
    pen.globalAlpha = 1
  }
}

function paintBands(pen: Pen, scene: Scene, tokens: Tokens): void {
  const { rowOfLane, rowHeight, crowded } = scene
  for (const band of scene.run.laneBands) {
    const row = rowOfLane[band.lane] as number
    if (row < 0) continue
    const from = Math.max(-10, xOf(scene, unitOfMoment(scene.axis, scene.run, band.fromMicros)))
    const to = Math.min(scene.width + 10, xOf(scene, unitOfMoment(scene.axis, scene.run, band.toMicros)))
    if (to < 0 || from > scene.width) continue
    const inset = band.down ? 1 : 5
    const colour = band.down ? tokens.hatch : tokens.classes.fault
    const [y, width] = [row * rowHeight, Math.max(2, to - from)]
    if (crowded.has(band)) paintEdgeBand(pen, from, y, width, rowHeight, colour)
    else drawHatch(pen, from, y + inset, width, rowHeight - inset * 2, colour)
  }
}

/** A band below what happens in a row, with a line at either end. */
function paintEdgeBand(pen: Pen, x: number, y: number, width: number, height: number, colour: string): void {
  drawHatch(pen, x, y + height - EDGE, width, EDGE, colour)
  pen.globalAlpha = 0.5
  pen.fillStyle = colour
  pen.fillRect(x, y + EDGE, 1, height - EDGE)
  pen.fillRect(x + width - 1, y + EDGE, 1, height - EDGE)
  pen.globalAlpha = 1
}

/** Bars for what processes were busy with. */
function paintWork(pen: Pen, scene: Scene, tokens: Tokens): void {
  const { run, rowOfLane, axis, mask } = scene
  const { works } = run
  for (const { first, last, lane } of works) {
    const row = rowOfLane[lane] as number
    if (row < 0 || mask[first] === HIDDEN) continue
    const from = xOf(scene, axis.units[first] as number)
    const to = xOf(scene, axis.units[last] as number)
    if (to < 0 || from > scene.width) continue
    pen.globalAlpha = mask[first] === SHOWN ? 0.26 : 0.1
    pen.fillStyle = tokens.classes.process
    pen.fillRect(from, yOf(scene, row) - 6, Math.max(1, to - from), 12)
  }
  pen.globalAlpha = 1
}

function paintEvents(pen: Pen, scene: Scene, tokens: Tokens): void {
  const { run, rows, axis, mask } = scene
  const { looks } = run
  const from = unitAt(scene, -8)
  const to = unitAt(scene, scene.width + 8)
  // Light ones first, so that what matters lies on top; what is dim lies under both.
  for (const heavy of [false, true]) {
    for (const [index, row] of rows.entries()) {
      const y = yOf(scene, index)
      for (const lane of row.lanes) {
        const ids = axis.ofLane(lane)
        for (let at = firstFrom(ids, axis.units, from); at < ids.length; at++) {
          const id = ids[at] as number
          const unit = axis.units[id] as number
          if (unit > to) break
          const shown = mask[id]
          if (shown === HIDDEN || (looks.weights[id] as number) >= HEAVY !== heavy) continue
          pen.globalAlpha = shown === DIM ? 0.32 : heavy ? 1 : 0.6
          pen.fillStyle = tokens.classes[looks.classOf(id)]
          drawShape(pen, looks.shapeOf(id), xOf(scene, unit), y, false)
        }
      }
    }
  }
  pen.globalAlpha = 1
}

/** One bar for each lane and bucket: as high as there is much, in the colour of what matters most. */
function paintBuckets(pen: Pen, scene: Scene, pyramid: Pyramid, tokens: Tokens): void {
  const { run, rows, viewport, width } = scene
  const level = pyramid.levelFor(((viewport.toUnit - viewport.fromUnit) / width) * 2)
  const buckets = pyramid.bucketsAt(level)
  const first = Math.max(0, Math.floor((unitAt(scene, 0) / scene.axis.lengthUnits) * buckets))
  const last = Math.min(buckets - 1, Math.ceil((unitAt(scene, width) / scene.axis.lengthUnits) * buckets))
  for (const [index, row] of rows.entries()) {
    const bottom = (index + 1) * scene.rowHeight - 2
    for (let bucket = first; bucket <= last; bucket++) {
      let count = 0
      let top = 0
      for (const lane of row.lanes) {
        count += pyramid.count(level, lane, bucket)
        const candidate = pyramid.top(level, lane, bucket)
        if (candidate !== 0 && (run.looks.weights[candidate] as number) >= (run.looks.weights[top] as number))
          top = candidate
      }
      if (count === 0) continue
      const from = xOf(scene, pyramid.startOf(level, bucket))
      const to = xOf(scene, pyramid.startOf(level, bucket + 1))
      const high = Math.min(scene.rowHeight - 4, 3 + Math.log2(1 + count) * 2.2)
      pen.fillStyle = tokens.classes[EVENT_CLASSES[run.looks.classes[top] as number] ?? 'process']
      pen.globalAlpha = scene.mask[top] === DIM ? 0.25 : 1
      pen.fillRect(from, bottom - high, Math.max(1, to - from), high)
    }
  }
  pen.globalAlpha = 1
}

/** What the other run has and this one lacks is hollow; what only this one has gets a ring; where they part is a line. */
function paintComparison(pen: Pen, scene: Scene, tokens: Tokens, height: number): void {
  const { comparison } = scene
  if (comparison === undefined) return
  pen.fillStyle = tokens.other
  for (const { row, unit, shape } of comparison.ghosts) {
    const x = xOf(scene, unit)
    if (x > -8 && x < scene.width + 8) drawShape(pen, shape, x, yOf(scene, row), true)
  }
  paintAdded(pen, scene, tokens, comparison.added)
  for (const { kind, unit } of comparison.partings) {
    const x = xOf(scene, unit)
    pen.setLineDash(kind === 'first' ? [2, 3] : [7, 4])
    pen.lineWidth = 1.5
    pen.beginPath()
    pen.moveTo(x, 0)
    pen.lineTo(x, height)
    pen.stroke()
  }
  pen.setLineDash([])
}

/** Rings around what weighs, and lines below what is but a tick: rings would lie over each other. */
function paintAdded(pen: Pen, scene: Scene, tokens: Tokens, added: readonly number[]): void {
  const { axis, run, mask } = scene
  const { weights } = run.looks
  const leavesLight = eventsInView(scene) > MAX_SHAPES
  pen.strokeStyle = tokens.other
  pen.fillStyle = tokens.other
  pen.lineWidth = 1.25
  for (const id of added) {
    const isHeavy = (weights[id] as number) >= HEAVY
    if (!isHeavy && leavesLight) continue
    const row = rowOf(scene, id)
    const x = xOf(scene, axis.units[id] as number)
    if (row < 0 || x < -8 || x > scene.width + 8) continue
    pen.globalAlpha = mask[id] === DIM ? 0.55 : 1
    if (!isHeavy) {
      pen.fillRect(x - 2, yOf(scene, row) + 6, 4, 1.5)
      continue
    }
    pen.beginPath()
    pen.arc(x, yOf(scene, row), 7.5, 0, Math.PI * 2)
    pen.stroke()
  }
  pen.globalAlpha = 1
}

/** Arrows between the events from which the story is told. */
function paintStory(pen: Pen, scene: Scene, tokens: Tokens): void {
  const { run } = scene
  const { recording, storyEvents, looks, story } = run
  pen.strokeStyle = tokens.accent
  pen.fillStyle = tokens.accent
  pen.lineWidth = 1.25
  pen.globalAlpha = 0.75
  const crowded = storyEvents.size > MOST_ARROWS
  for (const id of storyEvents) {
    if ((looks.weights[id] as number) < ARROW_WEIGHT) continue
    if (crowded && recording.entity(id) !== story?.subject) continue
    for (const parent of recording.parents(id)) if (storyEvents.has(parent)) paintEdge(pen, scene, parent, id)
  }
  pen.globalAlpha = 1
}

/** An arrow from a cause to an effect in another row. */
export function paintEdge(pen: Pen, scene: Scene, cause: number, effect: number): void {
  const { units } = scene.axis
  const [fromRow, toRow] = [rowOf(scene, cause), rowOf(scene, effect)]
  if (fromRow < 0 || toRow < 0 || fromRow === toRow) return
  const [x1, x2] = [xOf(scene, units[cause] as number), xOf(scene, units[effect] as number)]
  if ((x1 < -50 && x2 < -50) || (x1 > scene.width + 50 && x2 > scene.width + 50)) return
  drawArrow(pen, x1, yOf(scene, fromRow), x2, yOf(scene, toRow))
}

/** A line through all lanes where a promise broke, and a ring around what broke it, which may lie earlier. */
function paintViolations(pen: Pen, scene: Scene, tokens: Tokens, height: number): void {
  const { axis, run } = scene
  for (const { event, atMicros } of run.violations) {
    const momentary = event > 0 && run.recording.at(event) === atMicros
    const x = xOf(scene, momentary ? (axis.units[event] as number) : unitOfMoment(axis, run, atMicros))
    pen.strokeStyle = tokens.violation
    pen.lineWidth = 1.5
    pen.setLineDash(momentary ? [] : [5, 3])
    pen.beginPath()
    pen.moveTo(x, 0)
    pen.lineTo(x, height)
    pen.stroke()
    pen.setLineDash([])
    if (event > 0) paintCulprit(pen, scene, tokens, event)
  }
}

function paintCulprit(pen: Pen, scene: Scene, tokens: Tokens, event: number): void {
  const row = rowOf(scene, event)
  if (row < 0) return
  const [x, y] = [xOf(scene, scene.axis.units[event] as number), yOf(scene, row)]
  pen.fillStyle = tokens.surface
  pen.beginPath()
  pen.arc(x, y, 9, 0, Math.PI * 2)
  pen.fill()
  pen.lineWidth = 2
  pen.stroke()
  pen.fillStyle = tokens.violation
  drawShape(pen, 'cross', x, y, false)
}
