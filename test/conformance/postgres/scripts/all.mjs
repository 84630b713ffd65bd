import { advisory } from './advisory.mjs'
import { conflict } from './conflict.mjs'
import { isolation } from './isolation.mjs'
import { locks } from './locks.mjs'
import { savepoints } from './savepoints.mjs'
import { serializable } from './serializable.mjs'
import { unique } from './unique.mjs'
import { waits } from './waits.mjs'

/** @typedef {import('../history.ts').Script} Script */

/** Every script, by the file that its history is in. @type {Readonly<Record<string, readonly Script[]>>} */
export const groups = { isolation, serializable, locks, waits, unique, conflict, savepoints, advisory }
