import { NO_LEADER_EPOCH } from '../replication/message.ts'

/** The leader of a partition as the client's metadata have it; -1 for none and for an unknown epoch. */
export interface LeaderAndEpoch {
  readonly leader: number
  readonly epoch: number
}

export const NO_LEADER: LeaderAndEpoch = { leader: -1, epoch: NO_LEADER_EPOCH }

/** Where a partition is read. Source: SubscriptionState.FetchPosition. */
export interface FetchPosition {
  readonly offset: number
  /** Epoch of the record before; -1 if unknown. */
  readonly offsetEpoch: number
  readonly currentLeader: LeaderAndEpoch
}

/** Leaders, and epochs of each, of which there is one object that all consumers share. */
const FEW = 16

/** Positions at the start of a partition by leader and epoch, whose parts nobody ever changes: they cannot influence a run. */
const starts = new Array<FetchPosition | undefined>(FEW * FEW)

/** A leader with its epoch: mostly the object that everybody has. */
export function leaderAndEpoch(leader: number, epoch: number): LeaderAndEpoch {
  return startLedBy(leader, epoch)?.currentLeader ?? { leader, epoch }
}

/** Before the first record of a partition that has none: mostly the object that everybody has. */
export function startOf(currentLeader: LeaderAndEpoch): FetchPosition {
  const { leader, epoch } = currentLeader
  return startLedBy(leader, epoch) ?? { offset: 0, offsetEpoch: epoch, currentLeader }
}

function startLedBy(leader: number, epoch: number): FetchPosition | undefined {
  if (leader < 0 || leader >= FEW || epoch < 0 || epoch >= FEW) return undefined
  const index = leader * FEW + epoch
  const known = starts[index]
  if (known !== undefined) return known
  const start = { offset: 0, offsetEpoch: epoch, currentLeader: { leader, epoch } }
  starts[index] = start
  return start
}
