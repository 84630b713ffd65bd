import { describe, expect, it } from 'vitest'
import { FetchSessionHandler, type SessionMember } from '../../../../sim/kafka/replication/fetch-session.ts'

const wanted = (partition: number, fetchOffset: number) => ({
  partition,
  fetchOffset,
  currentLeaderEpoch: 0,
  lastFetchedEpoch: -1,
  logStartOffset: -1,
  partitionMaxBytes: 1e6,
})

type Session = FetchSessionHandler<SessionMember>

const owner = (partition: number): SessionMember => ({
  topic: 't',
  partition,
  session: undefined,
  wanted: undefined,
  round: -1,
})

/** Sends the next fetch. @returns what it says of the session */
function next(session: Session) {
  const said = {
    sessionId: session.id,
    sessionEpoch: session.epoch,
    topics: session.topicsToName(),
    forgottenTopics: session.topicsToForget(),
  }
  session.sent()
  return said
}

/** A session of partitions 0 and 1 of a topic, which the broker has taken. */
function established(owners = [owner(0), owner(1)]): Session {
  const session = new FetchSessionHandler<SessionMember>()
  for (const [partition, member] of owners.entries()) session.want(member, wanted(partition, 0))
  next(session)
  session.answered(7)
  return session
}

describe('the client of a fetch session', () => {
  it('[KB10] names everything at first, and asks for a session', () => {
    const session = new FetchSessionHandler<SessionMember>()
    for (const partition of [0, 1]) session.want(owner(partition), wanted(partition, 0))
    expect(next(session)).toEqual({
      sessionId: 0,
      sessionEpoch: 0,
      topics: [{ topic: 't', partitions: [wanted(0, 0), wanted(1, 0)] }],
      forgottenTopics: [],
    })
  })

  it('[KB10] names what is wanted from elsewhere, and nothing else', () => {
    const session = established()
    session.want(owner(0), wanted(0, 0))
    session.want(owner(1), wanted(1, 5))
    expect(next(session)).toEqual({
      sessionId: 7,
      sessionEpoch: 1,
      topics: [{ topic: 't', partitions: [wanted(1, 5)] }],
      forgottenTopics: [],
    })
    expect(next(session)).toMatchObject({ sessionEpoch: 2, topics: [] })
  })

  it('[KB10] says what is not wanted any more, unless it is wanted again', () => {
    const session = established()
    session.forget('t', 0)
    session.forget('t', 1)
    const again = owner(1)
    session.want(again, wanted(1, 0))
    expect(next(session)).toMatchObject({
      topics: [{ topic: 't', partitions: [wanted(1, 0)] }],
      forgottenTopics: [{ topic: 't', partitions: [0] }],
    })
    expect([session.size, session.find('t', 0)]).toEqual([1, undefined])
    expect(session.find('t', 1)).toBe(again)
  })

  it('[KB10] forgets what a round does not want', () => {
    const session = established()
    session.beginRound()
    expect(session.keep(owner(1))).toEqual(wanted(1, 0))
    session.endRound()
    expect(next(session)).toMatchObject({
      topics: [],
      forgottenTopics: [{ topic: 't', partitions: [0] }],
    })
  })

  it('[KB10] names what another session has asked for meanwhile', () => {
    const moved = owner(1)
    const session = established([owner(0), moved])
    new FetchSessionHandler().want(moved, wanted(1, 0))
    expect(session.keep(moved)).toBe(undefined)
    session.want(moved, wanted(1, 0))
    expect(next(session).topics).toEqual([{ topic: 't', partitions: [wanted(1, 0)] }])
  })

  it('[KB10] names everything again when the broker has ended the session', () => {
    const session = established()
    next(session)
    session.answered(0)
    expect(next(session)).toMatchObject({
      sessionId: 0,
      sessionEpoch: 0,
      topics: [{ topic: 't', partitions: [wanted(0, 0), wanted(1, 0)] }],
    })
  })

  it('[KB10] names everything again after the session is lost, and until a broker keeps one', () => {
    const session = established()
    session.restart()
    expect(next(session)).toMatchObject({ sessionId: 0, sessionEpoch: 0, forgottenTopics: [] })
    session.answered(0)
    expect(next(session).topics).toEqual([{ topic: 't', partitions: [wanted(0, 0), wanted(1, 0)] }])
  })
})
