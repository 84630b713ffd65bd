import { SimError } from '../kernel/error.ts'
import type { SystemParts } from '../service/system.ts'

/** Processes of every cluster: their names mean themselves in faults and in stories. */
const RESERVED = /^(?:users|users-memory|(?:broker|controller)(?:-\d+)?)$/

/**
 * Refuses parts that cannot be meant together: names that mean two things, and names that nothing could refer to.
 * What a part says of itself is checked where it is declared.
 * @throws SimError 'definition'
 */
export function checkParts({ topics, services, externals, workload, properties }: SystemParts): void {
  checkNoun(workload.noun)
  // Modules that import each other in a circle see what is not declared yet.
  for (const [list, parts] of Object.entries({ topics, services, externals, properties }))
    if (parts.some((part) => typeof part?.name !== 'string'))
      refuse(`'${list}' has something that is none of them: is its name right where it is declared?`)
  const topic = twice(topics.map(({ name }) => name))
  if (topic !== undefined) refuse(`topic ${topic} is declared twice`)
  const property = twice(properties.map(({ name }) => name))
  if (property !== undefined) refuse(`two properties are called '${property}'`)
  if (twice(services) !== undefined) refuse(`service ${twice(services)?.name} is listed twice`)
  const claims = new Map<string, string>()
  const claim = (name: string, what: string): void => {
    const known = claims.get(name)
    if (known !== undefined) refuse(`'${name}' would be ${known} and ${what}: give one of them another name`)
    claims.set(name, what)
  }
  for (const { name } of services) claim(checkedName(name, 'a service'), `service ${name}`)
  for (const { name } of externals) claim(checkedName(name, 'an external system'), `external system ${name}`)
  for (const { name, plan } of services) {
    claim(`${name}-db`, `the database of service ${name}`)
    const { relay } = plan.outbox
    if (relay !== undefined) {
      claim(`${name}-${relay.name}`, `the relay of service ${name}`)
      for (let index = 1; index <= (relay.processes ?? 1); index++)
        claim(`${name}-${relay.name}-${index}`, `a relay of service ${name}`)
    }
    for (let index = 1; index <= plan.instances; index++)
      claim(`${name}-${index}`, `an instance of service ${name}`)
  }
}

/** Scenario files aim at actions as `order 2`, and reports call them `order-2`. */
function checkNoun(noun: string): void {
  if (/^\S+$/.test(noun)) return
  refuse(`the workload's noun is '${noun}': expected one word, such as 'order'`)
}

/** Steps are named `payment.OrderCreated provider.charge`. */
function checkedName(name: string, what: string): string {
  if (RESERVED.test(name))
    refuse(`${what} cannot be called '${name}': every cluster has a process of that name`)
  if (!/^[^\s.]+$/.test(name)) refuse(`${what} is called '${name}': expected a word without spaces and dots`)
  return name
}

function twice<Item>(items: readonly Item[]): Item | undefined {
  return items.find((item, index) => items.indexOf(item) < index)
}

function refuse(message: string): never {
  throw new SimError('definition', message)
}
