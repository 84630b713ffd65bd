import { describe, expect, it } from 'vitest'
import { drive, kernelOf, operate, Stage } from '../../fixtures/kernel.ts'

describe('incarnation', () => {
  it('[K20] a handler that waits for nothing the kernel will settle ends the run with an error that names it', async () => {
    const kernel = kernelOf()
    new Stage(kernel).handle(10, () => new Promise(() => {}))
    new Stage(kernel, 'shipping-1').handle(500, async () => {})
    await drive(kernel)
    expect(kernel.failure?.code).toBe('foreign-await')
    expect(kernel.failure?.message).toContain('OrderCreated of payment-1')
    expect(kernel.events).toBe(1)
  })

  it('[K20] it may wait while another handler of its life has something to come, and no longer', async () => {
    const kernel = kernelOf()
    const stage = new Stage(kernel)
    let open = (): void => {}
    const gate = new Promise<void>((resolve) => {
      open = resolve
    })
    stage.handle(10, async (task) => {
      await operate(task, 'charge', 100, 1)
      open()
      await operate(task, 'commit', 100, 1)
    })
    stage.handle(20, async () => gate)
    stage.handle(150, () => new Promise(() => {}))
    await drive(kernel)
    expect(stage.errors).toEqual([undefined, undefined])
    expect(kernel.failure?.code).toBe('foreign-await')
    expect(kernel.nowMicros).toBe(210)
  })

  it('[K20] the waiting handlers of a dead life are no error', async () => {
    const kernel = kernelOf()
    const stage = new Stage(kernel)
    stage.handle(10, async (task) => {
      kernel.end(task.incarnation)
      await new Promise(() => {})
    })
    await drive(kernel)
    expect(kernel.failure).toBeUndefined()
  })

  it('[K20] counts what its handlers wait for', async () => {
    const kernel = kernelOf()
    const stage = new Stage(kernel)
    const counts: number[][] = []
    const note = (): void => void counts.push([stage.life.liveHandlers, stage.life.outstanding])
    stage.handle(10, async (task) => {
      const both = [operate(task, 'charge', 100, 1), operate(task, 'commit', 200, 2)]
      note()
      await both[0]
      note()
      await both[1]
      note()
    })
    await drive(kernel)
    note()
    expect(counts).toEqual([
      [1, 2],
      [1, 1],
      [1, 0],
      [0, 0],
    ])
  })
})
