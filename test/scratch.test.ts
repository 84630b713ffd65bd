import { it } from 'vitest'
import system from '../scenarios/order-choreography/system.ts'
import { prepare, run } from '../sim/run/run.ts'
import { scenarioOf } from '../sim/run/scenario.ts'
import { rabbitmq, sqs } from '../sim/service/transport.ts'
import { onQueues } from './fixtures/queues.ts'

it('scratch', async () => {
  const kafka = await run(
    prepare(system, {}),
    scenarioOf({ system: 'order-choreography', workload: { orders: 10 } }),
    1,
  )
  console.log('kafka', kafka.events, kafka.resumes, kafka.endMicros, kafka.digest)
  for (const [name, spec] of Object.entries({
    sqs: sqs(),
    fifo: sqs({ fifo: true }),
    rabbit: rabbitmq(),
    slow: sqs({ delay: '2s', maxInFlight: 1 }),
  })) {
    const prepared = onQueues(prepare(system, {}), spec)
    const t = performance.now()
    const r = await run(prepared, scenarioOf({ system: 'order-choreography', workload: { orders: 10 } }), 1)
    console.log(name, r.verdict, r.reason, r.events, r.resumes, r.endMicros, r.digest, performance.now() - t)
    for (let seed = 1; seed <= 20; seed++) {
      const prepared = onQueues(
        prepare(system, { inbox: seed % 2 ? 'same-transaction' : 'none', providerIdempotencyKey: true }),
        spec,
      )
      const r = await run(
        prepared,
        scenarioOf({
          system: 'order-choreography',
          workload: { orders: 6 },
          faults: [
            { crash: 'payment', at: `${100 + seed * 13}ms`, restart: '300ms' },
            { crash: 'inventory', at: `${200 + seed * 13}ms`, restart: '300ms' },
          ],
        }),
        seed,
      )
      console.log(
        seed,
        name,
        r.verdict,
        r.reason ?? '',
        r.events,
        r.endMicros,
        r.properties
          .filter((p) => p.verdict === 'violated')
          .map((p) => p.name)
          .join(),
      )
    }
  }
})
