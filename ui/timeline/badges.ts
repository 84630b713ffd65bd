import type { StoryLine } from '../../sim/index.ts'
import type { Duplicate } from '../model/duplicates.ts'
import { eventsInView, HIDDEN, heightOf, MAX_SHAPES, rowOf, type Scene, SHOWN, xOf, yOf } from './scene.ts'

/** Something small that is written beside an event. */
export interface Badge {
  /** The event. */
  readonly id: number
  /** Its middle, in pixels from the left and from the top of the picture. */
  readonly x: number
  readonly y: number
  readonly width: number
  readonly height: number
  readonly text: string
}

/** The number of a sentence of the story, beside the event that it tells of first. */
export interface StoryBadge extends Badge {
  readonly number: number
  readonly mark: StoryLine['mark']
}

/** Which of several times a message came, beside each of them. */
export interface DuplicateBadge extends Badge {
  readonly duplicate: Duplicate
  readonly dim: boolean
}

/** How high badges are, with their lines. */
const [STORY_HEIGHT, DUPLICATE_HEIGHT] = [14, 12]
/** Two badges may not lie closer than this. */
const APART = 1
const STORY_WIDTH = 14
/** Of a letter, and of both edges. */
const [LETTER, EDGES] = [4.9, 8]
/** A picture below this width has room for few letters. */
const NARROW = 500
/** More would cover the picture: closer there is room for them. */
const MOST_DUPLICATES = 60
/** Of what the story does not tell, as long as there is no more. */
const MOST_DIM = 16

/** Where all badges lie: none over another one. */
export function badgesOf(scene: Scene): {
  readonly story: readonly StoryBadge[]
  readonly duplicates: readonly DuplicateBadge[]
} {
  const story = storyBadges(scene)
  return { story, duplicates: duplicateBadges(scene, story) }
}

function storyBadges(scene: Scene): StoryBadge[] {
  const rows = new Map<number, StoryBadge[]>()
  for (const [index, { records, mark }] of (scene.run.story?.lines ?? []).entries()) {
    const id = records[0]
    if (id === undefined) continue
    const row = rowOf(scene, id)
    const at = xOf(scene, scene.axis.units[id] as number)
    if (row < 0 || at < 0 || at > scene.width) continue
    const text = String(index + 1)
    const x = at - (mark === 'breach' ? 20 : 13)
    const width = Math.max(STORY_WIDTH, widthOf(text))
    const badge = { id, x, y: yOf(scene, row), width, height: STORY_HEIGHT, text, number: index + 1, mark }
    rows.set(row, [...(rows.get(row) ?? []), badge])
  }
  return [...rows.values()].flatMap(spread)
}

/** Badges of one row, beside each other: to the left of where they are wanted, as far as the edge leaves room. */
function spread(badges: readonly StoryBadge[]): StoryBadge[] {
  const placed = [...badges].sort((left, right) => left.x - right.x || left.number - right.number)
  const gap = (at: number): number =>
    ((placed[at] as StoryBadge).width + (placed[at + 1] as StoryBadge).width) / 2 + APART
  const move = (at: number, x: number): void => {
    placed[at] = { ...(placed[at] as StoryBadge), x }
  }
  for (let at = placed.length - 2; at >= 0; at--)
    move(at, Math.min((placed[at] as StoryBadge).x, (placed[at + 1] as StoryBadge).x - gap(at)))
  for (let at = 0; at < placed.length; at++) {
    const least = at === 0 ? 8 : (placed[at - 1] as StoryBadge).x + gap(at - 1)
    move(at, Math.max((placed[at] as StoryBadge).x, least))
  }
  return placed
}

/** Between the lane of their event and the next one: what lies on the lanes stays free. */
function duplicateBadges(scene: Scene, others: readonly Badge[]): DuplicateBadge[] {
  const { run, axis, mask, width, rowHeight } = scene
  const placed: DuplicateBadge[] = []
  if (eventsInView(scene) > MAX_SHAPES) return placed
  const seen = [...run.duplicates].flatMap(([id, duplicate]) => {
    const row = rowOf(scene, id)
    const x = xOf(scene, axis.units[id] as number)
    return row < 0 || mask[id] === HIDDEN || x < 0 || x > width ? [] : [{ id, duplicate, row, x }]
  })
  // What the story is about comes first, and the rest only where all of it has room.
  const told = seen.filter(({ id }) => mask[id] === SHOWN)
  const rest = seen.length <= MOST_DIM ? seen.filter(({ id }) => mask[id] !== SHOWN) : []
  const wanted = [...told, ...rest].slice(0, MOST_DUPLICATES)
  for (const { id, duplicate, row, x } of wanted) {
    const text = width < NARROW ? `${duplicate.nth}/${duplicate.of}` : `${duplicate.nth} of ${duplicate.of}`
    const wide = widthOf(text)
    const between = (side: 1 | -1): number => yOf(scene, row) + side * Math.min(17, rowHeight / 2)
    const badge = {
      id,
      x: Math.min(x - 3 + wide / 2, width - wide / 2),
      width: wide,
      height: DUPLICATE_HEIGHT,
      text,
    }
    const above = { ...badge, y: Math.max(DUPLICATE_HEIGHT / 2, between(-1)) }
    const below = { ...badge, y: Math.min(heightOf(scene) - DUPLICATE_HEIGHT / 2, between(1)) }
    const all = [...others, ...placed]
    const fits = [above, below].find((each) => !all.some((other) => overlap(each, other)))
    const aside = free(above, all, 1)
    const found = fits ?? (aside.x <= width - wide / 2 ? aside : free(above, all, -1))
    placed.push({ ...found, duplicate, dim: mask[id] !== SHOWN })
  }
  return placed
}

/** Moves a badge to one side until it lies on no other one. */
function free<Any extends Badge>(badge: Any, placed: readonly Badge[], side: 1 | -1): Any {
  let { x } = badge
  for (;;) {
    const other = placed.find((each) => overlap({ ...badge, x }, each))
    if (other === undefined) return { ...badge, x }
    x = other.x + side * ((other.width + badge.width) / 2 + APART)
  }
}

function overlap(left: Badge, right: Badge): boolean {
  const near = Math.abs(left.x - right.x) < (left.width + right.width) / 2 + APART - 1e-6
  return near && Math.abs(left.y - right.y) < (left.height + right.height) / 2
}

function widthOf(text: string): number {
  return text.length * LETTER + EDGES
}
