import type { Process } from '../cluster/process.ts'
import { SimError } from '../kernel/error.ts'
import type { Strike } from '../kernel/fault.ts'
import type { FaultWorld } from './fault.ts'

/**
 * The processes that a fault hits: at a step the instance that runs it, if the name means that one too, else all that
 * it means. Ends the run with an error if one of them cannot be hit.
 * @param what the fault, as the error names it: `a crash`
 * @param canHit whether it can be hit; default: it has lives
 */
export function struckProcesses(
  { kernel, network }: FaultWorld,
  name: string,
  strike: Strike,
  what: string,
  canHit: (process: Process) => boolean = ({ mortal }) => mortal,
): readonly Process[] {
  const named = network.named(name)
  if (!named.every(canHit))
    kernel.fail(
      new SimError(
        'definition',
        `${what} of ${name} is not simulated: choose a service, a relay or a broker`,
      ),
    )
  const running = named.find(({ incarnation }) => incarnation === strike.incarnation)
  return running === undefined ? named : [running]
}
