import type { RunResult } from '../run/run.ts'

/** What a run showed, without trace and tape: plain data. */
export type RunSummary = Omit<RunResult, 'trace' | 'tape'>

/** The plain data of a result. */
export function summaryOf({ trace: _trace, tape: _tape, ...summary }: RunResult): RunSummary {
  return summary
}
