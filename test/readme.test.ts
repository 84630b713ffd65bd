import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { folderOf, invoke, ROOT } from './fixtures/cli.ts'
import welcome from './fixtures/welcome/system.ts'

const readme = readFileSync(join(ROOT, 'README.md'), 'utf8')

/** The first block of code in a language that contains a text. */
function block(language: string, containing: string): string {
  const blocks = [...readme.matchAll(/^```(\w+)\n(.*?)^```$/gms)].map(([, of, text]) => ({ of, text }))
  const found = blocks.find(({ of, text }) => of === language && text?.includes(containing))
  return found?.text ?? expect.unreachable(`README.md has no ${language} with ${containing}`)
}

it('[L27] what README.md shows of a run is what the command line prints', async () => {
  const [, file = ''] = /^ {4}\$ npx faultline run (\S+)\n/m.exec(readme) ?? []
  const shown = readme
    .slice(readme.indexOf(`$ npx faultline run ${file}\n`), readme.indexOf('\n## The page'))
    .replace(/^.*\n/, '')
    .replaceAll(/^ {4}/gm, '')
  const { stdout } = await invoke(['run', join(ROOT, file)], folderOf())
  expect(shown.trimEnd()).toBe(stdout.trimEnd())
})

it('[L27] the system of README.md is the one that is checked, and its scenario finds what it says', async () => {
  const system = block('ts', 'export default defineSystem(')
  expect(system).toBe(readFileSync(join(ROOT, 'test/fixtures/welcome/system.ts'), 'utf8'))
  const scenario = block('yaml', 'system: welcome')
  const home = `scenarios/${welcome.name}`
  const folder = folderOf({
    [`${home}/system.ts`]: system,
    [`${home}/redelivered.yaml`]: scenario,
    [`${home}/right.yaml`]: scenario.replace(/^params.*\n/m, '').replace(/^expect.*\n/m, ''),
  })
  const wrong = await invoke(['run', `${home}/redelivered.yaml`], folder)
  expect(wrong).toMatchObject({ code: 0, stdout: expect.stringContaining('✗ no double greeting') })
  expect(await invoke(['run', `${home}/right.yaml`], folder)).toMatchObject({ code: 0 })
})
