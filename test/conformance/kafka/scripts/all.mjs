// Every script, in the order in which they are recorded.

import { scripts as produce } from './produce.mjs'

/** @type {import('../recorder/script.ts').Script[]} */
export const scripts = [...produce]

/** @type {import('../recorder/script.ts').TableScript[]} */
export const tables = []
