import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { workspaceOf } from '../../../sim/cli/workspace.ts'
import { folderOf, ROOT, TOLL } from '../../fixtures/cli.ts'

const SYSTEM = readFileSync(TOLL, 'utf8')

describe('what there is to show', () => {
  it('[R26] is every system below a folder, with the scenario files beside it', async () => {
    const { systems, problems, opened } = await workspaceOf(join(ROOT, 'scenarios'), ROOT)
    expect(problems).toEqual([])
    expect(opened).toBeUndefined()
    expect(systems.map(({ name }) => name)).toEqual(expect.arrayContaining(['kafka', 'order-choreography']))
    const choreography = systems.find(({ name }) => name === 'order-choreography')
    expect(choreography?.bundle.hash).toMatch(/^[0-9a-f]{16}$/)
    const happy = choreography?.scenarios.find(({ file }) => file.endsWith('/happy-path.yaml'))
    expect(happy).toMatchObject({
      seed: 1,
      scenario: { name: 'happy path', system: 'order-choreography', faults: [] },
    })
  })

  it('[R26] names what cannot be offered, and offers the rest', async () => {
    const folder = folderOf({
      'a/system.ts': 'export default (',
      'b/system.ts': SYSTEM.includes('import') ? 'export default {}' : SYSTEM,
      'b/broken.yaml': 'system: b\nfautls: []\n',
      'b/good.yaml': 'system: b\n',
      'b/other.yaml': 'colour: red\n',
      'node_modules/c/system.ts': 'export default {}',
    })
    const { systems, problems } = await workspaceOf(folder, folder, join(folder, 'b/good.yaml'))
    expect(systems.map(({ name, scenarios }) => [name, scenarios.map(({ file }) => file)])).toEqual([
      ['b', ['b/good.yaml']],
    ])
    expect(problems.join('\n')).toContain('a/system.ts:1:')
    expect(problems.join('\n')).toContain('b/broken.yaml:2:1')
  })

  it('[R26] offers one system of a name, and says how to see the other one', async () => {
    const folder = folderOf({
      'a/shop/system.ts': 'export default {}',
      'b/shop/system.ts': 'export default {}',
      'b/shop/good.yaml': 'system: shop\n',
    })
    const { systems, problems } = await workspaceOf(folder, folder)
    expect(systems.map(({ name, scenarios }) => [name, scenarios.length])).toEqual([['shop', 0]])
    expect(problems).toEqual([
      "b/shop/system.ts: there is another system 'shop': show this one with faultline ui b/shop",
    ])
  })

  it('[R26] begins with the file that was asked for', async () => {
    const folder = folderOf({ 'b/system.ts': 'export default {}', 'b/good.yaml': 'system: b\n' })
    expect((await workspaceOf(join(folder, 'b'), folder, 'b/good.yaml')).opened).toBe('b/good.yaml')
  })
})
