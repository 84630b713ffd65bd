// Produce: acks, error codes, timestamps, sizes.

import { batch, fetch, produce, produceBatches, topic } from './steps.mjs'

/** @typedef {import('../recorder/script.ts').Script} Script */

const one = /** @type {const} */ ({ brokers: 1, config: {} })

/** @type {Script[]} */
export const scripts = [
  {
    ...one,
    name: 'produce-acks',
    title: 'Offsets are given in order whatever acks says; acks=0 is not answered, acks=2 is refused',
    rules: ['KL14', 'KR10'],
    topics: [topic('acks')],
    steps: [
      produce('acks', ['one', 'two'], { acks: -1, expect: 'NONE' }),
      produce('acks', ['three'], { acks: 1, expect: 'NONE' }),
      produce('acks', ['four'], { acks: 0 }),
      produce('acks', ['five'], { acks: 2, expect: 'INVALID_REQUIRED_ACKS' }),
      fetch('acks', 0, { expect: 'NONE' }),
    ],
  },
]
