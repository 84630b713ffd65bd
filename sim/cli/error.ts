/** Exit codes of the command line. */
export const EXIT = {
  /** Everything is as the scenario expects. */
  met: 0,
  /** It ran, and a property failed unexpectedly, an expected violation did not happen, or the run ended with an error. */
  failed: 1,
  /** Nothing ran: wrong usage, or something is wrong with a file that the user wrote, be it the system. */
  usage: 2,
  /** It ran without a verdict: a budget, the time limit or memory ran out, or a fault of the plan never struck. */
  inconclusive: 3,
  /** The same inputs gave two different runs. */
  nondeterminism: 4,
  /** A bug in faultline. */
  internal: 70,
  interrupted: 130,
} as const

/** An exit code of the command line. */
export type ExitCode = (typeof EXIT)[keyof typeof EXIT]

/** Ends a command with a message for people and an exit code. */
export class CliError extends Error {
  readonly exitCode: ExitCode

  constructor(exitCode: ExitCode, message: string) {
    super(message)
    this.name = 'CliError'
    this.exitCode = exitCode
  }
}
