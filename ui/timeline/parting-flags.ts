import type { Divergence } from '../model/run-diff.ts'
import type { Parting } from './comparison.ts'
import { type Scene, xOf } from './scene.ts'

/** What is written above the line where two runs part. */
export interface PartingFlag {
  readonly kind: Parting['kind']
  readonly text: string
  /** In pixels from the left. */
  readonly left: number
  readonly width: number
  readonly place: Divergence
}

/** Of a letter, and of both edges. */
const [LETTER, EDGES] = [6.9, 14]
const APART = 4

/**
 * The flags of a run that is shown beside another one, from left to right: beside their lines, or at the edge beyond
 * which those are; none over another one, nor beyond an edge.
 */
export function partingFlags(scene: Scene): PartingFlag[] {
  const { comparison, width } = scene
  const partings = [...(comparison?.partings ?? [])].sort((left, right) => left.unit - right.unit)
  const flags = partings.map((parting, at) => {
    const { kind, place } = parting
    const x = xOf(scene, parting.unit)
    const text = aimed(textOf(kind, partings.length), x, width)
    const wide = Math.min(width, text.length * LETTER + EDGES)
    // The first of two lies before its line, the second one behind it.
    const wanted = at === 0 && partings.length > 1 ? x - wide : x
    return { kind, text, left: Math.max(0, Math.min(wanted, width - wide)), width: wide, place }
  })
  const [one, other] = flags
  if (one === undefined || other === undefined || one.left + one.width + APART <= other.left) return flags
  const left = Math.max(0, Math.min(one.left, width - one.width - APART - other.width))
  const behind = left + one.width + APART
  return [
    { ...one, left },
    { ...other, left: behind, width: Math.max(0, Math.min(other.width, width - behind)) },
  ]
}

function textOf(kind: Parting['kind'], count: number): string {
  if (kind === 'first') return 'they part'
  return count > 1 ? 'first consequence' : 'they part, in what matters'
}

/** With a sign that says on which side of what is seen it lies. */
function aimed(text: string, x: number, width: number): string {
  if (x < 0) return `‹ ${text}`
  return x > width ? `${text} ›` : text
}
