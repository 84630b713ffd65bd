import {
  isAlias,
  isMap,
  isScalar,
  isSeq,
  LineCounter,
  type Node,
  type Pair,
  parseDocument,
  visit,
} from 'yaml'
import type { Path, Problem } from '../run/problem.ts'

/** A place in a file, from 1. */
export interface Position {
  readonly line: number
  readonly column: number
}

/** A problem with its place. */
export interface PlacedProblem extends Position {
  readonly message: string
}

const ONE_DOCUMENT = "expected one document in a file: '---' begins another"

/** A YAML file, read so that every value knows where it stands. */
export class YamlDocument {
  /** Plain data; undefined when it does not parse. */
  readonly data: unknown
  /** What does not parse. */
  readonly errors: readonly PlacedProblem[]
  private readonly document: ReturnType<typeof parseDocument>
  private readonly lines = new LineCounter()

  constructor(text: string) {
    this.document = parseDocument(text, {
      lineCounter: this.lines,
      prettyErrors: false,
      uniqueKeys: true,
      // A key that is no text becomes one, which nothing expects: that is said of its place, not by a warning of Node's.
      logLevel: 'error',
    })
    // A warning is of a tag that nobody knows: its value would be taken for another.
    const errors = [...this.document.errors, ...this.document.warnings].map(({ code, pos, message }) => ({
      ...this.positionOf(pos[0]),
      message: code === 'MULTIPLE_DOCS' ? ONE_DOCUMENT : message,
    }))
    if (errors.length === 0) errors.push(...this.looseAliases())
    let data: unknown
    if (errors.length === 0) {
      try {
        data = this.document.toJS({ maxAliasCount: 100 })
      } catch (error) {
        errors.push({ line: 1, column: 1, message: error instanceof Error ? error.message : String(error) })
      }
    }
    this.data = data
    this.errors = errors
  }

  /** Gives a problem of the data its place: that of its key or value, or of the nearest parent that exists. */
  placed({ path, of, message, meant }: Problem): PlacedProblem {
    const text = meant === undefined ? message : `${message}; did you mean '${meant}'?`
    return { ...this.locate(path, of), message: text }
  }

  /** The aliases whose anchor is nowhere before them. */
  private looseAliases(): PlacedProblem[] {
    const problems: PlacedProblem[] = []
    visit(this.document, {
      Alias: (_key, node) => {
        if (node.resolve(this.document) !== undefined) return
        const message = `there is no anchor '&${node.source}' before this alias`
        problems.push({ ...this.positionOf(startOf(node) ?? 0), message })
      },
    })
    return problems
  }

  private locate(path: Path, of: Problem['of']): Position {
    let node = this.resolved(this.document.contents)
    let offset = startOf(node)
    for (const part of path) {
      const pair = isMap(node)
        ? node.items.find(({ key }) => isScalar(key) && String(key.value) === String(part))
        : undefined
      const next: unknown = isSeq(node) ? node.items[Number(part)] : pair?.value
      if (pair !== undefined && (of === 'key' || startOf(next) === undefined))
        offset = startOf(pair.key) ?? offset
      else if (next !== undefined) offset = startOf(next) ?? offset
      else break
      node = this.resolved(next)
    }
    return this.positionOf(offset ?? 0)
  }

  private resolved(node: unknown): unknown {
    return isAlias(node) ? node.resolve(this.document) : node
  }

  private positionOf(offset: number): Position {
    const { line, col } = this.lines.linePos(offset)
    return { line: Math.max(1, line), column: Math.max(1, col) }
  }
}

/** Where a node begins. */
function startOf(node: unknown): number | undefined {
  return (node as Node | Pair['value'] as Node | null)?.range?.[0]
}
