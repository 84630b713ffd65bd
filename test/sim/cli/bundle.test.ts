import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { bundleSystem } from '../../../sim/cli/bundle.ts'
import * as faultline from '../../../sim/index.ts'
import { loadBundle } from '../../../sim/run/load-bundle.ts'
import { folderOf } from '../../fixtures/cli.ts'

const FILES = {
  'road/system.ts':
    "import { defineSystem } from 'faultline'\nimport { NAME } from './name.ts'\nexport default defineSystem({ name: NAME, says: '', params: {}, build: () => { throw new Error('unused') } })\n",
  'road/name.ts':
    "import { prefix } from 'prefixed'\nenum Kind { Road = 'road' }\nexport const NAME = [prefix, Kind.Road].join('-')\n",
  'node_modules/prefixed/package.json': '{ "name": "prefixed", "main": "main.js" }',
  'node_modules/prefixed/main.js': "exports.prefix = 'toll'\n",
}

describe('a bundle', () => {
  it('[R8] of the same files is the same text, wherever they are', async () => {
    const bundles = await Promise.all(
      [folderOf(FILES), folderOf(FILES)].map((folder) =>
        bundleSystem(join(folder, 'road/system.ts'), folder),
      ),
    )
    const [left, right] = bundles
    expect(left).toEqual(right)
    expect(left?.hash).toMatch(/^[0-9a-f]{16}$/)
  })

  it('[R8] of other files has another hash', async () => {
    const folders = [folderOf(FILES), folderOf({ ...FILES, 'road/name.ts': "export const NAME = 'other'\n" })]
    const [left, right] = await Promise.all(
      folders.map((folder) => bundleSystem(join(folder, 'road/system.ts'), folder)),
    )
    expect(left?.hash).not.toBe(right?.hash)
  })

  it('[R8] names no path of this machine, not even in its source map', async () => {
    const folder = folderOf(FILES)
    const { text } = await bundleSystem(join(folder, 'road/system.ts'), folder)
    const map = Buffer.from(/base64,(\S+)/.exec(text)?.[1] ?? '', 'base64').toString()
    expect(JSON.parse(map)).toMatchObject({ sources: expect.arrayContaining(['name.ts', 'system.ts']) })
    expect(`${text}${map}`).not.toContain(folder)
  })

  it('[R7] holds a system with its own files and packages, and shares the running copy of faultline', async () => {
    const folder = folderOf(FILES)
    const bundle = await bundleSystem(join(folder, 'road/system.ts'), folder)
    let shared = false
    const defineSystem = (system: object): object => {
      shared = true
      return system
    }
    const copy = { ...faultline, defineSystem }
    expect(loadBundle(bundle, copy).name).toBe('toll-road')
    expect(shared).toBe(true)
    expect(bundle.text).not.toContain('class Kernel')
  })

  it('[R7] that waits while it is loaded is refused with what to do', async () => {
    const folder = folderOf({
      'system.ts': 'const name = await Promise.resolve("toll")\nexport default { name }\n',
    })
    await expect(bundleSystem(join(folder, 'system.ts'), folder)).rejects.toThrow(
      'system.ts:1:14 a system cannot await while it is loaded: await in its handlers',
    )
  })
})
