/** In-sync replicas as broker ids, in the order in which the controller keeps them. */
export type Isr = readonly number[]

/**
 * What the leader of a partition takes for its ISR (KIP-497, rule R9): what the controller has committed, and perhaps a change
 * that it was asked for. Source: PartitionState.
 */
export interface IsrState {
  /** What the controller has committed. */
  readonly committed: Isr
  /** The larger of the committed and the requested set: what holds back the high watermark. */
  readonly maximal: Isr
  /** What the controller was asked for; undefined when no request is under way. */
  readonly proposed: Isr | undefined
}

/** That of a replica that does not lead. */
export const NO_ISR: IsrState = { committed: [], maximal: [], proposed: undefined }

/** An ISR without pending changes. */
export function committedIsr(isr: Isr): IsrState {
  return { committed: isr, maximal: isr, proposed: undefined }
}

/** A broker is to join. @param eager it holds back the high watermark from now on */
export function pendingExpand({ committed }: IsrState, brokerId: number, eager: boolean): IsrState {
  const proposed = [...committed, brokerId]
  return { committed, maximal: eager ? proposed : committed, proposed }
}

/** Brokers are to leave; until the controller agrees they hold back the high watermark. */
export function pendingShrink({ committed }: IsrState, leaving: Isr): IsrState {
  return { committed, maximal: committed, proposed: committed.filter((id) => !leaving.includes(id)) }
}
