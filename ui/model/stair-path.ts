import type { Step } from './staircase.ts'

/** Steps that are closer than so many pixels are drawn as one: nobody could tell them apart. */
const CLOSEST = 2

/**
 * The line of a staircase, as the path of an SVG: as long as the picture is wide, however many steps there are. Of steps
 * in one place it goes through the lowest and the highest, so that none that goes down is lost.
 * @param x where a step is, in pixels from the left
 * @param y where an offset is, in pixels from the top
 */
export function stairPath(
  steps: readonly Step[],
  x: (step: Step) => number,
  y: (offset: number) => number,
  width: number,
): string {
  const line = new Line(y)
  for (const step of steps) {
    const at = x(step)
    // To the right of the picture lies what is later.
    if (at > width) break
    line.add(Math.max(0, at), step.offset)
  }
  return line.end(width)
}

class Line {
  private path: string
  private readonly y: (offset: number) => number
  private at = 0
  private low = 0
  private high = 0
  private last = 0

  constructor(y: (offset: number) => number) {
    this.y = y
    this.path = `M 0 ${y(0).toFixed(1)}`
  }

  add(at: number, offset: number): void {
    if (Math.abs(at - this.at) >= CLOSEST) {
      this.finish()
      this.at = at
      this.low = offset
      this.high = offset
    }
    this.low = Math.min(this.low, offset)
    this.high = Math.max(this.high, offset)
    this.last = offset
  }

  end(width: number): string {
    this.finish()
    return `${this.path} H ${width}`
  }

  /** Draws what has come together in one place. */
  private finish(): void {
    const { at, low, high, last } = this
    this.path += ` H ${at.toFixed(1)} V ${this.y(low).toFixed(1)}`
    if (high !== low) this.path += ` V ${this.y(high).toFixed(1)}`
    if (last !== high) this.path += ` V ${this.y(last).toFixed(1)}`
  }
}
