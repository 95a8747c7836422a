/** This machine has no such server and nothing to start one with. The message says what would help. */
export class ServerUnavailableError extends Error {
  override readonly name = 'ServerUnavailableError';
}
