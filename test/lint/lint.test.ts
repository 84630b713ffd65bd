import { readdirSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { layers } from './layers.ts'
import { lintPlanted, type Plants } from './planted.ts'
import { clean, violations } from './violations.ts'

const folders = Object.keys(layers)
const portable = folders.filter((folder) => folder !== 'cli' && folder !== 'vitest')
const machine = ['node:fs', 'commander', 'esbuild', 'vitest', 'vitest/node', 'playwright-core']
const itself = ['faultline', 'faultline/vitest']

const imports = (from: string): string => `import type { It } from '${from}'\n\nexport type Mine = It\n`

const packagePlant = (folder: string, name: string): string =>
  `sim/${folder}/package-${name.replace(/\W/g, '-')}.ts`

const layerPlants: Plants = Object.fromEntries(
  folders.flatMap((folder) => [
    ...folders.map((target) => [
      `sim/${folder}/to-${target}.ts`,
      imports(target === folder ? './it.ts' : `../${target}/it.ts`),
    ]),
    [`sim/${folder}/to-index.ts`, imports('../index.ts')],
    [`sim/${folder}/to-test.ts`, imports('../../test/it.ts')],
    [`sim/${folder}/to-scenarios.ts`, imports('../../scenarios/shop/system.ts')],
    [`sim/${folder}/through-kernel.ts`, imports('../kernel/../../test/it.ts')],
    ...[...machine, ...itself].map((name) => [packagePlant(folder, name), imports(name)]),
  ]),
)

// One call for everything: starting the linter costs more than linting a few hundred small files.
const found = lintPlanted({ ...layerPlants, ...violations, ...clean })

const refused = ['style/noRestrictedImports']
const rules = (path: string): readonly string[] => found.get(path) ?? ['(not planted)']

describe('layers', () => {
  it('[L1] each folder of sim/ imports exactly the folders below it', () => {
    const actual = Object.fromEntries(
      folders.map((folder) => [
        folder,
        folders.filter((target) => target !== folder && rules(`sim/${folder}/to-${target}.ts`).length === 0),
      ]),
    )
    expect(actual).toEqual(layers)
    for (const folder of folders) expect(rules(`sim/${folder}/to-${folder}.ts`)).toEqual([])
  })

  it('[L1] every folder that exists under sim/ has a layer', () => {
    const sim = fileURLToPath(new URL('../../sim', import.meta.url))
    const existing = readdirSync(sim, { withFileTypes: true }).filter((entry) => entry.isDirectory())
    expect(folders).toEqual(expect.arrayContaining(existing.map((entry) => entry.name)))
  })

  it.each(portable)('[L2] sim/%s imports nothing of Node, the command line or the test runner', (folder) => {
    for (const name of [...machine, ...itself]) expect(rules(packagePlant(folder, name))).toEqual(refused)
  })

  it.each(['cli', 'vitest'])('[L2] sim/%s may use Node, but not its own package name', (folder) => {
    for (const name of machine) expect(rules(packagePlant(folder, name))).toEqual([])
    for (const name of itself) expect(rules(packagePlant(folder, name))).toEqual(refused)
  })

  it('[L2] Node modules are named with their prefix, so that the rule sees them', () => {
    expect(rules('sim/kernel/bare-node.ts')).toEqual(['style/useNodejsImportProtocol'])
  })

  it.each(folders)('[L3] sim/%s reaches neither test/ nor scenarios/, by any path', (folder) => {
    for (const file of ['to-test', 'to-scenarios', 'through-kernel']) {
      expect(rules(`sim/${folder}/${file}.ts`)).toEqual(refused)
    }
  })

  it.each(portable)('[L3] sim/%s does not import the public door that stands above it', (folder) => {
    expect(rules(`sim/${folder}/to-index.ts`)).toEqual(refused)
  })

  it('[L3] nothing outside sim/ imports test/ or cli/ either', () => {
    for (const path of ['bench.ts', 'site.ts']) expect(rules(path)).toEqual(refused)
  })

  it('[L3] the public door opens on sim/ only, and on nothing that needs Node', () => {
    expect(rules('sim/index.ts')).toEqual([])
    const closed = ['./cli/it.ts', './vitest/it.ts', '../test/it.ts', ...machine, ...itself]
    const door = closed.map((from, at) => `export type { It as It${at} } from '${from}'\n`).join('')
    expect(lintPlanted({ 'sim/index.ts': door }).get('sim/index.ts')).toEqual(closed.flatMap(() => refused))
  })

  it.each(['outside', 'sibling', 'node', 'package', 'vitest', 'through'])(
    "[L4] a system imports only 'faultline' and its own folder: %s",
    (name) => expect(rules(`scenarios/shop/${name}.ts`)).toEqual(refused),
  )

  it('[L5] ui/ imports the public door of sim/ only', () => {
    expect(rules('ui/door.ts')).toEqual([])
    for (const name of ['kernel', 'test', 'node']) expect(rules(`ui/${name}.ts`)).toEqual(refused)
  })

  it('[L9] modules do not import each other in a circle', () => {
    expect(rules('sim/kernel/circle-a.ts')).toEqual(['suspicious/noImportCycles'])
    expect(rules('sim/kernel/circle-b.ts')).toEqual(['suspicious/noImportCycles'])
  })

  it('[L10] only sim/index.ts is a barrel, and names what it exports', () => {
    expect(rules('sim/kernel/barrel.ts')).toEqual(['performance/noBarrelFile'])
    expect(rules('sim/kernel/all.ts')).toEqual(['performance/noBarrelFile', 'performance/noReExportAll'])
  })
})

describe('determinism', () => {
  const ambient = Object.keys(violations).filter((path) => path.startsWith('sim/kernel/ambient-'))

  it.each(ambient)('[L6] %s is refused', (path) => {
    expect(rules(path)).toEqual(['style/noRestrictedGlobals'])
  })

  const dates = Object.keys(violations).filter((path) => path.startsWith('sim/kernel/machine-'))

  it.each(dates)('[L7] %s is refused', (path) => {
    expect(rules(path)).toEqual(['plugin'])
  })

  it('[L7] a system is refused ambient time and chance as sim/ is', () => {
    expect(rules('scenarios/shop/clock.ts')).toEqual(['plugin', 'style/noRestrictedGlobals'])
  })

  it.each(Object.keys(clean))('[L6] [L7] [L8] nothing in %s is refused', (path) => {
    expect(rules(path)).toEqual([])
  })

  const states = Object.keys(violations).filter((path) => path.startsWith('scenarios/shop/state-'))

  it.each(states)('[L8] %s is refused', (path) => {
    expect(rules(path)).toEqual(['plugin'])
  })

  it('[L15] an object is not walked with for...in', () => {
    expect(rules('sim/kernel/for-in.ts')).toEqual(['suspicious/noForIn'])
  })
})

describe('shape of the code', () => {
  it('[L11] a function of more than 70 lines is refused, except in test/', () => {
    expect(rules('sim/kernel/long.ts')).toEqual(['complexity/noExcessiveLinesPerFunction'])
  })

  it('[L12] only a system and a configuration file export by default', () => {
    expect(rules('sim/kernel/default.ts')).toEqual(['style/noDefaultExport'])
    expect(rules('scenarios/shop/default.ts')).toEqual(['style/noDefaultExport'])
  })

  it('[L13] types are neither switched off nor asserted away', () => {
    expect(rules('sim/kernel/any.ts')).toEqual(['suspicious/noExplicitAny'])
    expect(rules('sim/kernel/bang.ts')).toEqual(['style/noNonNullAssertion'])
    expect(rules('sim/kernel/import-type.ts')).toEqual(['style/useImportType'])
  })

  it('[L14] no promise floats and no case is forgotten', () => {
    expect(rules('sim/kernel/floating.ts')).toEqual(['nursery/noFloatingPromises'])
    expect(rules('sim/kernel/switch.ts')).toEqual(['nursery/useExhaustiveSwitchCases'])
  })

  it('[L15] nothing unused stays, and only the command line prints', () => {
    expect(rules('sim/kernel/unused.ts')).toEqual([
      'correctness/noUnusedImports',
      'correctness/noUnusedVariables',
    ])
    expect(rules('sim/kernel/print.ts')).toEqual(['suspicious/noConsole'])
  })

  it('[L16] no test is skipped, and none runs alone', () => {
    expect(rules('test/skipped.test.ts')).toEqual(['suspicious/noSkippedTests'])
    expect(rules('test/focused.test.ts')).toEqual(['suspicious/noFocusedTests'])
  })
})
