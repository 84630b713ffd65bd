import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { prepare, run } from 'faultline'
import { describe, expect, it } from 'vitest'
import { bundleSystem } from '../../../sim/cli/bundle.ts'
import * as faultline from '../../../sim/index.ts'
import { type Bundle, loadBundle } from '../../../sim/run/load-bundle.ts'
import type { System } from '../../../sim/service/system.ts'
import { folderOf, invoke, ROOT, TOLL } from '../../fixtures/cli.ts'
import { strict } from '../../fixtures/shapes/strict.ts'
import { shapeScenario, shapesSystem } from '../../fixtures/shapes.ts'

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

/** The text of a module whose one act is careless. */
const careless = (act: string): Bundle => ({
  text: `${act}; module.exports.default = { name: 'careless', build: () => {} }`,
  hash: '',
  label: 'system.ts',
})

describe('a system is strict code', () => {
  it.each(Object.keys(strict))('[D13] of %s the digest is that of the module itself', async (shape) => {
    const file = join(ROOT, 'test/fixtures/shapes.ts')
    const folder = folderOf({ 'system.ts': `export { shapesSystem as default } from '${file}'\n` })
    const bundle = await bundleSystem(join(folder, 'system.ts'), folder)
    const scenario = shapeScenario(shape)
    const [bundled, imported] = await Promise.all(
      [loadBundle(bundle, faultline), shapesSystem as unknown as System].map((system) =>
        run(prepare(system, scenario.params), scenario, 1),
      ),
    )
    expect(bundled?.digest).toBe(imported?.digest)
    expect(bundled?.verdict).toBe('pass')
  })

  it.each([
    ['assigns to what nobody declared', 'nobody = 1', 'ReferenceError: nobody is not defined'],
    [
      'writes to what is frozen',
      'Object.freeze({ x: 1 }).x = 2',
      "TypeError: Cannot assign to read only property 'x'",
    ],
    [
      'relies on a receiver that is not there',
      '(function () { this.x = 1 })()',
      'TypeError: Cannot set properties of undefined',
    ],
    ['deletes what must stay', 'delete Object.prototype', "TypeError: Cannot delete property 'prototype'"],
  ])('[D13] one that %s does not load', (_what, act, told) => {
    expect(() => loadBundle(careless(act), faultline)).toThrow(
      `system.ts failed while it was loaded: ${told}`,
    )
  })

  it('[D13] writing to a row that was read throws under the command line as well', async () => {
    const toll = readFileSync(TOLL, 'utf8')
    const insert = 'await tx.cars.insert({ car })'
    expect(toll).toContain(insert)
    const system = toll.replace(
      insert,
      `${insert};\n((await tx.cars.get(car)) as { car: string }).car = 'other'`,
    )
    const folder = folderOf({ 'system.ts': system, 'a.yaml': 'system: ./system.ts\n' })
    await invoke(['run', 'a.yaml', '--trace', 'trace.jsonl'], folder)
    const failures = readFileSync(join(folder, 'trace.jsonl'), 'utf8').matchAll(/"error":"(\w+)"/g)
    expect([...failures].map(([, error]) => error)).toEqual(['TypeError', 'TypeError', 'TypeError'])
  })
})
