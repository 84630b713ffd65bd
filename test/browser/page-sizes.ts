import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { pageFolder } from '../../sim/cli/page-folder.ts'

/** A script of the page, with what it may weigh. */
interface Size {
  readonly what: string
  /** In KiB, gzipped. */
  readonly most: number
  readonly kibi: number
}

const SCRIPTS = [
  ['the page', 'assets', /^index-.*\.js$/, 150],
  ['charts, loaded when they are shown', 'assets', /^CounterCharts-.*\.js$/, 120],
  ['the simulator', '.', /^worker\.js$/, 280],
] as const

/** The scripts of the built page. */
export function pageSizes(): Size[] {
  return SCRIPTS.map(([what, folder, name, most]) => {
    const path = join(pageFolder(), folder)
    const file = readdirSync(path).find((each) => name.test(each))
    const kibi = file === undefined ? Number.NaN : gzipSync(readFileSync(join(path, file))).length / 1024
    return { what, most, kibi }
  })
}
