import { describe, expect, it } from 'vitest'
import { folderOf, invoke } from '../../fixtures/cli.ts'

/** A system in which something goes wrong: each place is a line of its own. */
const system = (at: Readonly<Record<string, string>>): string =>
  [
    "import { atMost, countOf, defineSystem, inbox, outbox, route, service, table, text, topic } from 'faultline'",
    "import { wrong } from './wrong.ts'",
    "const hats = topic('hats', { key: 'id', partitions: 1 })",
    "const Made = hats.event('Made', { id: text })",
    "const make = route<{ readonly id: string }, null>('maker', 'POST /hats')",
    'const build = () => {',
    at.build ?? '',
    "  const maker = service('maker', { tables: { hats: table({ id: text }, { key: 'id' }) }, inbox: inbox(), outbox: outbox() }, ({ route: answer, on }) => {",
    '    answer(make, async ({ id }, ctx) => {',
    at.route ?? '',
    '      await ctx.transaction(async (tx) => { await tx.hats.insert({ id }); await tx.publish(Made, { id }) })',
    '      return null',
    '    })',
    '    on(Made, async ({ id }, ctx) => {',
    '      await ctx.sleep("1ms")',
    at.handler ?? '',
    '      await ctx.transaction(async (tx) => {',
    '        await tx.hats.get(id)',
    at.transaction ?? '',
    '      })',
    '    })',
    '  })',
    '  const act = async (n, user) => {',
    at.act ?? '',
    "    await user.call(make, { id: 'hat-1' })",
    '  }',
    '  const holds = () => {',
    at.holds ?? '',
    '    return true',
    '  }',
    "  const one = { ...atMost('one hat', { says: 'One.', per: 'id', effects: countOf(maker.tables.hats) }), holds }",
    "  return { topics: [hats], services: [maker], externals: [], workload: { noun: 'hat', act }, properties: [one] }",
    '}',
    at.module ?? '',
    "export default defineSystem({ name: 'hatter', says: '', params: {}, build })",
    '',
  ].join('\n')

const run = async (
  at: Readonly<Record<string, string>>,
  argv = ['run', 'a.yaml'],
  home = 'hatter',
): Promise<string> => {
  const folder = folderOf({
    'a.yaml': `system: ./${home}/system.ts\nworkload: { orders: 1 }\nbudget: { time: 1m }\n`,
    [`${home}/system.ts`]: system(at),
    [`${home}/wrong.ts`]: "import { worse } from 'worse'\n\nexport const wrong = (): never => worse()\n",
    'node_modules/worse/package.json': '{ "name": "worse", "main": "main.js" }',
    'node_modules/worse/main.js': "exports.worse = () => {\n  throw new Error('worse')\n}\n",
  })
  const { stdout, stderr } = await invoke(argv, folder)
  return stdout + stderr
}

describe('what the code of a system throws', () => {
  it.each([
    ['by a handler', 'handler', "  throw new TypeError('no')", 'last: TypeError: no', 16],
    ['in a transaction', 'transaction', '  void tx.hat.insert({ id })', "(reading 'insert')", 19],
    ['when it uses the machine', 'handler', '  const now = Date.now()', 'use ctx.now', 16],
    [
      'when what it says cannot be meant',
      'handler',
      "  await ctx.sleep('1 sec')",
      "'1 sec' is not a duration",
      16,
    ],
    ['when nobody awaits it', 'handler', "  void Promise.reject(new Error('no'))", '(Error: no)', 16],
    [
      'with what was behind it',
      'handler',
      "  throw new Error('outer', { cause: new RangeError('inner') })",
      'last: Error: outer',
      16,
    ],
    [
      'as its own cause',
      'handler',
      "  const no = new Error('no'); no.cause = no; throw no",
      'last: Error: no',
      16,
    ],
    ['by a user action', 'act', "  throw new Error('no')", 'the user action of hat-1 threw Error: no', 24],
    ['by a property', 'holds', "  throw new Error('no')", "property 'one hat' threw: no", 28],
  ])('[R45] %s is told with its place in the file of the system', async (_when, where, code, told, line) => {
    const printed = await run({ [where]: code })
    expect(printed.replace(/\n {2}(?=\S)/g, ' ')).toContain(told)
    expect(printed).toMatch(new RegExp(`^ {4}at hatter/system\\.ts:${line}:\\d+$`, 'm'))
    expect(JSON.parse(await run({ [where]: code }, ['run', 'a.yaml', '--json']))).toMatchObject({
      places: [expect.stringMatching(`^hatter/system\\.ts:${line}:\\d+$`)],
    })
  })

  it('[R45] names the column where the code says so itself', async () => {
    expect(await run({ handler: "  throw new Error('no')" })).toContain('    at hatter/system.ts:16:9\n')
  })

  it.each([
    [
      'is loaded',
      'module',
      "throw new Error('no')",
      'failed while it was loaded: Error: no (hatter/system.ts:34:7)',
    ],
    ['is built', 'build', "throw new Error('no')", 'cannot be built: no (hatter/system.ts:7:7)'],
    ['is declared', 'build', "service('none', {})", /none.*\(hatter\/system\.ts:7:\d+\)/s],
  ])('[R45] when a system %s is told with its place', async (_when, where, code, told) => {
    const printed = await run({ [where]: code })
    if (typeof told === 'string') expect(printed).toContain(told)
    else expect(printed).toMatch(told)
  })

  it('[R45] in a package is told with that place, and with where its own files called it', async () => {
    const printed = await run({ handler: '  wrong()' })
    expect(printed).toMatch(/^ {4}at node_modules\/worse\/main\.js:2:\d+\n {4}at hatter\/wrong\.ts:3:\d+$/m)
    expect(printed).not.toContain('at hatter/system.ts')
  })

  it.each([
    ['no text', '{ value: 7 }'],
    ['not to be had', '{ get: () => { throw new Error() } }'],
  ])('[R45] has no place where its stack is %s', async (_what, stack) => {
    const printed = await run({
      handler: `  throw Object.defineProperty(new Error('no'), 'stack', ${stack})`,
    })
    expect(printed).toContain('last: Error: no')
    expect(printed).not.toMatch(/^ {4}at /m)
  })

  it.each(['my hatter', 'node_modules/hatter', "hätter's"])(
    '[R45] is told with its place in the folder %s',
    async (home) => {
      const printed = await run({ handler: "  throw new Error('no')" }, undefined, home)
      expect(printed).toContain(`    at ${home}/system.ts:16:9\n`)
    },
  )

  it('[R45] is told with where it was thrown, though an error of a package is behind it', async () => {
    const printed = await run({
      handler: "  try { wrong() } catch (cause) { throw new Error('outer', { cause }) }",
    })
    expect(printed).toMatch(/^ {4}at hatter\/system\.ts:16:\d+$/m)
    expect(printed).not.toContain('worse/main.js')
  })

  it('[R45] has no place where the simulator alone is to blame', async () => {
    const printed = await run({ handler: '  await new Promise(() => {})' })
    expect(printed).toContain('error: handler Made')
    expect(printed).not.toMatch(/^ {4}at /m)
  })
})
