// The words in which scripts are written: each gives one step.

/** @typedef {import('../history.ts').Fields} Fields */
/** @typedef {import('../history.ts').Value} Value */
/** @typedef {import('../history.ts').Topic} Topic */
/** @typedef {import('../recorder/script.ts').RequestScript} RequestScript */
/** @typedef {import('../recorder/script.ts').BrokerScript} BrokerScript */
/** @typedef {Omit<Partial<RequestScript>, 'api' | 'request'>} Options client, version, broker, background, expect, until */
/** @typedef {{ key?: string | null, value?: string | null, timestamp?: number, headers?: Record<string, string> }} RecordScript */

/** Versions that name topics rather than number them, as clients of before KIP-890 use them. */
const VERSIONS = {
  Produce: 11,
  Fetch: 12,
  ListOffsets: 7,
  Metadata: 12,
  OffsetCommit: 8,
  OffsetFetch: 8,
  FindCoordinator: 4,
  JoinGroup: 9,
  Heartbeat: 4,
  LeaveGroup: 5,
  SyncGroup: 5,
  DescribeGroups: 5,
  DeleteGroups: 2,
  CreateTopics: 7,
  CreatePartitions: 3,
  DeleteRecords: 2,
  InitProducerId: 4,
  OffsetForLeaderEpoch: 4,
  AddPartitionsToTxn: 3,
  AddOffsetsToTxn: 3,
  EndTxn: 3,
  TxnOffsetCommit: 3,
  WriteTxnMarkers: 1,
  DescribeTransactions: 0,
  IncrementalAlterConfigs: 1,
  AlterPartitionReassignments: 0,
  ElectLeaders: 2,
  ConsumerGroupHeartbeat: 1,
  ConsumerGroupDescribe: 1,
  OffsetDelete: 0,
  DescribeTopicPartitions: 0,
}

/**
 * Any request.
 * @param {keyof typeof VERSIONS} api
 * @param {Fields} request
 * @param {Options} [options]
 * @returns {RequestScript}
 */
export const ask = (api, request, options = {}) => ({
  client: 'a',
  version: VERSIONS[api],
  ...options,
  api,
  request,
})

/**
 * A topic whose partitions have their replicas on the given brokers.
 * @param {string} name
 * @param {readonly number[] | number} partitions a count of partitions on broker 1, or the replicas of the only partition
 * @param {Record<string, string>} [configs]
 * @returns {Topic}
 */
export const topic = (name, partitions = 1, configs = {}) => ({
  name,
  assignment: typeof partitions === 'number' ? Array.from({ length: partitions }, () => [1]) : [partitions],
  configs,
})

/**
 * Records of a batch from texts, or from records.
 * @param {readonly (string | RecordScript)[]} all
 * @returns {Fields[]}
 */
const records = (all) =>
  all.map((each) => {
    const {
      key = null,
      value = null,
      timestamp = 0,
      ...rest
    } = typeof each === 'string' ? { value: each } : each
    return { key, value, timestamp, ...rest }
  })

/**
 * One batch.
 * @param {readonly (string | RecordScript)[]} all
 * @param {Fields} [producer] such as producerId, producerEpoch, baseSequence, isTransactional, compression
 * @returns {Fields}
 */
export const batch = (all, producer = {}) => ({ ...producer, records: records(all) })

/**
 * A Produce request of one batch to one partition.
 * @param {string} name of the topic
 * @param {readonly (string | RecordScript)[]} all
 * @param {Options & { acks?: number, partition?: number, producer?: Fields, timeoutMs?: number, transactionalId?: string | null }} [options]
 * @returns {RequestScript}
 */
export const produce = (name, all, options = {}) => {
  const {
    acks = -1,
    partition = 0,
    producer = {},
    timeoutMs = 5000,
    transactionalId = null,
    ...rest
  } = options
  return produceBatches(name, [batch(all, producer)], {
    acks,
    partition,
    timeoutMs,
    transactionalId,
    ...rest,
  })
}

/**
 * A Produce request of batches to one partition.
 * @param {string} name of the topic
 * @param {readonly Fields[]} batches
 * @param {Options & { acks?: number, partition?: number, timeoutMs?: number, transactionalId?: string | null }} [options]
 * @returns {RequestScript}
 */
export const produceBatches = (name, batches, options = {}) => {
  const { acks = -1, partition = 0, timeoutMs = 5000, transactionalId = null, ...rest } = options
  const partitionData = [{ index: partition, records: batches }]
  return ask('Produce', { transactionalId, acks, timeoutMs, topicData: [{ name, partitionData }] }, rest)
}

/**
 * A Fetch request for one partition, outside of a fetch session.
 * @param {string} name of the topic
 * @param {number} fetchOffset
 * @param {Options & Fields} [options] client, broker, ... and fields of the request or of its partition
 * @returns {RequestScript}
 */
export const fetch = (name, fetchOffset, options = {}) => {
  const { client = 'consumer', version, broker, background, expect, until, ...fields } = options
  const {
    partition = 0,
    currentLeaderEpoch = -1,
    lastFetchedEpoch = -1,
    partitionMaxBytes = 1_048_576,
    ...rest
  } = fields
  const partitions = [{ partition, currentLeaderEpoch, fetchOffset, lastFetchedEpoch, partitionMaxBytes }]
  const request = {
    maxWaitMs: 0,
    minBytes: 1,
    maxBytes: 52_428_800,
    isolationLevel: 0,
    sessionId: 0,
    sessionEpoch: -1,
    topics: [{ topic: name, partitions }],
    ...rest,
  }
  return ask('Fetch', request, given({ client, version, broker, background, expect, until }))
}

export const READ_COMMITTED = { isolationLevel: 1 }

/**
 * Waits in the history.
 * @param {number} waitMillis
 */
export const wait = (waitMillis) => ({ waitMillis })

/**
 * Waits for the answer to the request that a client sent in the background.
 * @param {string} client
 */
export const answerOf = (client) => ({ waitFor: client })

/** An answer that a script makes nothing of. */
export const ANY = null

export const EARLIEST = -2
export const LATEST = -1
export const MAX_TIMESTAMP = -3

/**
 * A ListOffsets request for one partition.
 * @param {string} name of the topic
 * @param {number} timestamp since the start of the history, or EARLIEST, LATEST, MAX_TIMESTAMP
 * @param {Options & Fields} [options]
 * @returns {RequestScript}
 */
export const listOffsets = (name, timestamp, options = {}) => {
  const { client = 'consumer', version, broker, background, expect, until, ...fields } = options
  const { partitionIndex = 0, currentLeaderEpoch = -1, isolationLevel = 0 } = fields
  const partitions = [{ partitionIndex, currentLeaderEpoch, timestamp }]
  return ask(
    'ListOffsets',
    { replicaId: -1, isolationLevel, topics: [{ name, partitions }] },
    given({ client, version, broker, background, expect, until }),
  )
}

/**
 * @param {string | null} transactionalId
 * @param {Options & Fields} [options]
 * @returns {RequestScript}
 */
export const initProducerId = (transactionalId, options = {}) => {
  const { client, version, broker, background, expect, until, ...fields } = options
  const request = {
    transactionalId,
    transactionTimeoutMs: 60_000,
    producerId: -1,
    producerEpoch: -1,
    ...fields,
  }
  return ask('InitProducerId', request, given({ client, version, broker, background, expect, until }))
}

/**
 * The options that are given: an absent one takes ask's default.
 * @param {{ [name in keyof Options]: Value | undefined }} options
 * @returns {Options}
 */
export const given = (options) =>
  Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined))

/** @param {number} broker */
export const killBroker = (broker) => /** @type {BrokerScript} */ ({ action: 'killBroker', broker })
/** @param {number} broker */
export const stopBroker = (broker) => /** @type {BrokerScript} */ ({ action: 'stopBroker', broker })
/** @param {number} broker */
export const startBroker = (broker) => /** @type {BrokerScript} */ ({ action: 'startBroker', broker })
/** @param {number} broker */
export const pauseBroker = (broker) => /** @type {BrokerScript} */ ({ action: 'pauseBroker', broker })
/** @param {number} broker */
export const resumeBroker = (broker) => /** @type {BrokerScript} */ ({ action: 'resumeBroker', broker })

/**
 * Repeats Metadata until a partition has this leader and these in-sync replicas.
 * @param {string} name of the topic
 * @param {{ leaderId?: number, isrNodes?: number[] }} state
 * @param {number} [broker] whose metadata it is
 * @returns {RequestScript}
 */
export const awaitState = (name, state, broker = 1) =>
  ask(
    'Metadata',
    { topics: [{ name }], allowAutoTopicCreation: false },
    { client: 'admin', broker, until: { topics: { 0: { partitions: { 0: state } } } } },
  )
