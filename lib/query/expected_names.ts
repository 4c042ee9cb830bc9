/**
 * The virtual servers that a file of names names: a line of JSON for each.
 *
 * @module
 */
import { Network, parseAddress } from "../ipvs/network.ts";
import { ConfigurationError } from "./configuration.ts";
import { isAt } from "./endpoint.ts";
import type { SelectableVirtual } from "./selection.ts";

/** A name, and which virtual servers it names. */
export interface ExpectedName {
  /** The name and the address or fwmark. */
  readonly text: string;
  matches(virtual: SelectableVirtual): boolean;
}

/** Whether a text is a file of names, rather than another one of JSON. */
export function isNames(text: string): boolean {
  const [line = ""] = text.trimStart().split("\n");
  try {
    const entry = JSON.parse(line);
    return typeof entry === "object" && typeof entry?.name === "string";
  } catch {
    return false;
  }
}

/**
 * Reads names. Each line has a `name`, and either `fwmark`, or `address` with an optional `protocol`
 * and `port`; other members are ignored.
 *
 * @throws {ConfigurationError} with the line number, if a line is not such an object.
 */
export function parseExpectedNames(text: string): ExpectedName[] {
  return text.split("\n").flatMap((line, i) => {
    if (line.trim() === "") return [];
    const name = parseName(line);
    if (name !== undefined) return [name];
    const form = "name, and fwmark or address, protocol and port";
    throw new ConfigurationError(`line ${i + 1}: it is not an object with ${form}`);
  });
}

function parseName(line: string): ExpectedName | undefined {
  const { name, fwmark, protocol, address, port } = parseObject(line);
  if (typeof name !== "string") return undefined;
  if (fwmark !== undefined) {
    if (!isInteger(fwmark, 1, 2 ** 32 - 1)) return undefined;
    return { text: `${name} (fwmark ${fwmark})`, matches: (virtual) => virtual.fwmark === fwmark };
  }
  const parsed = typeof address === "string" ? parseAddress(address) : undefined;
  if (parsed === undefined || (port !== undefined && !isInteger(port, 0, 65535))) return undefined;
  if (protocol !== undefined && typeof protocol !== "string") return undefined;
  const endpoint = { network: new Network(parsed), port };
  const wanted = protocol?.toLowerCase();
  return {
    text: `${name} (${[wanted, address, port].filter((part) => part !== undefined).join(" ")})`,
    matches: (virtual) =>
      (wanted === undefined || virtual.protocol === wanted) && isAt(virtual, endpoint),
  };
}

function parseObject(line: string): Readonly<Record<string, unknown>> {
  try {
    const value = JSON.parse(line);
    return typeof value === "object" && value !== null ? value : {};
  } catch {
    return {};
  }
}

function isInteger(value: unknown, least: number, greatest: number): value is number {
  return Number.isInteger(value) && value as number >= least && value as number <= greatest;
}
