import { appended } from '../../kernel/list.ts'
import type { ErrorCode } from '../error-code.ts'
import { type FetchRequestData, FINAL_EPOCH, INITIAL_EPOCH, NO_SESSION } from '../protocol/fetch.ts'
import type { BrokerContext } from './context.ts'
import { DelayedFetch } from './delayed-fetch.ts'
import { CONSUMER, FetchSession, type WaitingFetch } from './fetch-session.ts'
import type { Replica } from './replica.ts'
import type { Replicas } from './replicas.ts'
import type { Respond } from './respond.ts'

/** More than there are in one life of a broker. */
const MAX_SESSIONS = 1_000_000

const NO_SESSIONS: readonly FetchSession[] = []

/** Handles Fetch (rules F1 to F4, R1). Source: KafkaApis.handleFetchRequest, ReplicaManager.fetchMessages. */
export class Fetches {
  private readonly context: BrokerContext
  private readonly replicas: Replicas
  /** Those that are kept, in the order in which they began: few. */
  private sessions = NO_SESSIONS
  private sessionCount = 0
  /** What each follower fetches, with or without a session. */
  private followers = NO_SESSIONS
  /** The fetches of consumers that wait here, and in between some that do so no more. */
  private readonly waiting: WaitingFetch[] = []

  constructor(context: BrokerContext, replicas: Replicas) {
    this.context = context
    this.replicas = replicas
  }

  handle(request: FetchRequestData, respond: Respond<'Fetch'>): void {
    const { replicaId } = request
    // A follower asks for one thing at a time: it has given the other one up.
    this.release(replicaId)
    const session = this.sessionOf(request)
    if (typeof session === 'string') {
      respond({ errorCode: session, sessionId: NO_SESSION, responses: [] })
      return
    }
    let { fetch } = session
    if (fetch?.isOver === true) fetch.renew(request, respond)
    else {
      fetch = new DelayedFetch(this.context, session, request, respond)
      session.fetch = fetch
    }
    if (!fetch.start() && replicaId === CONSUMER) this.keep(fetch)
  }

  /** The next request of a consumer waits behind its fetch, if it has one. @param respond that of the fetch */
  press(respond: Respond<'Fetch'>): void {
    for (const fetch of this.waiting) if (fetch.respond === respond) fetch.press()
  }

  /** Answers the fetch of a follower that waits here, as it does by itself every replica.fetch.wait.max.ms. */
  release(replicaId: number): void {
    if (replicaId !== CONSUMER) this.ofFollower(replicaId)?.waiting?.release()
  }

  /** Something has happened to a replica, for which fetches of followers may wait. */
  changed({ fetchedBy }: Replica): void {
    // Who looks may find that nobody fetches it here any more: the list is another one then.
    for (const partition of fetchedBy) partition.look()
  }

  /** Logs may have changed without anybody having been told: old segments were deleted. */
  logsChanged(): void {
    for (const session of this.sessions) session.lookAtAll()
  }

  /** Forgets the fetch of a follower that is gone. Its session stays, as in Kafka: what is under way in it counts. */
  drop(replicaId: number): void {
    const session = this.ofFollower(replicaId)
    session?.waiting?.drop()
    session?.lookAtAll()
  }

  /** Takes the place of one that waits no more, unless it has a place. */
  private keep(fetch: WaitingFetch): void {
    const { waiting } = this
    if (waiting.includes(fetch)) return
    for (let at = 0; at < waiting.length; at++)
      if (waiting[at]?.isOver === true) {
        waiting[at] = fetch
        return
      }
    waiting.push(fetch)
  }

  /** The session of a fetch, or why it has none. Source: FetchManager.newContext. */
  private sessionOf(request: FetchRequestData): FetchSession | ErrorCode {
    const { replicaId, sessionId = NO_SESSION, sessionEpoch = FINAL_EPOCH } = request
    if (sessionEpoch !== FINAL_EPOCH && sessionEpoch !== INITIAL_EPOCH) {
      const known = this.sessionWith(sessionId)
      if (known === undefined) return 'FETCH_SESSION_ID_NOT_FOUND'
      if (known.epoch !== sessionEpoch) return 'INVALID_FETCH_SESSION_EPOCH'
      known.proceed(request)
      // A failed disk fails what was idle too.
      if (this.context.disk.offline) known.lookAtAll()
      if (known.size > 0) return known
      this.end(known)
      return new FetchSession(NO_SESSION, this.replicas, request)
    }
    const former = this.sessionWith(sessionId)
    if (former !== undefined) this.end(former)
    const formerOfFollower = this.ofFollower(replicaId)
    if (formerOfFollower !== undefined) this.end(formerOfFollower)
    const isKept = sessionEpoch !== FINAL_EPOCH
    const id = isKept ? this.newSessionId() : NO_SESSION
    const session = new FetchSession(id, this.replicas, request)
    if (isKept) this.sessions = appended(this.sessions, session)
    if (session.isFollower) this.followers = appended(this.followers, session)
    return session
  }

  private sessionWith(id: number): FetchSession | undefined {
    for (const session of this.sessions) if (session.id === id) return session
    return undefined
  }

  private ofFollower(replicaId: number): FetchSession | undefined {
    for (const session of this.followers) if (session.replicaId === replicaId) return session
    return undefined
  }

  /** Kafka draws it by lot, so that no session of another life of a broker is taken for it. */
  private newSessionId(): number {
    this.sessionCount += 1
    return this.context.brokerEpoch * MAX_SESSIONS + this.sessionCount
  }

  private end(session: FetchSession): void {
    session.close()
    this.sessions = this.sessions.filter((other) => other !== session)
    if (session.isFollower) this.followers = this.followers.filter((other) => other !== session)
  }
}
