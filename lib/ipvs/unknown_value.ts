/**
 * Values that a source does not have.
 *
 * @module
 */

/** The source of a server does not have a value, which is therefore neither zero nor absent. */
export class UnknownValueError extends Error {
  /** The name of the class. */
  override readonly name = "UnknownValueError";

  /** `what` is the value as a subject: `The state of 10.0.0.1:80`. */
  constructor(what: string) {
    super(`${what} is not known from /proc/net/ip_vs`);
  }
}

/** The same function, with undefined for a value that is not known. */
export function ifKnown<Server, Value>(
  read: (server: Server) => Value,
): (server: Server) => Value | undefined {
  return (server) => {
    try {
      return read(server);
    } catch (error) {
      if (error instanceof UnknownValueError) return undefined;
      throw error;
    }
  };
}
