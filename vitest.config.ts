import { defaultServerConditions } from 'vite'
import { defineConfig } from 'vitest/config'
import { mutation } from './test/tools/mutation.mjs'

// The first condition makes `import ... from 'faultline'` mean this checkout's sim/, not dist/: one copy, from source.
const conditions = ['faultline-source', ...defaultServerConditions]
const source = {
  resolve: { conditions },
  ssr: { resolve: { conditions } },
  plugins: mutation(process.env.FAULTLINE_MUTANT),
}

/** Ends what hangs, and says nothing of speed: a busy machine takes ten times as long as a quiet one. */
const TIME_LIMIT_MS = 600_000

export default defineConfig({
  test: {
    // Simulations are bound by the processor: more workers than cores only makes time-outs likelier.
    pool: 'threads',
    maxWorkers: 2,
    projects: [
      {
        ...source,
        test: {
          name: 'sim',
          // One set of modules for all files of a worker: loading them anew for each would take half of the time.
          isolate: false,
          environment: 'node',
          setupFiles: ['test/property-seed.ts'],
          include: ['test/**/*.test.ts'],
          exclude: ['test/browser/**', 'test/ui/**'],
          testTimeout: TIME_LIMIT_MS,
          hookTimeout: TIME_LIMIT_MS,
        },
      },
      {
        ...source,
        test: {
          name: 'ui',
          isolate: false,
          environment: 'node',
          setupFiles: ['test/property-seed.ts'],
          include: ['test/ui/**/*.test.{ts,tsx}'],
          testTimeout: TIME_LIMIT_MS,
          hookTimeout: TIME_LIMIT_MS,
        },
      },
      {
        ...source,
        test: {
          name: 'browser',
          environment: 'node',
          include: ['test/browser/**/*.test.ts'],
          globalSetup: ['test/browser/build-page.ts'],
          // A real browser on a machine that others use too keeps no time: what fails by chance passes the second time, and
          // is told as such; what is broken fails every time.
          retry: 2,
          testTimeout: TIME_LIMIT_MS,
          hookTimeout: TIME_LIMIT_MS,
        },
      },
    ],
  },
})
