/** Topics whose texts are kept at once: a page, or a suite, may see many systems. */
const MOST_TOPICS = 1_000
/** Partitions of a topic whose texts are kept. */
const MOST_PARTITIONS = 1_000

/**
 * Texts made of a topic and a partition, each made once. Maps find what is the very same text without reading it, and a
 * text never changes, so that keeping it cannot influence a run.
 */
export function partitionTexts(separator: string): (topic: string, partition: number) => string {
  const byTopic = new Map<string, string[]>()
  return (topic, partition) => {
    let texts = byTopic.get(topic)
    if (texts === undefined) {
      if (byTopic.size >= MOST_TOPICS) byTopic.clear()
      texts = []
      byTopic.set(topic, texts)
    }
    const known = texts[partition]
    if (known !== undefined) return known
    const text = `${topic}${separator}${partition}`
    if (partition >= 0 && partition < MOST_PARTITIONS) texts[partition] = text
    return text
  }
}
