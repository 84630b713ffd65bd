import type { OpenSession } from './session.ts'

/** What a command does to the outside: everything that a test wants to see. */
export interface Io {
  readonly cwd: string
  /** The result. */
  stdout(text: string): void
  /** Progress and errors. */
  stderr(text: string): void
  /** Whether colours can be seen on stdout. */
  readonly colour: boolean
  readonly openSession: OpenSession
  /** Seconds of wall time that were asked for: loading a system takes no longer either. */
  readonly limitSeconds?: number | undefined
  /** Hears of an interruption once, instead of the program ending at once; returns how to stop hearing. */
  onInterrupt?(listener: () => void): () => void
}
