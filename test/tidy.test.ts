import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { listedFiles, listedTests, specification, specProblems } from './tools/spec.mjs'
import {
  deepFiles,
  lateFields,
  longFiles,
  orphanTests,
  projectFiles,
  root,
  strayUnitTests,
  unfinished,
} from './tools/tidy.ts'

const files = projectFiles()
/** Listing takes the test runner a while. */
const tests = listedTests()

describe('the project', () => {
  it('is seen by these checks', () => {
    expect(files.map(({ path }) => path)).toEqual(
      expect.arrayContaining(['package.json', 'test/tidy.test.ts']),
    )
  })

  it('[L17] has no source file of more than 400 lines', () => expect(longFiles(files)).toEqual([]))

  it('[L18] has no folder below the folders of sim/', () => expect(deepFiles(files)).toEqual([]))

  it('[L19] has no test that never runs', () => expect(orphanTests(files, listedFiles())).toEqual([]))

  it('[L20] has a test for each rule of SPEC.md and a rule for each citation', () => {
    expect(specProblems(specification(), tests)).toEqual([])
  })

  it('[L21] leaves no work behind, neither in comments nor between versions', () =>
    expect(unfinished(files)).toEqual([]))

  it('[L22] names unit tests after the modules that they test', () =>
    expect(strayUnitTests(files)).toEqual([]))

  it('[L28] has no field without a value from the start', () => expect(lateFields(files)).toEqual([]))
})

describe('the checks find what they look for', () => {
  const file = (path: string, text = '') => ({ path, text })

  it('[L17] a file of 401 lines, but not one of 400', () => {
    const lines = (count: number) => 'x\n'.repeat(count)
    expect(
      longFiles([file('sim/kernel/long.ts', lines(401)), file('sim/kernel/full.ts', lines(400))]),
    ).toEqual([expect.stringContaining('sim/kernel/long.ts has 401 lines')])
    expect(longFiles([file('ui/style/long.css', lines(401))])).toHaveLength(1)
    expect(longFiles([file('README.md', lines(500))])).toEqual([])
  })

  it('[L28] a field that is not there from the start, but not one that is, or that a constructor makes', () => {
    const fields = (lines: string) => file('sim/kernel/clock.ts', `export class Clock {\n${lines}}\n`)
    expect(lateFields([fields('  private at: number | undefined\n')])).toEqual([
      expect.stringContaining('sim/kernel/clock.ts: Clock.at has no value from the start'),
    ])
    expect(lateFields([fields('  last: unknown\n')])).toHaveLength(1)
    expect(
      lateFields([
        fields('  at: number | undefined = undefined\n  count = 0\n'),
        fields('  at: unknown\n\n  constructor(at: unknown) {\n    this.at = at\n  }\n'),
        file('sim/kernel/time.ts', 'export interface Time {\n  at: number | undefined\n}\n'),
        file('ui/model/clock.ts', 'class Clock {\n  at: unknown\n}\n'),
      ]),
    ).toEqual([])
  })

  it('[L18] a folder within a folder of sim/', () => {
    expect(
      deepFiles([
        file('sim/kafka/log/a/b.ts'),
        file('sim/kafka/log/log.ts'),
        file('sim/cluster/net/link.ts'),
      ]),
    ).toEqual([
      expect.stringContaining('sim/kafka/log/a/b.ts'),
      expect.stringContaining('sim/cluster/net/link.ts'),
    ])
  })

  it('[L19] a test file in the wrong place, and one with the wrong name', () => {
    const mislaid = file('sim/kernel/queue.test.ts')
    const misnamed = file('test/issue-181.ts', "import { expect, it } from 'vitest'\n")
    const listed = file('test/queue.test.ts')
    const helper = file('test/tools/helper.ts', "import { expect } from 'vitest'\n")
    expect(orphanTests([mislaid, misnamed, listed, helper], [join(root, listed.path)])).toEqual([
      expect.stringContaining(mislaid.path),
      expect.stringContaining(misnamed.path),
    ])
  })

  it('[L20] a rule without a test, a citation without a rule, an id used twice', () => {
    const rules = '# Rules\n\n- **Z1** One.\n- **Z2** Two.\n- **Z2** Two again.\n- **Z3** Three.\n'
    const name = (text: string) => ({ name: text, file: 'test/z.test.ts' })
    const [one, two, nine] = ['1', '2', '9'].map((digit) => `[Z${digit}]`)
    expect(specProblems(rules, [name(`zeds > ${one} ${two} both`), name(`${nine} none`)])).toEqual([
      expect.stringContaining('Z2 stands for two rules'),
      expect.stringContaining('Z3 has no test'),
      expect.stringContaining('[Z9] is no rule'),
    ])
  })

  it('[L20] the names of this very file', () => {
    const names = tests.map((test) => test.name)
    expect(names).toContain('the checks find what they look for > [L20] the names of this very file')
  })

  it('[L21] a mark for later, in any text', () => {
    const mark = ['TO', 'DO'].join('')
    expect(unfinished([file('sim/kernel/queue.ts', `const a = 1\n// ${mark} later\n`)])).toEqual([
      expect.stringContaining('sim/kernel/queue.ts:2'),
    ])
    expect(unfinished([file('sim/kernel/queue.ts', `const ${mark}S = 1\n`)])).toEqual([])
  })

  it.each(['<', '=', '>'])('[L21] a line of %s where two versions were not merged, in any text', (sign) => {
    const mark = sign === '=' ? sign.repeat(7) : `${sign.repeat(7)} main`
    expect(unfinished([file('README.md', `one\n${mark}\nother\n`)])).toEqual([
      expect.stringContaining('README.md:2'),
    ])
    expect(unfinished([file('README.md', `one\n${sign.repeat(8)}\n`)])).toEqual([])
  })

  it('[L22] a unit test without its module', () => {
    const mirrored = [file('sim/kernel/queue.ts'), file('test/sim/kernel/queue.test.ts')]
    expect(strayUnitTests([...mirrored, file('test/sim/kernel/heap.test.ts')])).toEqual([
      expect.stringContaining('sim/kernel/heap.ts, which does not exist'),
    ])
  })
})
