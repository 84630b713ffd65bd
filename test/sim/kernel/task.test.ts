import { describe, expect, it } from 'vitest'
import type { Kernel } from '../../../sim/kernel/kernel.ts'
import { operationNumber } from '../../../sim/kernel/step.ts'
import type { Operation } from '../../../sim/kernel/task.ts'
import { drive, kernelOf, operate, Stage } from '../../fixtures/kernel.ts'

/** Runs one handler and returns what it did, with the virtual time of each mark. */
async function run(
  body: (mark: (what: string) => void, stage: Stage) => Parameters<Stage['handle']>[1],
  kernel: Kernel = kernelOf(),
): Promise<{ marks: string[]; stage: Stage }> {
  const stage = new Stage(kernel)
  const marks: string[] = []
  stage.handle(
    10,
    body((what) => void marks.push(`${kernel.nowMicros} ${what}`), stage),
  )
  await drive(kernel)
  return { marks, stage }
}

/** The records of a trace: number, moment, kind, step, parents. */
const told = ({ trace }: Kernel): unknown[] =>
  [...(trace?.records() ?? [])].map(({ id, atMicros, kind, data, parents }) => [
    id,
    atMicros,
    kind,
    (data as { step: string } | undefined)?.step,
    parents,
  ])

describe('task', () => {
  it('[K16] an operation is settled at its virtual time, with its value or its error', async () => {
    const { marks, stage } = await run((mark) => async (task) => {
      mark(await operate(task, 'charge', 100, 'charged'))
      await operate(task, 'commit', 50, new Error('refused')).catch((error: Error) => mark(error.message))
    })
    expect(marks).toEqual(['110 charged', '160 refused'])
    expect(stage.errors).toEqual([undefined])
  })

  it('[K16] an operation is settled once: later results change neither it nor the digest', async () => {
    const digest = async (times: number): Promise<string> => {
      const kernel = kernelOf()
      const { marks } = await run(
        (mark) => async (task) => {
          const pending = task.begin<number>(operationNumber('charge')) as Operation<number>
          const settle = (): void => {
            for (let time = 1; time <= times; time++) pending.complete(time, time, 0)
            if (times > 1) pending.fail(new Error('too late'), 9, 0)
          }
          kernel.schedule(100, task.entity, { onEvent: settle }, 0, undefined)
          mark(`${await pending.promise}`)
        },
        kernel,
      )
      expect(marks).toEqual(['110 1'])
      return kernel.digest.hex()
    }
    expect(await digest(3)).toBe(await digest(1))
  })

  it('[K9] the digest covers the hash of every result', async () => {
    const digests = new Set<string>()
    for (const hash of [1, 2, 3]) {
      const { stage } = await run((_mark, { kernel }) => async (task) => {
        const pending = task.begin<void>(operationNumber('charge')) as Operation<void>
        kernel.schedule(
          100,
          task.entity,
          { onEvent: () => pending.complete(undefined, hash, 0) },
          0,
          undefined,
        )
        await pending.promise
      })
      digests.add(stage.kernel.digest.hex())
    }
    expect(digests.size).toBe(3)
  })

  it.each<[string, Parameters<Stage['handle']>[1], unknown]>([
    ['returns', async () => 7, undefined],
    ['rejects', async () => Promise.reject(new Error('no')), new Error('no')],
    [
      'throws before it returns a promise',
      () => {
        throw new Error('at once')
      },
      new Error('at once'),
    ],
    ['rejects with nothing', async () => Promise.reject(), new Error('a handler threw undefined')],
    ['rejects with null', async () => Promise.reject(null), new Error('a handler threw null')],
  ])('[K16] a handler that %s ends once, with its error', async (_how, body, expected) => {
    const { stage } = await run(() => body)
    expect(stage.errors).toEqual([expected])
    expect(stage.life.liveHandlers).toBe(0)
  })

  it('[K16] a failure that nobody has awaited yet is not unhandled', async () => {
    const { marks } = await run((mark) => async (task) => {
      const refused = operate(task, 'charge', 10, new Error('refused'))
      await operate(task, 'wait', 1_000, 0)
      await refused.catch((error: Error) => mark(error.message))
    })
    expect(marks).toEqual(['1010 refused'])
  })

  it('[K10] a step records its before and its after point, each caused by what came before and by its result', async () => {
    const kernel = kernelOf({ recordTrace: true })
    await run(
      () => async (task) => {
        await operate(task, 'charge', 100, 'ok')
        await operate(task, 'commit', 100, 'ok')
      },
      kernel,
    )
    expect(told(kernel)).toEqual([
      [1, 10, 'deliver', undefined, []],
      [2, 10, 'before', 'payment.OrderCreated charge', [1]],
      [3, 110, 'after', 'payment.OrderCreated charge', [2]],
      [4, 110, 'before', 'payment.OrderCreated commit', [3]],
      [5, 210, 'after', 'payment.OrderCreated commit', [4]],
    ])
  })

  it('[K10] what a handler does after two operations has both among its causes', async () => {
    const kernel = kernelOf({ recordTrace: true })
    await run(
      () => async (task) => {
        await Promise.all([operate(task, 'charge', 200, 'ok'), operate(task, 'reserve', 100, 'ok')])
        await operate(task, 'commit', 100, 'ok')
      },
      kernel,
    )
    expect(told(kernel).slice(1)).toEqual([
      [2, 10, 'before', 'payment.OrderCreated charge', [1]],
      [3, 10, 'before', 'payment.OrderCreated reserve', [2]],
      [4, 110, 'after', 'payment.OrderCreated reserve', [3]],
      [5, 210, 'after', 'payment.OrderCreated charge', [2, 4]],
      [6, 210, 'before', 'payment.OrderCreated commit', [5]],
      [7, 310, 'after', 'payment.OrderCreated commit', [6]],
    ])
  })
})

describe('end of a life', () => {
  it('[K17] operations that were pending never settle, code after them never runs, finally blocks do not run', async () => {
    const { marks, stage } = await run((mark, { kernel, life }) => async (task) => {
      kernel.schedule(50, task.entity, { onEvent: () => kernel.end(life) }, 0, undefined)
      try {
        mark('charging')
        await Promise.all([operate(task, 'charge', 100, 1), operate(task, 'refuse', 100, new Error('no'))])
        mark('charged')
      } catch {
        mark('caught')
      } finally {
        mark('finally')
      }
    })
    expect(marks).toEqual(['10 charging'])
    expect(stage.errors).toEqual([])
    expect(stage.kernel.failure).toBeUndefined()
  })

  it('[K18] an operation that dead code begins has no effect and never settles', async () => {
    const { marks, stage } = await run((mark, { kernel }) => async (task) => {
      kernel.end(task.incarnation)
      mark('dying')
      await operate(task, 'charge', 100, 1)
      mark('charged')
    })
    expect(marks).toEqual(['10 dying'])
    expect(stage.kernel.events).toBe(1)
    expect(stage.kernel.stepNames()).toEqual([])
    expect(stage.life.outstanding).toBe(0)
  })
})
