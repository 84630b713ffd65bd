import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { cpSync, mkdirSync, readFileSync, rmSync, symlinkSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { folderOf, invoke, ROOT } from '../fixtures/cli.ts'
import { DOUBLE_CHARGE, PageBench } from './opened-page.ts'

interface Manifest {
  readonly bin: { readonly faultline: string }
  readonly dependencies: Readonly<Record<string, string>>
}

const SYSTEM = 'scenarios/order-choreography'
const SCENARIO = `${SYSTEM}/crash-between-charge-and-commit.yaml`
const manifest = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as Manifest
/** Nothing here takes longer, on a machine that others use too. */
const LIMIT_MILLIS = 120_000

const call = (file: string, argv: readonly string[], cwd: string): string =>
  execFileSync(file, argv, {
    cwd,
    encoding: 'utf8',
    timeout: LIMIT_MILLIS,
    stdio: ['ignore', 'pipe', 'pipe'],
  })

/** Packs what a build makes, as `npm pack` does, apart from the checkout's own build. @returns the package's file */
function packed(folder: string): string {
  const staging = join(folder, 'staging')
  const tsc = join(ROOT, 'node_modules/typescript/bin/tsc')
  call(process.execPath, [tsc, '-p', 'tsconfig.build.json', '--outDir', join(staging, 'dist')], ROOT)
  for (const path of ['package.json', 'dist/ui', 'scenarios/scenario.schema.json'])
    cpSync(join(ROOT, path), join(staging, path), { recursive: true })
  const argv = ['pack', '--ignore-scripts', '--offline', '--json', '--pack-destination', folder]
  const [{ filename }] = JSON.parse(call('npm', argv, staging)) as [{ filename: string }]
  return join(folder, filename)
}

/** A project in which the package is installed, with its dependencies and nothing else, and with a system of its own. */
function projectWith(file: string, folder: string): string {
  const project = join(folder, 'project')
  const modules = join(project, 'node_modules')
  mkdirSync(modules, { recursive: true })
  call('tar', ['-xzf', file, '-C', modules], folder)
  // As npm unpacks it: everything in an archive lies in a folder of this name.
  cpSync(join(modules, 'package'), join(modules, 'faultline'), { recursive: true })
  rmSync(join(modules, 'package'), { recursive: true })
  for (const name of Object.keys(manifest.dependencies)) {
    mkdirSync(dirname(join(modules, name)), { recursive: true })
    symlinkSync(join(ROOT, 'node_modules', name), join(modules, name))
  }
  cpSync(join(ROOT, SYSTEM), join(project, SYSTEM), { recursive: true })
  return project
}

describe('the package, installed', () => {
  let bench: PageBench
  let folder: string
  let project: string
  let server: ChildProcess | undefined
  const main = join('node_modules/faultline', manifest.bin.faultline)

  beforeAll(async () => {
    folder = folderOf()
    bench = await PageBench.open()
    project = projectWith(packed(folder), folder)
  }, 2 * LIMIT_MILLIS)

  afterAll(async () => {
    server?.kill()
    await bench.close()
    rmSync(folder, { recursive: true, force: true })
  })

  const digestIn = (text: string): string | undefined => /digest ([0-9a-f]{16})/.exec(text)?.[1]

  it('[V56] runs a scenario as its sources do', async () => {
    const printed = call(process.execPath, [main, 'run', SCENARIO], project)
    const { stdout } = await invoke(['run', SCENARIO], ROOT)
    expect(printed).toContain('order-2 was charged twice')
    expect(digestIn(printed)).toBe(digestIn(stdout))
    expect(digestIn(printed)).toBeDefined()
  })

  it('[V56] shows its page, which runs the system of the project', async () => {
    const args = [main, 'ui', 'scenarios']
    const started = spawn(process.execPath, args, { cwd: project, timeout: LIMIT_MILLIS })
    server = started
    const url = await new Promise<string>((found, failed) => {
      let printed = ''
      const hear = (text: Buffer): void => {
        printed += text.toString()
        const [address] = /http:\/\/127\.0\.0\.1:\d+\//.exec(printed) ?? []
        if (address !== undefined) found(address)
      }
      started.stdout.on('data', hear)
      started.stderr.on('data', hear)
      started.on('exit', (code) => failed(new Error(`it ended with ${code}: ${printed}`)))
    })
    const page = await bench.page({}, '', url)
    await page.locator('.card', { has: page.getByText(DOUBLE_CHARGE, { exact: true }) }).click()
    await page.waitForSelector('.verdict-violated')
    expect(await page.locator('#verdict-title').textContent()).toContain('charged twice')
    const asked = bench.requests.filter(
      (address) => !address.startsWith(url) && !/^(?:blob|data):/.test(address),
    )
    expect(asked).toEqual([])
    expect(bench.errors).toEqual([])
  })
})
