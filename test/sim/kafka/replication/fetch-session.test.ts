import { describe, expect, it } from 'vitest'
import { FetchSessionHandler } from '../../../../sim/kafka/replication/fetch-session.ts'

const wanted = (partition: number, fetchOffset: number) => ({
  partition,
  fetchOffset,
  currentLeaderEpoch: 0,
  lastFetchedEpoch: -1,
  logStartOffset: -1,
  partitionMaxBytes: 1e6,
})

/** A session of partitions 0 and 1 of a topic, which the broker has taken. */
function established(): FetchSessionHandler<string> {
  const session = new FetchSessionHandler<string>()
  for (const partition of [0, 1]) session.want('t', wanted(partition, 0), `owner of ${partition}`)
  session.next()
  session.answered(7)
  return session
}

describe('the client of a fetch session', () => {
  it('[KB10] names everything at first, and asks for a session', () => {
    const session = new FetchSessionHandler<string>()
    for (const partition of [0, 1]) session.want('t', wanted(partition, 0), 'owner')
    expect(session.next()).toEqual({
      sessionId: 0,
      sessionEpoch: 0,
      topics: [{ topic: 't', partitions: [wanted(0, 0), wanted(1, 0)] }],
      forgottenTopics: [],
    })
  })

  it('[KB10] names what is wanted from elsewhere, and nothing else', () => {
    const session = established()
    session.want('t', wanted(0, 0), 'owner of 0')
    session.want('t', wanted(1, 5), 'owner of 1')
    expect(session.next()).toEqual({
      sessionId: 7,
      sessionEpoch: 1,
      topics: [{ topic: 't', partitions: [wanted(1, 5)] }],
      forgottenTopics: [],
    })
    expect(session.next()).toMatchObject({ sessionEpoch: 2, topics: [] })
  })

  it('[KB10] says what is not wanted any more, unless it is wanted again', () => {
    const session = established()
    session.forget('t', 0)
    session.forget('t', 1)
    session.want('t', wanted(1, 0), 'owner of 1')
    expect(session.next()).toMatchObject({
      topics: [{ topic: 't', partitions: [wanted(1, 0)] }],
      forgottenTopics: [{ topic: 't', partitions: [0] }],
    })
    expect([session.size, session.find('t', 0), session.find('t', 1)]).toEqual([1, undefined, 'owner of 1'])
  })

  it('[KB10] forgets what a round does not want', () => {
    const session = established()
    session.beginRound()
    expect(session.keep('t', 1, 'owner of 1')).toEqual(wanted(1, 0))
    session.endRound()
    expect(session.next()).toMatchObject({
      topics: [],
      forgottenTopics: [{ topic: 't', partitions: [0] }],
    })
  })

  it('[KB10] names everything again when the broker has ended the session', () => {
    const session = established()
    session.next()
    session.answered(0)
    expect(session.next()).toMatchObject({
      sessionId: 0,
      sessionEpoch: 0,
      topics: [{ topic: 't', partitions: [wanted(0, 0), wanted(1, 0)] }],
    })
  })

  it('[KB10] names everything again after the session is lost, and until a broker keeps one', () => {
    const session = established()
    session.restart()
    expect(session.next()).toMatchObject({ sessionId: 0, sessionEpoch: 0, forgottenTopics: [] })
    session.answered(0)
    expect(session.next().topics).toEqual([{ topic: 't', partitions: [wanted(0, 0), wanted(1, 0)] }])
  })
})
