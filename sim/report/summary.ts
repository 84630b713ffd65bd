import type { RunResult } from '../run/run.ts'

/** What a run showed, without trace, tape and stacks: plain data, the same wherever it was made. */
export type RunSummary = Omit<RunResult, 'trace' | 'tape' | 'stacks'>

/** The plain data of a result. */
export function summaryOf({
  trace: _trace,
  tape: _tape,
  stacks: _stacks,
  ...summary
}: RunResult): RunSummary {
  return summary
}
