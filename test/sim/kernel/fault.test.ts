import { describe, expect, it } from 'vitest'
import { ArmedFault, type Strike, type Trigger } from '../../../sim/kernel/fault.ts'
import type { Kernel } from '../../../sim/kernel/kernel.ts'
import { drive, kernelOf, operate, Stage } from '../../fixtures/kernel.ts'

/** Three orders, each handled by `charge` and then `commit`, 10 ms apart. */
function shop(kernel: Kernel): Stage[] {
  return [1, 2, 3].map((number) => {
    const stage = new Stage(kernel, `payment-${number}`, `order-${number}`)
    stage.handle(number * 10_000, async (task) => {
      await operate(task, 'charge', 100, 1)
      await operate(task, 'commit', 100, 2)
      await operate(task, 'charge', 100, 3)
    })
    return stage
  })
}

/** When and for whom a fault of this trigger strikes. */
async function strikes(trigger: Trigger, arm: (fault: ArmedFault) => void = () => {}): Promise<string[]> {
  const kernel = kernelOf()
  const struck: string[] = []
  const note = ({ incarnation, entity }: Strike): void =>
    void struck.push(`${kernel.nowMicros} ${incarnation?.process ?? 'nobody'} ${entity?.name ?? 'nothing'}`)
  const fault = new ArmedFault('it', trigger, note)
  kernel.arm(fault, kernel.choices.entity('faults'))
  arm(fault)
  shop(kernel)
  await drive(kernel)
  expect(fault.struckAtMicros).toBe(
    struck.length === 0 ? undefined : Number.parseInt(struck[0] as string, 10),
  )
  return struck
}

const charge = { kind: 'step', step: 'charge', nth: 1 } as const

describe('fault', () => {
  it.each<[string, Trigger, string[]]>([
    ['at a moment', { kind: 'time', atMicros: 12_345 }, ['12345 nobody nothing']],
    ['at the start', { kind: 'time', atMicros: 0 }, ['0 nobody nothing']],
    ['before a step', { ...charge, phase: 'before' }, ['10000 payment-1 order-1']],
    ['after a step', { ...charge, phase: 'after' }, ['10100 payment-1 order-1']],
    ['the second time', { ...charge, phase: 'after', nth: 2 }, ['10300 payment-1 order-1']],
    ['the third time', { ...charge, phase: 'before', nth: 3 }, ['20000 payment-2 order-2']],
    ['for one order', { ...charge, phase: 'after', of: 'order-2' }, ['20100 payment-2 order-2']],
    [
      'the second time for one order',
      { ...charge, phase: 'after', nth: 2, of: 'order-3' },
      ['30300 payment-3 order-3'],
    ],
    ['at any step', { ...charge, phase: 'before', step: '*', nth: 2 }, ['10100 payment-1 order-1']],
    ['never, as nothing comes so often', { ...charge, phase: 'after', nth: 7 }, []],
    ['never, as the order does not exist', { ...charge, phase: 'after', of: 'order-4' }, []],
    ['never, as no step is called so', { ...charge, phase: 'after', step: 'refund' }, []],
  ])('[K11] strikes once: %s', async (_when, trigger, expected) => {
    expect(await strikes(trigger)).toEqual(expected)
  })

  it.each<[string, Trigger]>([
    ['a moment', { kind: 'time', atMicros: 12_345 }],
    ['a step', { ...charge, phase: 'before' }],
  ])('[K11] does not strike at %s when it is switched off', async (_when, trigger) => {
    const off = (fault: ArmedFault): void => {
      fault.enabled = false
    }
    expect(await strikes(trigger, off)).toEqual([])
  })

  it('[K11] several faults strike at one point, in the order in which they were armed', async () => {
    const kernel = kernelOf()
    const struck: string[] = []
    for (const name of ['first', 'second']) {
      const fault = new ArmedFault(name, { ...charge, phase: 'before' }, () => void struck.push(name))
      kernel.arm(fault, kernel.choices.entity('faults'))
    }
    shop(kernel)
    await drive(kernel)
    expect(struck).toEqual(['first', 'second'])
  })

  it('[K11] a fault that struck is part of the digest and of the trace, caused by the step that it struck at', async () => {
    const digests = new Set<string>()
    for (const id of [undefined, 'one fault', 'another fault']) {
      const kernel = kernelOf({ recordTrace: true })
      if (id !== undefined)
        kernel.arm(
          new ArmedFault(id, { ...charge, phase: 'after' }, () => {}),
          kernel.choices.entity('faults'),
        )
      shop(kernel)
      await drive(kernel)
      digests.add(kernel.digest.hex())
      const [fault] = [...(kernel.trace?.records() ?? [])].filter((record) => record.kind === 'fault')
      expect(fault?.data).toEqual(id && { fault: id })
      if (fault !== undefined) expect(kernel.trace?.at(fault.parents[0] as number).kind).toBe('after')
    }
    expect(digests.size).toBe(3)
  })
})
