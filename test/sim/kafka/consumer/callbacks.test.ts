import { describe, expect, it } from 'vitest'
import { RebalanceCallbacks } from '../../../../sim/kafka/consumer/callbacks.ts'
import type { CallbackDone, ConsumerHooks } from '../../../../sim/kafka/consumer/hooks.ts'

/** Callbacks to an application that ends each of them when the test says so. */
function heldCallbacks() {
  const heard: string[] = []
  const ends: CallbackDone[] = []
  const hold =
    (name: string) =>
    (_partitions: unknown, done: CallbackDone): void => {
      heard.push(name)
      ends.push(done)
    }
  const hooks = {
    onPartitionsAssigned: hold('assigned'),
    onPartitionsRevoked: hold('revoked'),
    onPartitionsLost: hold('lost'),
  } as unknown as ConsumerHooks
  const callbacks = new RebalanceCallbacks(hooks, {
    callbackEnded: (nowMillis) => heard.push(`ended ${nowMillis}`),
  })
  return { callbacks, heard, ends }
}

describe('callbacks of rebalances', () => {
  it('[KG12] run one after the other, when the application polls', () => {
    const { callbacks, heard, ends } = heldCallbacks()
    callbacks.invoke('onPartitionsRevoked', [], 1, () => heard.push('after revoked'))
    callbacks.invoke('onPartitionsLost', [], 1, () => heard.push('after lost'))
    expect([heard, callbacks.isBusy]).toEqual([[], true])
    callbacks.pump(2)
    callbacks.pump(3)
    expect([heard, callbacks.startedMillis]).toEqual([['revoked'], 2])
    ends[0]?.(4)
    callbacks.pump(5)
    expect(heard).toEqual(['revoked', 'after revoked', 'ended 4', 'lost'])
    ends[1]?.(6)
    expect([heard.slice(4), callbacks.isBusy]).toEqual([['after lost', 'ended 6'], false])
  })

  it('[KG12] that end twice have ended once', () => {
    const { callbacks, heard, ends } = heldCallbacks()
    callbacks.invoke('onPartitionsAssigned', [], 1, () => heard.push('after assigned'))
    callbacks.pump(2)
    ends[0]?.(3)
    ends[0]?.(4)
    expect(heard).toEqual(['assigned', 'after assigned', 'ended 3'])
  })
})
