// Builds the page into dist/ui: the page as the server offers it, the worker, and the same page in one piece for
// reports, which are opened from a file and can load nothing.

import { fileURLToPath } from 'node:url'
import react from '@vitejs/plugin-react'
import { build } from 'vite'

// Whoever builds from a test would else get the page of a developer.
process.env.NODE_ENV = 'production'

const root = fileURLToPath(new URL('.', import.meta.url))
const dist = fileURLToPath(new URL('../dist/ui/', import.meta.url))

/** @type {import('vite').Plugin} Of a namespace that is imported as one, a bundle takes what is used: half of zod is not. */
const shakenZod = {
  name: 'shaken-zod',
  enforce: 'pre',
  transform: (code) => code.replace("import { z } from 'zod'", "import * as z from 'zod'"),
}

/** @type {import('vite').Plugin} The simulator draws from one of the seven generators of seedrandom. */
const oneGenerator = {
  name: 'one-generator',
  enforce: 'pre',
  transform: (_code, id) =>
    /[\\/]seedrandom[\\/]index\.js$/.test(id) ? "exports.xor128 = require('./lib/xor128')" : undefined,
}

/** @type {import('vite').Plugin} Schemas of zod know how they are written as JSON Schema, which nothing of the page asks. */
const withoutJsonSchemas = {
  name: 'without-json-schemas',
  enforce: 'pre',
  transform: (code, id) => {
    if (!/zod\/v4\/core\/(?:json-schema-processors|to-json-schema)\.js$/.test(id)) return undefined
    const names = [...code.matchAll(/^export (?:const|function|class) (\w+)/gm)].map(([, name]) => name)
    const refusal = `const refuse = () => { throw new Error('JSON Schemas are not part of the page') }`
    return [refusal, ...names.map((name) => `export const ${name} = refuse`)].join('\n')
  },
}

/** @type {import('vite').Plugin} Texts of zod know two dozen formats, from e-mail addresses to tokens; no scenario has one. */
const withoutFormats = {
  name: 'without-formats',
  enforce: 'pre',
  transform: (code, id) =>
    /zod\/v4\/classic\/schemas\.js$/.test(id)
      ? code.replace(
          /^ +\w+\(params\) \{\s+return this\.check\(core\._\w+\(Zod\w+, params\)\);\s+\},?\n/gm,
          '',
        )
      : undefined,
}

/** @param {import('vite').BuildEnvironmentOptions} options */
const bundle = (options) =>
  build({
    root,
    base: './',
    configFile: false,
    logLevel: 'warn',
    mode: 'production',
    define: { 'process.env.NODE_ENV': '"production"' },
    resolve: { alias: { 'visible/jsx-runtime': `${root}view/jsx-runtime.ts` } },
    plugins: [
      shakenZod,
      oneGenerator,
      withoutJsonSchemas,
      withoutFormats,
      react({ jsxImportSource: 'visible' }),
    ],
    build: {
      target: 'es2022',
      emptyOutDir: false,
      reportCompressedSize: false,
      chunkSizeWarningLimit: 1000,
      modulePreload: false,
      ...options,
      // Of the simulator the page takes what it names; no module of it does anything by being imported.
      rolldownOptions: {
        treeshake: {
          moduleSideEffects: (id) => !/\/sim\//.test(id) && !/node_modules\/(?:fast-check|zod|yaml)/.test(id),
        },
        ...options.rolldownOptions,
      },
    },
  })

await bundle({ outDir: dist, emptyOutDir: true })
await bundle({
  outDir: `${dist}report`,
  cssCodeSplit: false,
  rolldownOptions: {
    input: `${root}main.tsx`,
    // What is loaded on demand elsewhere is in the piece already.
    transform: { define: { 'import.meta': '{}' } },
    output: {
      codeSplitting: false,
      format: 'iife',
      entryFileNames: 'report.js',
      assetFileNames: 'report[extname]',
    },
  },
})
await bundle({
  outDir: dist,
  rolldownOptions: {
    input: `${root}worker/worker.ts`,
    output: { codeSplitting: false, format: 'iife', entryFileNames: 'worker.js' },
  },
})
