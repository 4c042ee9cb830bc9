/**
 * The servers that a names file says should exist.
 *
 * @module
 */
import { Network, parseAddress } from "../ipvs/network.ts";
import {
  ConfigurationError,
  type ConfiguredServer,
  type ConfiguredVirtualServer,
} from "./configuration.ts";
import { isAt } from "./endpoint.ts";
import { type NameEntry, parseNames } from "./names.ts";
import { SelectionError } from "./selection_error.ts";

/** Whether a text is a names file, rather than other JSON. */
export function isNames(text: string): boolean {
  const begin = text.trimStart();
  if (begin.startsWith("[")) return true;
  const [line = ""] = begin.split("\n");
  try {
    const entry = JSON.parse(line);
    return typeof entry === "object" && typeof entry?.name === "string";
  } catch {
    return false;
  }
}

/** A name, and what it names. */
export class ExpectedName {
  readonly #entry: NameEntry;

  /** Expects what an entry of the file names. */
  constructor(entry: NameEntry) {
    this.#entry = entry;
  }

  /** The name, and the address or the fwmark. */
  get text(): string {
    const { name, protocol, address, port, fwmark } = this.#entry;
    if (fwmark !== undefined) return `${name} (fwmark ${fwmark})`;
    const endpoint = [protocol, address, port].filter((part) => part !== undefined).join(" ");
    return `${name} (${endpoint})`;
  }

  /** Whether it names a virtual server. */
  matches(virtual: ConfiguredVirtualServer): boolean {
    const { protocol, fwmark } = this.#entry;
    if (fwmark !== undefined) return virtual.fwmark === fwmark;
    return (protocol === undefined || virtual.protocol === protocol) && this.#isAt(virtual);
  }

  /** Whether it names a real server; a name with a protocol or a fwmark does not. */
  matchesReal(real: ConfiguredServer): boolean {
    const { protocol, fwmark } = this.#entry;
    return protocol === undefined && fwmark === undefined && this.#isAt(real);
  }

  #isAt(server: ConfiguredServer): boolean {
    const { address = "", port } = this.#entry;
    return isAt(server, { network: new Network(parseAddress(address)!), port });
  }
}

/**
 * Reads a names file.
 *
 * @throws {ConfigurationError} if a line is no name.
 */
export function parseExpectedNames(text: string): ExpectedName[] {
  try {
    return parseNames(text).entries.map((entry) => new ExpectedName(entry));
  } catch (error) {
    if (!(error instanceof SelectionError)) throw error;
    throw new ConfigurationError(error.message, { cause: error });
  }
}
