/** What went wrong inside a run, by stable code: reports, exit codes and tests branch on the code, never on the text. */
export type SimErrorCode =
  | 'ambient' // service code used ambient time, chance or I/O
  | 'foreign-await' // a handler awaits a promise that no simulator operation will settle
  | 'unhandled-rejection' // a detached branch of service code rejected
  | 'handler' // a system's own code failed outside any handler (factory, property)
  | 'definition' // a system or scenario is malformed
  | 'value' // something that is not plain data was sent or stored
  | 'invariant' // the simulator itself is wrong

/** An error of the simulator, as opposed to one that simulated code may observe and handle. */
export class SimError extends Error {
  readonly code: SimErrorCode

  /** @param options with what service code threw, if that is behind it */
  constructor(code: SimErrorCode, message: string, options?: ErrorOptions) {
    super(message, options)
    this.name = 'SimError'
    this.code = code
  }
}

/**
 * The stack of an error, as the engine tells it; of one of the simulator's the stack of what service code threw, if that is
 * behind it. Empty for what has none: service code throws what it likes, and its errors may be anything.
 */
export function stackOf(error: unknown): string {
  if (error instanceof SimError && error.cause instanceof Error) return stackOf(error.cause)
  try {
    const stack = error instanceof Error ? error.stack : undefined
    return typeof stack === 'string' ? stack : ''
  } catch {
    return ''
  }
}

/** Throws when a structural rule of the simulator is broken: a bug here, never the user's. */
export function invariant(condition: boolean, message: string): asserts condition {
  if (!condition) throw new SimError('invariant', `${message} (a bug in faultline, not in your system)`)
}
