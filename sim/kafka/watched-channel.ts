import type { Answered, ApiName, ApiRequest, Channel } from './protocol/api.ts'

/** A client's channel, of which somebody hears. */
export class WatchedChannel implements Channel {
  private readonly channel: Channel
  private readonly asked: (request: ApiRequest) => ((response: unknown) => void) | undefined

  constructor(channel: Channel, asked: (request: ApiRequest) => ((response: unknown) => void) | undefined) {
    this.channel = channel
    this.asked = asked
  }

  send<Api extends ApiName>(nodeId: number, request: ApiRequest<Api>, answered: Answered<Api>): void {
    const heard = this.asked(request as ApiRequest)
    if (heard === undefined) this.channel.send(nodeId, request, answered)
    else
      this.channel.send(nodeId, request, (response, nowMillis) => {
        heard(response)
        answered(response, nowMillis)
      })
  }
}
