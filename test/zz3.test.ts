import { it } from 'vitest'
import { TortureWorld } from './fixtures/torture.ts'
import { TransactionWatch } from '../sim/kafka/transaction-watch.ts'

it('x', { timeout: 100_000 }, async () => {
  const log: string[] = []
  const world = new TortureWorld(Number(process.env.SEED), { recordTrace: true })
  const events = (world.transactions as any).events as any[]
  const push = events.push.bind(events)
  let acting = ''
  const orig = (world.transactions as any).read.bind(world.transactions)
  ;(world.transactions as any).read = (replica: any) => { acting = `b${replica.partition.brokerId ?? ''} e${replica.partition.leaderEpoch}`; orig(replica) }
  events.push = (...e: any[]) => { for (const x of e) if (x.partition === process.env.PART || (x.kind === 'decide')) log.push(`${events.length} ${world.kernel.nowMicros} ${acting} ${JSON.stringify(x)}`); return push(...e) }
  const run = await world.play()
  console.log(run.wrong)
  const at = log.findIndex((t) => t.startsWith(process.env.AT + ' '))
  console.log(log.slice(at - 25, at + 14).join('\n'))
  const records = [...(world.kernel.trace?.records() ?? [])].filter(({ kind, lane }) => ['crash', 'restart', 'stop', 'pause', 'resume'].includes(kind) && /broker|controller/.test(lane))
  console.log(records.map(({ atMicros, kind, lane, data }) => `${atMicros} ${kind} ${lane} ${JSON.stringify(data)}`).join('\n'))
})
