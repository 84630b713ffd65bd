import { readFileSync } from 'node:fs'
import type { Profiler } from 'node:inspector'
import { fileURLToPath } from 'node:url'

/** The bundle marks where each module begins. */
const MODULE = /^\/\/ ((?:sim|scenarios|test|node_modules)\/.*)$/

interface Share {
  readonly layer: string
  /** Per cent of the samples that were not idle. */
  readonly share: number
}

/** A processor profile by the part of the project whose code was running, the largest part first. */
export function layersOf({ nodes, samples = [] }: Profiler.Profile): Share[] {
  const modules = modulesOf(fileURLToPath(import.meta.url))
  const layers = new Map(nodes.map((node) => [node.id, layerOf(node.callFrame, modules)]))
  const counts = new Map<string, number>()
  let total = 0
  for (const sample of samples) {
    const layer = layers.get(sample) as string
    if (layer === '(idle)') continue
    total++
    counts.set(layer, (counts.get(layer) ?? 0) + 1)
  }
  return [...counts]
    .map(([layer, count]) => ({ layer, share: (count * 100) / total }))
    .sort((left, right) => right.share - left.share)
}

/** The module of each line of a bundle. */
function modulesOf(file: string): string[] {
  let module = ''
  return readFileSync(file, 'utf8')
    .split('\n')
    .map((line) => {
      module = MODULE.exec(line)?.[1] ?? module
      return module
    })
}

function layerOf(
  { url, lineNumber, functionName }: Profiler.ProfileNode['callFrame'],
  modules: readonly string[],
): string {
  if (url === import.meta.url) {
    const [part = '', layer = '', sub = ''] = (modules[lineNumber] ?? '').split('/')
    if (part !== 'sim') return part === 'node_modules' ? layer : part
    return layer === 'kafka' && !sub.endsWith('.ts') ? `kafka/${sub}` : layer
  }
  if (url === '') return functionName.startsWith('(') ? functionName : 'built-ins'
  return url.startsWith('node:') ? 'node' : 'the system'
}
