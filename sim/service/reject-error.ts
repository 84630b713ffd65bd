/**
 * Thrown by a handler that will never succeed with an event. On a queue the message is rejected, so that it becomes a dead
 * letter at once (or is gone, where the topic has none). In Kafka it is put away at once where the service's failure
 * policy puts events away, and an error like any other where it does not.
 */
export class RejectError extends Error {
  constructor(message: string) {
    super(message)
    this.name = 'RejectError'
  }
}
