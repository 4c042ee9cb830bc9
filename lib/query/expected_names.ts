/**
 * The servers that a names file says should exist.
 *
 * @module
 */
import { parseNetwork } from "../ipvs/network.ts";
import {
  ConfigurationError,
  type ConfiguredServer,
  type ConfiguredVirtualServer,
} from "./configuration.ts";
import { type Endpoint, isAt } from "./endpoint.ts";
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
  /** Empty for a fwmark. */
  readonly #endpoint: Endpoint;

  /** Expects what an entry of the file names. */
  constructor(entry: NameEntry) {
    const { protocol, address, port } = entry;
    this.#entry = entry;
    this.#endpoint = {
      protocol,
      network: address === undefined ? undefined : parseNetwork(address),
      port,
    };
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
    const { fwmark } = this.#entry;
    return fwmark === undefined ? isAt(virtual, this.#endpoint) : virtual.fwmark === fwmark;
  }

  /** Whether it names a real server; a name with a protocol or a fwmark does not. */
  matchesReal(real: ConfiguredServer): boolean {
    return this.#entry.fwmark === undefined && isAt(real, this.#endpoint);
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
