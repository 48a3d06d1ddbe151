/**
 * What can be wrong with a file, a model or a request; the message says what was found and what to do next.
 */

/** The root of all errors that a user can do something about. */
export class LwispError extends Error {
  /** @param {string} message @param {ErrorOptions} [options] */
  constructor(message, options) {
    super(message, options);
    this.name = new.target.name;
  }
}

/** A RAW file that can't be developed. */
export class RawError extends LwispError {}

/** A bundle or contract that is missing, damaged, or of another version. */
export class ContractError extends LwispError {}

/** A model that can't be loaded or run. */
export class EngineError extends LwispError {}

/** A wish that can't be fulfilled. */
export class UsageError extends LwispError {}
