import type { Plants } from './planted.ts'

const imports = (from: string): string => `import type { It } from '${from}'\n\nexport type Mine = It\n`

const long = `export function long(): number {\n  let sum = 0\n${'  sum += 1\n'.repeat(70)}  return sum\n}\n`

const globals: Readonly<Record<string, string>> = {
  setTimeout: 'setTimeout(() => 0, 1)',
  setInterval: 'setInterval(() => 0, 1)',
  setImmediate: 'setImmediate(() => 0)',
  queueMicrotask: 'queueMicrotask(() => 0)',
  process: 'process.hrtime()',
  crypto: 'crypto.randomUUID()',
  performance: 'performance.now()',
  fetch: "fetch('x')",
  globalThis: 'globalThis.setTimeout',
  Intl: 'new Intl.Collator()',
  WeakRef: 'new WeakRef({})',
  FinalizationRegistry: 'new FinalizationRegistry(() => 0)',
  Buffer: "Buffer.from('x')",
  clearTimeout: 'clearTimeout(1)',
  clearInterval: 'clearInterval(1)',
  clearImmediate: 'clearImmediate(1)',
  requestAnimationFrame: 'requestAnimationFrame(() => 0)',
  XMLHttpRequest: 'new XMLHttpRequest()',
  WebSocket: "new WebSocket('x')",
  require: "require('x')",
  __dirname: '__dirname',
  __filename: '__filename',
  navigator: 'navigator',
  global: 'global.x',
  window: 'window.x',
  self: 'self.x',
}

const machine: Readonly<Record<string, string>> = {
  'date-now': 'Date.now()',
  'date-new': 'new Date()',
  'date-new-bare': 'new Date',
  'date-called': 'Date()',
  'date-handed-on': 'Date.now',
  'date-computed': 'Date[String(1)]',
  random: 'Math.random()',
  'random-handed-on': 'Math.random',
  'random-computed': 'Math[String(1)]',
  logarithm: 'Math.log2(3)',
  sine: 'Math.sin(3)',
  'locale-compare': "'a'.localeCompare('b')",
  'locale-text': '(1).toLocaleString()',
}

/** What stands for the machine under another name. */
const aliases: Readonly<Record<string, string>> = {
  destructured: 'export const { random } = Math\n',
  renamed: 'const D = Date\nexport const taken = (): unknown => new D()\n',
  typed: 'const D: DateConstructor = Date\nexport const taken = (): unknown => new D()\n',
  'by-default': 'export const taken = (D = Date): unknown => new D()\n',
  assigned:
    'export function taken(D: DateConstructor): unknown {\n  const own = { D }\n  own.D = Date\n  return own\n}\n',
  member: 'export const taken = (): unknown => ({ clock: Date })\n',
  shorthand: 'export const taken = (): unknown => ({ Date })\n',
  returned: 'export function taken(): unknown {\n  return Math\n}\n',
  'handed-on': 'export const taken = (use: (d: DateConstructor) => unknown): unknown => use(Date)\n',
}

const states: Readonly<Record<string, string>> = {
  let: 'export let count = 0\nexport const bump = () => {\n  count = count + 1\n}\n',
  map: 'export const seen = new Map<string, number>()\n',
  'map-typed': 'export const seen: Map<string, number> = new Map()\n',
  set: 'export const seen = new Set()\n',
  array: 'export const seen: string[] = []\n',
  object: 'export const seen = {} as Record<string, number>\n',
  static: 'export class Seen {\n  static count = 0\n  readonly id = 1\n}\n',
}

/** Files that each break one rule, or, under scenarios/shop and ui, one boundary. */
export const violations: Plants = {
  ...Object.fromEntries(
    Object.entries(globals).map(([name, use]) => [
      `sim/kernel/ambient-${name}.ts`,
      `export const taken = (): unknown => ${use}\n`,
    ]),
  ),
  ...Object.fromEntries(
    Object.entries(machine).map(([name, use]) => [
      `sim/kernel/machine-${name}.ts`,
      `export const taken = (): unknown => ${use}\n`,
    ]),
  ),
  ...Object.fromEntries(
    Object.entries(aliases).map(([name, source]) => [`sim/kernel/alias-${name}.ts`, source]),
  ),
  ...Object.fromEntries(
    Object.entries(states).map(([name, source]) => [`scenarios/shop/state-${name}.ts`, source]),
  ),
  'scenarios/shop/clock.ts': 'export const late = (): void => {\n  setTimeout(() => Date.now(), 1)\n}\n',
  'scenarios/shop/outside.ts': imports('../../sim/kernel/it.ts'),
  'scenarios/shop/sibling.ts': imports('../other/system.ts'),
  'scenarios/shop/node.ts': imports('node:fs'),
  'scenarios/shop/package.ts': imports('zod'),
  'scenarios/shop/vitest.ts': imports('faultline/vitest'),
  'scenarios/shop/through.ts': imports('./parts/../../other/system.ts'),
  'scenarios/shop/default.ts': 'export default 1\n',
  'ui/door.ts': imports('../sim/index.ts'),
  'ui/kernel.ts': imports('../sim/kernel/it.ts'),
  'ui/test.ts': imports('../test/it.ts'),
  'ui/node.ts': imports('node:fs'),
  'bench.ts': imports('./test/it.ts'),
  'site.ts': imports('./sim/cli/it.ts'),
  'sim/index.ts': "export { bare } from './kernel/bare.ts'\nexport type { It } from './kernel/it.ts'\n",
  'sim/kernel/bare-node.ts': imports('fs'),
  'sim/kernel/circle-a.ts': "import { b } from './circle-b.ts'\n\nexport const a = (): unknown => b\n",
  'sim/kernel/circle-b.ts': "import { a } from './circle-a.ts'\n\nexport const b = (): unknown => a\n",
  'sim/kernel/barrel.ts': "export { mine } from './mine.ts'\n",
  'sim/kernel/all.ts': "export * from './mine.ts'\n",
  'sim/kernel/for-in.ts':
    'export function keys(o: object): string[] {\n  const found = []\n  for (const key in o) found.push(key)\n  return found\n}\n',
  'sim/kernel/long.ts': long,
  'sim/kernel/default.ts': 'export default 1\n',
  'sim/kernel/any.ts': 'export type Hole = any\n',
  'sim/kernel/bang.ts': 'export const first = (list: string[]): string => list[0]!\n',
  'sim/kernel/import-type.ts': "import { It } from './it.ts'\n\nexport type Mine = It\n",
  'sim/kernel/floating.ts':
    'const work = async (): Promise<number> => 1\n\nexport function start(): void {\n  work()\n}\n',
  'sim/kernel/switch.ts':
    "export function name(kind: 'a' | 'b'): string {\n  switch (kind) {\n    case 'a':\n      return 'first'\n  }\n  return ''\n}\n",
  'sim/kernel/unused.ts': "import { it } from './it.ts'\n\nconst unused = 1\n",
  'sim/kernel/print.ts': "export const say = (): void => console.log('x')\n",
  'test/skipped.test.ts': "import { expect, it } from 'vitest'\n\nit.skip('x', () => expect(1).toBe(1))\n",
  'test/focused.test.ts': "import { expect, it } from 'vitest'\n\nit.only('x', () => expect(1).toBe(1))\n",
}

/** Files that look like a violation, or would be one elsewhere, and are allowed where they stand. */
export const clean: Plants = {
  'sim/kernel/dates.ts': 'export const day = (micros: number): Date => new Date(micros / 1000)\n',
  'sim/kernel/is-date.ts': 'export const isDate = (value: unknown): boolean => value instanceof Date\n',
  'sim/kernel/mine.ts': 'export const mine = Math.sqrt(Math.max(1, 2))\n',
  'sim/kernel/list.ts': 'export const first = (list: string[]): string => list[0] as string\n',
  'sim/kernel/short.ts': long.replace('  sum += 1\n'.repeat(4), ''),
  'sim/run/host.ts': 'export const drain = (): unknown => [process, globalThis, Date.now()]\n',
  'sim/run/ambient.ts': 'export const taken = [Math.random, Date, setTimeout]\n',
  'sim/cli/print.ts': 'export const say = (): void => console.log(Date.now(), process.argv)\n',
  'sim/vitest/budget.ts': 'export const start = (): number => performance.now()\n',
  'scenarios/shop/system.ts': "import { defineSystem } from 'faultline'\n\nexport default defineSystem({})\n",
  'scenarios/shop/parts.ts': "export type { Part } from './parts/part.ts'\nexport const names = ['a']\n",
  'scenarios/shop/local.ts':
    'export function service() {\n  let count = 0\n  const seen = new Map<string, number>()\n  return { handle: () => seen.set("a", ++count) }\n}\n',
  'scenarios/shop/arrow.ts':
    'export const service = () => {\n  const seen: string[] = []\n  let n = 0\n  return () => seen.push(String(n++))\n}\n',
  'scenarios/shop/table.ts': "export const prices = new Map([['book', 3]])\n",
  'test/long.test.ts': long,
  'vitest.config.ts': 'export default {}\n',
}
