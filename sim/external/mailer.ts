import { latencyTable } from '../cluster/latency.ts'
import type { Process } from '../cluster/process.ts'
import { SimError } from '../kernel/error.ts'
import { type Ledger, ledger, type Readable } from '../kernel/ledger.ts'
import { operationNumber } from '../kernel/step.ts'
import type { Task } from '../kernel/task.ts'
import type { ExternalServer, ExternalSpec, ExternalWorld } from '../service/component.ts'
import { ExternalProcess } from './call.ts'

/** A mail that really went out. */
export interface Mail {
  readonly [column: string]: string
  readonly to: string
  readonly kind: string
  readonly orderId: string
}

/** The mailer as handlers see it: it forgets nothing and recognises nothing, as mail servers do. */
export interface MailClient {
  /** Sends a mail. @throws CallTimeoutError when the outcome is unknown */
  send(mail: Mail): Promise<{ readonly accepted: true }>
}

/** A mailer as a system declares it. */
export interface Mailer extends ExternalSpec<MailClient> {
  readonly mails: Readable<Mail>
}

const SEND = operationNumber('mailer.send')
const WORK = latencyTable([
  [0, 2_000],
  [1024, 20_000],
])

/**
 * A mailer with an omniscient ledger of what it sent.
 * @throws SimError 'definition' when its name is none
 */
export function mailer(name = 'mailer'): Mailer {
  if (typeof name !== 'string' || name === '')
    throw new SimError(
      'definition',
      `mailer: expected its name, got ${name === '' ? 'no text' : typeof name}`,
    )
  const mails = ledger<Mail>(`${name}.mails`)
  return { name, mails, ledgers: [mails], open: (world) => new MailServer(world, name, mails) }
}

class MailServer implements ExternalServer<MailClient> {
  private readonly server: ExternalProcess
  private readonly mails: Ledger

  constructor(world: ExternalWorld, name: string, mails: Readable<Mail>) {
    this.server = new ExternalProcess(world.network, name, WORK)
    this.mails = world.ledger(mails)
  }

  client(task: Task, process: Process): MailClient {
    return {
      send: (mail) =>
        this.server.call(
          task,
          process,
          SEND,
          mail,
          (request, sender, cause) => ({
            response: { accepted: true as const },
            cause: this.mails.append(request, sender.entity, cause),
          }),
          { timeout: '5s' },
        ),
    }
  }
}
