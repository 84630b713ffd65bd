// The producer state of a partition: duplicates, gaps, epochs, expiry.

import { fetch, initProducerId, killBroker, produce, startBroker, stopBroker, topic, wait } from './steps.mjs'

/** @typedef {import('../recorder/script.ts').Script} Script */
/** @typedef {import('../history.ts').Fields} Fields */

const one = /** @type {const} */ ({ brokers: 1, config: {} })
const MAX_SEQUENCE = 2_147_483_647

/**
 * A batch of an idempotent producer.
 * @param {string} name of the topic
 * @param {number} baseSequence
 * @param {readonly string[]} values
 * @param {Fields} [options]
 */
const send = (name, baseSequence, values, { producerId = '$pid1', producerEpoch = 0, ...options } = {}) =>
  produce(name, values, { producer: { producerId, producerEpoch, baseSequence }, ...options })

const init = initProducerId(null, { expect: 'NONE' })

/**
 * @param {number} baseOffset
 * @returns {Fields}
 */
const at = (baseOffset) => ({
  responses: { 0: { partitionResponses: { 0: { errorCode: 'NONE', baseOffset } } } },
})

/** @type {Script[]} */
export const scripts = [
  {
    ...one,
    name: 'idempotence-duplicates',
    title: 'The last five batches are recognised and answered with their offsets; older ones are not',
    rules: ['KS1', 'KS2', 'KS3'],
    topics: [topic('duplicates')],
    steps: [
      init,
      ...[0, 1, 2, 3, 4, 5].map((sequence) =>
        send('duplicates', sequence, [`v${sequence}`], { expect: at(sequence) }),
      ),
      ...[1, 2, 3, 4, 5].map((sequence) =>
        send('duplicates', sequence, [`v${sequence}`], { expect: at(sequence) }),
      ),
      send('duplicates', 0, ['v0']),
      send('duplicates', 6, ['v6'], { expect: at(6) }),
      send('duplicates', 1, ['v1']),
      fetch('duplicates', 0, { expect: 'NONE' }),
    ],
  },
  {
    ...one,
    name: 'idempotence-overlap',
    title: 'A batch that only overlaps with one that was written is not a duplicate',
    rules: ['KS2', 'KS3'],
    topics: [topic('overlap')],
    steps: [
      init,
      send('overlap', 0, ['a', 'b', 'c'], { expect: at(0) }),
      send('overlap', 0, ['a', 'b']),
      send('overlap', 1, ['b', 'c']),
      send('overlap', 2, ['c', 'd']),
      send('overlap', 0, ['a', 'b', 'c'], { expect: at(0) }),
      send('overlap', 3, ['d'], { expect: at(3) }),
    ],
  },
  {
    ...one,
    name: 'idempotence-gap',
    title: 'A gap is refused and nothing is written; without state any first sequence is accepted',
    rules: ['KS3', 'KS4'],
    topics: [topic('gap')],
    steps: [
      init,
      send('gap', 40, ['a'], { expect: at(0) }),
      send('gap', 42, ['c'], { expect: 'OUT_OF_ORDER_SEQUENCE_NUMBER' }),
      send('gap', 41, ['b'], { expect: at(1) }),
      send('gap', 42, ['c'], { expect: at(2) }),
      send('gap', 0, ['z'], { expect: 'OUT_OF_ORDER_SEQUENCE_NUMBER' }),
      fetch('gap', 0, { expect: 'NONE' }),
    ],
  },
  {
    ...one,
    name: 'idempotence-wrap',
    title: 'After the largest sequence comes 0',
    rules: ['KS3'],
    topics: [topic('wrap')],
    steps: [
      init,
      send('wrap', MAX_SEQUENCE - 2, ['a', 'b'], { expect: at(0) }),
      send('wrap', MAX_SEQUENCE, ['c', 'd'], { expect: at(2) }),
      send('wrap', 0, ['d'], { expect: 'OUT_OF_ORDER_SEQUENCE_NUMBER' }),
      send('wrap', 1, ['e'], { expect: at(4) }),
      send('wrap', MAX_SEQUENCE, ['c', 'd'], { expect: at(2) }),
    ],
  },
  {
    ...one,
    name: 'idempotence-epochs',
    title: 'A newer epoch begins at 0 and ends the older one',
    rules: ['KS3'],
    topics: [topic('epochs')],
    steps: [
      init,
      send('epochs', 0, ['a'], { expect: at(0) }),
      send('epochs', 1, ['b'], { producerEpoch: 1, expect: 'OUT_OF_ORDER_SEQUENCE_NUMBER' }),
      send('epochs', 0, ['b'], { producerEpoch: 1, expect: at(1) }),
      send('epochs', 1, ['c'], { expect: 'INVALID_PRODUCER_EPOCH' }),
      send('epochs', 0, ['a'], { expect: 'INVALID_PRODUCER_EPOCH' }),
      send('epochs', 1, ['c'], { producerEpoch: 1, expect: at(2) }),
      send('epochs', 0, ['d'], { producerEpoch: 5, expect: at(3) }),
      fetch('epochs', 0, { expect: 'NONE' }),
    ],
  },
  {
    ...one,
    name: 'idempotence-producers',
    title:
      'Producers and partitions have sequences of their own, and every InitProducerId gives another producer',
    rules: ['KS1', 'KT2'],
    topics: [topic('producers', 2)],
    steps: [
      init,
      initProducerId(null, { client: 'b', expect: 'NONE' }),
      send('producers', 0, ['a'], { expect: at(0) }),
      send('producers', 0, ['b'], { producerId: '$pid2', client: 'b', expect: at(1) }),
      send('producers', 0, ['c'], { partition: 1, expect: at(0) }),
      send('producers', 1, ['d'], { expect: at(2) }),
      send('producers', 1, ['e'], { producerId: '$pid2', client: 'b', expect: at(3) }),
      send('producers', 0, ['b'], { producerId: '$pid2', client: 'b', expect: at(1) }),
      produce('producers', ['f'], { expect: at(4) }),
      fetch('producers', 0, { expect: 'NONE' }),
    ],
  },
  {
    ...one,
    name: 'idempotence-expiry',
    title: 'State expires after producer.id.expiration.ms without a batch, and then any sequence is accepted',
    rules: ['KS4', 'KS5'],
    config: { 'producer.id.expiration.ms': 1000, 'producer.id.expiration.check.interval.ms': 200 },
    topics: [topic('expiry')],
    steps: [
      init,
      send('expiry', 0, ['a'], { expect: at(0) }),
      wait(500),
      send('expiry', 7, ['b'], { expect: 'OUT_OF_ORDER_SEQUENCE_NUMBER' }),
      send('expiry', 0, ['a'], { expect: at(0) }),
      wait(1500),
      send('expiry', 7, ['c'], { expect: at(1) }),
      send('expiry', 8, ['d'], { expect: at(2) }),
    ],
  },
  {
    ...one,
    name: 'idempotence-restart',
    title: 'A controlled shutdown leaves a snapshot, which knows only the last batch of each producer',
    rules: ['KS5', 'KL15'],
    topics: [topic('restart')],
    steps: [
      init,
      send('restart', 0, ['a'], { expect: at(0) }),
      send('restart', 1, ['b', 'c'], { expect: at(1) }),
      stopBroker(1),
      startBroker(1),
      send('restart', 1, ['b', 'c'], { until: at(1) }),
      send('restart', 0, ['a'], { expect: 'OUT_OF_ORDER_SEQUENCE_NUMBER' }),
      send('restart', 4, ['e'], { expect: 'OUT_OF_ORDER_SEQUENCE_NUMBER' }),
      send('restart', 3, ['d'], { expect: at(3) }),
    ],
  },
  {
    ...one,
    name: 'idempotence-crash',
    title: 'After an end without notice, too, only the last batch of each producer is known',
    rules: ['KS5', 'KL15'],
    topics: [topic('crash')],
    steps: [
      init,
      ...[0, 1, 2, 3, 4, 5].map((sequence) =>
        send('crash', sequence, [`v${sequence}`], { expect: at(sequence) }),
      ),
      killBroker(1),
      startBroker(1),
      send('crash', 5, ['v5'], { until: at(5) }),
      send('crash', 4, ['v4'], { expect: 'OUT_OF_ORDER_SEQUENCE_NUMBER' }),
      send('crash', 0, ['v0'], { expect: 'OUT_OF_ORDER_SEQUENCE_NUMBER' }),
      send('crash', 6, ['v6'], { expect: at(6) }),
    ],
  },
]
