// The rules of Kafka that the simulator is built after, by section: how many there are of each. A rule of section L, number
// 9, is KL9 in test/SPEC.md, which may have more rules in a section than this list. Assignors (KX) are not numbered here.

/** @type {Readonly<Record<string, number>>} */
const sections = {
  L: 15, // partition log
  R: 9, // replication fetch loop
  A: 4, // acks and min.insync.replicas
  C: 10, // controller, elections, eligible leader replicas
  P: 8, // producer client
  S: 7, // producer state of brokers
  T: 9, // transactions
  F: 6, // fetch of consumers
  O: 6, // commits
  G: 12, // classic groups
  N: 5, // groups of KIP-848
  D: 6, // retention and compaction
}

export const kafkaRules = Object.entries(sections).flatMap(([section, count]) =>
  Array.from({ length: count }, (_, at) => `K${section}${at + 1}`),
)

/**
 * The rules of Kafka that a specification has no id for.
 * @param {readonly string[]} ids those that it has
 * @returns {string[]}
 */
export const missingKafkaRules = (ids) => kafkaRules.filter((id) => !ids.includes(id))
