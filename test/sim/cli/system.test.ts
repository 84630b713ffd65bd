import { describe, expect, it } from 'vitest'
import { folderOf, invoke, TOLL } from '../../fixtures/cli.ts'

describe('the system of a scenario', () => {
  const toll = `export { default } from '${TOLL}'\n`

  it.each([
    ['a path from the file', { 'deep/a.yaml': 'system: ../road.ts\n', 'road.ts': toll }, 'deep/a.yaml'],
    ['its name, beside the file', { 'road/a.yaml': 'system: toll\n', 'road/system.ts': toll }, 'road/a.yaml'],
    [
      'its name, in scenarios above the file',
      { 'a/b/c.yaml': 'system: toll\n', 'scenarios/toll/system.ts': toll },
      'a/b/c.yaml',
    ],
    [
      'its name, in scenarios of the working folder',
      { 'c.yaml': 'system: toll\n', 'scenarios/toll/system.ts': toll },
      'c.yaml',
    ],
  ])('[R6] is found by %s', async (_how, files, file) => {
    const { code, stdout, stderr } = await invoke(['run', file], folderOf(files))
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    expect(stdout).toContain(`toll · ${file.replace(/.*\/|\.yaml$/g, '')} · seed 1 · digest `)
  })

  it.each([
    [
      'that does not exist, with those that do',
      'system: tol\n',
      "1:9 there is no system 'tol': expected other, toll, or the path of a file",
      "did you mean 'toll'?",
    ],
    ['whose file does not exist', 'system: ./road.ts\n', '1:9 there is no file road.ts', ''],
    [
      'whose file is misspelled',
      'system: ./scenarios/toll/systm.ts\n',
      '1:9 there is no file scenarios/toll/systm.ts',
      "did you mean './scenarios/toll/system.ts'?",
    ],
    [
      'that is a folder',
      'system: ./scenarios/toll\n',
      '1:9 scenarios/toll is a folder: expected the file of a system',
      "did you mean './scenarios/toll/system.ts'?",
    ],
    [
      'that is a folder without a system',
      'system: ./scenarios\n',
      '1:9 scenarios is a folder: expected the file of a system',
      '',
    ],
    [
      'that is no code',
      'system: ./a.yaml\n',
      '1:9 a.yaml is no TypeScript or JavaScript: expected the file of a system',
      '',
    ],
    [
      'that is another module of it',
      'system: ./scenarios/toll/events.ts\n',
      '1:9 scenarios/toll/events.ts has no default export (it exports roads): expected a system',
      "did you mean './scenarios/toll/system.ts'?",
    ],
    [
      'that calls itself otherwise',
      'system: other\n',
      "1:9 the system in scenarios/other/system.ts calls itself 'toll'",
      "did you mean 'toll'?",
    ],
  ])('[R6] %s is refused', async (_what, text, told, meant) => {
    const files = {
      'a.yaml': text,
      'scenarios/toll/system.ts': toll,
      'scenarios/toll/events.ts': "export const roads = 'roads'\n",
      'scenarios/other/system.ts': toll,
    }
    const { code, stderr } = await invoke(['run', 'a.yaml'], folderOf(files))
    expect(code).toBe(2)
    expect(stderr).toContain(`a.yaml:${told}`)
    expect(stderr).toContain(meant)
  })

  it.each([
    ['a syntax error', 'export default {\n  name: \n}\n', 'system.ts:3:1 '],
    [
      'an import that leads nowhere',
      "import { a } from './nowhere.ts'\nexport default a\n",
      "system.ts:1:19 cannot find './nowhere.ts'",
    ],
    [
      'an import of Node',
      "import fs from 'node:fs'\nexport default fs\n",
      "system.ts:1:16 cannot find 'node:fs': a system may import 'faultline'",
    ],
    [
      'no default export',
      'export const a = 1\nexport const b = 2\n',
      'a.yaml:1:9 system.ts has no default export (it exports a, b): expected a system',
    ],
    [
      'a default export that is no system',
      'export default { name: 3 }\n',
      "a.yaml:1:9 the default export of system.ts is not a system: it has no 'name'",
    ],
    [
      'the time at module scope',
      'export default Date.now()\n',
      'a.yaml:1:9 system.ts failed while it was loaded: service code called Date.now',
    ],
    [
      'code that fails when it is loaded',
      "throw new RangeError('too far')\n",
      'failed while it was loaded: RangeError: too far',
    ],
    [
      'a build that fails',
      `import system from '${TOLL}'\nexport default { ...system, build: () => { throw new Error('no road') } }\n`,
      'a.yaml:1:9 system.ts: system toll cannot be built: no road',
    ],
    [
      'a build that returns something else',
      `import system from '${TOLL}'\nexport default { ...system, build: () => ({}) }\n`,
      "'topics' is nothing instead of a list",
    ],
  ])('[R7] with %s is refused without a stack trace', async (_what, text, told) => {
    const { code, stdout, stderr } = await invoke(
      ['run', 'a.yaml'],
      folderOf({ 'a.yaml': 'system: ./system.ts\n', 'system.ts': text }),
    )
    expect(stderr).toContain(told)
    expect(stderr).not.toMatch(/^\s+at /m)
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' })
  })
})
