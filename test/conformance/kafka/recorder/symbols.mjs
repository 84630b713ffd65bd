// Takes out of messages what differs between two recordings: generated ids become symbols, times become relative.

/** @typedef {import('../history.ts').Fields} Fields */
/** @typedef {import('../history.ts').Value} Value */

const GENERATED_MEMBER_ID = /^(.*)-[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/

/** What a classic member of a consumer group is given, with no client's name in it. */
const BARE_MEMBER_ID = /^[A-Za-z0-9_-]{22}$/

/** Fields that say nothing about the state of the cluster, or only in words. */
const DROPPED = new Set([
  'throttleTimeMs',
  'errorMessage',
  'batchIndexErrorMessage',
  'host',
  'port',
  'rack',
  'clusterId',
  'controllerId',
  'nodeEndpoints',
  'transactionStartTimeMs',
  'topicAuthorizedOperations',
  'clusterAuthorizedOperations',
  'authorizedOperations',
  'clientHost',
])

/** Fields whose lists are sets, with the field that tells their elements apart. */
const SETS = new Map([
  ['brokers', 'nodeId'],
  ['members', 'memberId'],
  ['isrNodes', ''],
  ['subscribedTopicNames', ''],
  ['offlineReplicas', ''],
  ['topicPartitions', 'topicId'],
  ['groups', 'groupId'],
  ['topics', 'name'],
  ['partitions', 'partitionIndex'],
  ['resultsByPartition', 'partitionIndex'],
])

const APPEND_TIME = '$appendTime'

/** The symbols of one history. */
export class Symbols {
  /** @type {Map<string, Value>} */
  #values = new Map()
  /** @type {Map<Value, string>} */
  #names = new Map()
  /** @type {Map<string, string>} */
  #topicNames = new Map()
  /** @type {Map<string, string>} */
  #topicIds = new Map()
  #epochMillis
  #byBroker
  /** Only answers make symbols; in a request, an id that no answer has named is made up. */
  #ofAnswer = false

  /**
   * @param {number} epochMillis the moment that the history calls 0
   * @param {boolean} byBroker whether there are topics with LogAppendTime
   */
  constructor(epochMillis, byBroker) {
    this.#epochMillis = epochMillis
    this.#byBroker = byBroker
  }

  /**
   * @param {string} name
   * @param {string} id
   */
  defineTopic(name, id) {
    this.#topicNames.set(id, name)
    this.#topicIds.set(name, id)
  }

  /**
   * A request of a script with real ids for symbols, and real moments for relative ones.
   * @param {Value} value
   * @param {string} [field]
   * @returns {Value}
   */
  resolve(value, field = '') {
    if (Array.isArray(value)) return value.map((each) => this.resolve(each, field))
    if (value !== null && typeof value === 'object') {
      const fields = Object.entries(/** @type {Fields} */ (value))
      return Object.fromEntries(fields.map(([name, each]) => [name, this.resolve(each, name)]))
    }
    if (field === 'timestamp' && typeof value === 'number' && !isSpecialTimestamp(value)) {
      return value + this.#epochMillis
    }
    if (typeof value !== 'string') return value
    if (field === 'topicId') return this.#topicIds.get(value) ?? value
    if (!value.startsWith('$')) return value
    const real = this.#values.get(value)
    if (real === undefined) throw new Error(`${value} is not known yet`)
    return real
  }

  /**
   * A request as it is written to a history.
   * @param {Value} value
   * @returns {Value}
   */
  request(value) {
    this.#ofAnswer = false
    return this.#normalise(value, '')
  }

  /**
   * An answer as it is written to a history.
   * @param {Value} value
   * @returns {Value}
   */
  response(value) {
    this.#ofAnswer = true
    return this.#normalise(value, '')
  }

  /**
   * @param {Value} value
   * @param {string} field
   * @returns {Value}
   */
  #normalise(value, field) {
    if (Array.isArray(value)) return this.#list(value, field)
    if (value !== null && typeof value === 'object') return this.#object(/** @type {Fields} */ (value))
    if (typeof value === 'string') {
      if (field === 'topicId') return this.#topicNames.get(value) ?? null
      if (field === 'memberId' && BARE_MEMBER_ID.test(value)) return this.#name(value, '$member')
      const match = GENERATED_MEMBER_ID.exec(value)
      return match === null ? value : this.#name(value, `$member:${match[1]}`)
    }
    if (typeof value !== 'number') return value
    if (/(^p|P)roducerId$/.test(field) && value >= 0) return this.#name(value, '$pid')
    if (field === 'sessionId' && value > 0) return this.#name(value, '$session')
    if (field === 'logAppendTimeMs' && value >= 0 && this.#byBroker) return APPEND_TIME
    const isMoment = field === 'timestamp' || field === 'logAppendTimeMs'
    return isMoment && !isSpecialTimestamp(value) ? value - this.#epochMillis : value
  }

  /**
   * @param {readonly Value[]} list
   * @param {string} field
   * @returns {Value[]}
   */
  #list(list, field) {
    const out = list.map((each) => this.#normalise(each, field))
    const key = SETS.get(field)
    if (key === undefined || !this.#ofAnswer) return out
    /** @param {Value} each */
    const of = (each) => {
      if (each === null || typeof each !== 'object') return each
      const fields = /** @type {Fields} */ (each)
      return fields[key] ?? fields.topicName ?? fields.topic
    }
    return out.sort((left, right) => order(of(left) ?? '', of(right) ?? ''))
  }

  /**
   * @param {Fields} object
   * @returns {Fields}
   */
  #object(object) {
    const named = ['name', 'topic', 'topicName'].some((name) => typeof object[name] === 'string')
    const byBroker = object.timestampType === 'LogAppendTime' || object.isControl === true
    /** @type {Record<string, Value>} */
    const out = {}
    for (const [name, value] of Object.entries(object)) {
      if (DROPPED.has(name) || (name === 'topicId' && named)) continue
      out[name] = this.#normalise(value, name)
    }
    if (byBroker && Array.isArray(out.records)) {
      out.records = out.records.map((record) =>
        record.timestamp === undefined ? record : { ...record, timestamp: APPEND_TIME },
      )
    }
    return out
  }

  /**
   * The symbol of a real value: the first of a kind for a client is `$kind:client`, the next `$kind:client:2`; producer
   * ids are `$pid1`, `$pid2` in the order in which they appear.
   * @param {string | number} real
   * @param {string} stem
   * @returns {string | number}
   */
  #name(real, stem) {
    const known = this.#names.get(real)
    if (known !== undefined) return known
    if (!this.#ofAnswer) return real
    const numbered = typeof real === 'number'
    let count = 1
    const candidate = () => (numbered ? `${stem}${count}` : count === 1 ? stem : `${stem}:${count}`)
    while (this.#values.has(candidate())) count += 1
    const name = candidate()
    this.#names.set(real, name)
    this.#values.set(name, real)
    return name
  }
}

/**
 * Negative numbers that ListOffsets and record batches use as names, such as -1 for the latest offset or no timestamp.
 * @param {number} timestamp
 * @returns {boolean}
 */
const isSpecialTimestamp = (timestamp) => timestamp < 0 && timestamp >= -6

/**
 * @param {Value} left
 * @param {Value} right
 * @returns {number}
 */
function order(left, right) {
  if (typeof left === 'number' && typeof right === 'number') return left - right
  return Number(String(left) > String(right)) - Number(String(left) < String(right))
}
