import type { Bundle } from '../run/load-bundle.ts'
import type { Scenario } from '../run/scenario.ts'

/** A scenario file that a page can run. */
export interface WorkspaceScenario {
  /** Its path, as people write it. */
  readonly file: string
  readonly scenario: Scenario
  readonly seed: number
}

/** A system with the scenarios that are written for it. */
export interface WorkspaceSystem {
  readonly name: string
  readonly bundle: Bundle
  readonly scenarios: readonly WorkspaceScenario[]
}

/** What a page is given to show: plain data. */
export interface Workspace {
  readonly systems: readonly WorkspaceSystem[]
  /** What could not be offered, and why: one line each. */
  readonly problems: readonly string[]
  /** The scenario file to begin with; undefined: the page shows what there is. */
  readonly opened: string | undefined
}
