/** The least time between two resolutions of a group's expressions (REGEX_BATCH_REFRESH_MIN_INTERVAL_MS). */
const MIN_REFRESH_INTERVAL_MS = 10_000

/**
 * The regular expressions of a group's subscriptions and the topics that they matched when they were last resolved, all
 * at the same time (TopicRegexResolver). Kafka has RE2J's expressions, these are JavaScript's: of what both accept, both
 * mean the same. Like Kafka's they match whole names.
 */
export class TopicRegexes {
  private resolved = new Map<string, ReadonlySet<string>>()
  /** −Infinity when nothing is resolved. */
  resolvedAtMillis = Number.NEGATIVE_INFINITY
  private resolvedVersion = 0

  /** The topics of every expression that has been resolved. */
  get topicsByRegex(): ReadonlyMap<string, ReadonlySet<string>> {
    return this.resolved
  }

  /** Forgets an expression that nobody subscribes to any more. */
  forget(regex: string): void {
    this.resolved.delete(regex)
    if (this.resolved.size === 0) this.resolvedAtMillis = Number.NEGATIVE_INFINITY
  }

  /**
   * Whether the expressions must be resolved: not more often than every 10 s, and then if one never was, the topics of
   * the cluster have changed, or the refresh interval is over.
   * @param subscribed every expression that a member subscribes to, with the number of those members
   * @param topicsVersion grows with every change of the cluster's topics
   */
  isStale(
    subscribed: ReadonlyMap<string, number>,
    topicsVersion: number,
    nowMillis: number,
    refreshIntervalMs: number,
  ): boolean {
    if (subscribed.size === 0 || nowMillis <= this.resolvedAtMillis + MIN_REFRESH_INTERVAL_MS) return false
    if (this.resolvedVersion < topicsVersion || nowMillis > this.resolvedAtMillis + refreshIntervalMs)
      return true
    for (const regex of subscribed.keys()) if (!this.resolved.has(regex)) return true
    return false
  }

  /** Takes over what another coordinator resolved; whether topics have changed since, it cannot know. */
  restore(topicsByRegex: ReadonlyMap<string, ReadonlySet<string>>, resolvedAtMillis: number): void {
    this.resolved = new Map(topicsByRegex)
    this.resolvedAtMillis = resolvedAtMillis
    this.resolvedVersion = Number.NEGATIVE_INFINITY
  }

  /** Resolves all expressions. @returns whether any of them matches other topics than before */
  resolve(
    subscribed: ReadonlyMap<string, number>,
    topicNames: Iterable<string>,
    topicsVersion: number,
    nowMillis: number,
  ): boolean {
    const names = [...topicNames]
    const before = this.resolved
    this.resolved = new Map()
    this.resolvedAtMillis = nowMillis
    this.resolvedVersion = topicsVersion
    let changed = false
    for (const regex of subscribed.keys()) {
      const pattern = compileTopicRegex(regex)
      const matched = new Set(names.filter((name) => pattern?.test(name) === true))
      const old = before.get(regex) ?? new Set<string>()
      changed ||= matched.size !== old.size || [...matched].some((name) => !old.has(name))
      this.resolved.set(regex, matched)
    }
    return changed
  }
}

/** The expression, anchored at both ends; undefined when it is none (INVALID_REGULAR_EXPRESSION). */
export function compileTopicRegex(regex: string): RegExp | undefined {
  try {
    return new RegExp(`^(?:${regex})$`)
  } catch {
    return undefined
  }
}
