/**
 * The configuration in a document of `ipvstat show -o json`.
 *
 * @module
 */
import { COUNTERS } from "../metrics/catalogue.ts";
import {
  type Configuration,
  ConfigurationError,
  ConfiguredServer,
  ConfiguredVirtualServer,
  type CounterValues,
  type Field,
  type Fields,
  type FieldValue,
  type Identity,
  REAL_FIELDS,
  VIRTUAL_FIELDS,
} from "./configuration.ts";

/** The version of the format that can be read. */
const VERSION = 1;

type Json = Readonly<Record<string, unknown>>;

/** A configuration, and when it was read. */
export interface DatedConfiguration extends Configuration {
  /** Nanoseconds since 1970. */
  readonly time: bigint;
}

/**
 * Reads a document. Numbers beyond 2^53 are exact.
 *
 * @throws {ConfigurationError} if it is not such a document.
 */
export function parseJsonConfiguration(text: string): DatedConfiguration {
  const document = parseExact(text);
  if (!isObject(document) || document.format !== "ipvstat") {
    throw new ConfigurationError("it is JSON, but not the output of ipvstat show -o json");
  }
  if (document.version !== VERSION) {
    throw new ConfigurationError(
      `its format has version ${document.version}; this ipvstat reads version ${VERSION}`,
    );
  }
  const time = member(document, "time_ns", "", isInteger);
  const virtualServers = objects(document, "virtual_servers", "").map(virtualServerOf);
  return { time: BigInt(time), virtualServers };
}

/** Parses JSON with the exact digits of integers. */
function parseExact(text: string): unknown {
  const exact = (_: string, value: unknown, context?: { readonly source?: string }) =>
    typeof value === "number" && !Number.isSafeInteger(value) &&
      /^-?\d+$/.test(context?.source ?? "")
      ? BigInt(context!.source!)
      : value;
  try {
    return JSON.parse(text, exact);
  } catch (cause) {
    const advice = "use the output of ipvstat show -o json";
    throw new ConfigurationError(`it is not one complete JSON document; ${advice}`, { cause });
  }
}

function virtualServerOf(server: Json, index: number): ConfiguredVirtualServer {
  const path = `virtual_servers[${index}].`;
  const addressFamily = member(server, "address_family", path, isFamily);
  const identity: Identity = server.fwmark === undefined
    ? {
      addressFamily,
      protocol: member(server, "protocol", path, isText),
      address: member(server, "address", path, isText),
      port: member(server, "port", path, isNumber),
    }
    : { addressFamily, fwmark: member(server, "fwmark", path, isNumber) };
  const realServers = objects(server, "real_servers", path).map((real, i) =>
    realServerOf(real, `${path}real_servers[${i}].`)
  );
  const fields = fieldsOf(server, VIRTUAL_FIELDS, path);
  return new ConfiguredVirtualServer(identity, fields, realServers, countersOf(server, path));
}

function realServerOf(server: Json, path: string): ConfiguredServer {
  const identity: Identity = {
    addressFamily: member(server, "address_family", path, isFamily),
    address: member(server, "address", path, isText),
    port: member(server, "port", path, isNumber),
  };
  return new ConfiguredServer(
    identity,
    fieldsOf(server, REAL_FIELDS, path),
    countersOf(server, path),
  );
}

/** A null is not known; so is a member that is absent, unless that means that there is none. */
function fieldsOf(server: Json, fields: readonly Field<never>[], path: string): Fields {
  const values: Record<string, FieldValue> = {};
  for (const { name, type, optional } of fields) {
    if (server[name] === undefined && optional) values[name] = null;
    if (server[name] === undefined || server[name] === null) continue;
    values[name] = member(server, name, path, CHECKS[type]);
  }
  return values;
}

/** Undefined if the document does not have all of them. */
function countersOf(server: Json, path: string): CounterValues | undefined {
  const names = COUNTERS.map(({ name }) => name);
  if (names.some((name) => server[name] === undefined || server[name] === null)) return undefined;
  return Object.fromEntries(names.map((name) => [name, member(server, name, path, isInteger)]));
}

/** A member of a type. */
function member<T>(
  object: Json,
  name: string,
  path: string,
  isValid: (value: unknown) => value is T,
): T {
  const value = object[name];
  if (isValid(value)) return value;
  const problem = value === undefined ? "is missing" : "has another type or range";
  throw new ConfigurationError(`${path}${name} ${problem}`);
}

function objects(object: Json, name: string, path: string): readonly Json[] {
  const isList = (value: unknown): value is readonly Json[] =>
    Array.isArray(value) && value.every(isObject);
  return member(object, name, path, isList);
}

function isObject(value: unknown): value is Json {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isText(value: unknown): value is string {
  return typeof value === "string";
}

function isFamily(value: unknown): value is "inet" | "inet6" {
  return value === "inet" || value === "inet6";
}

function isNumber(value: unknown): value is number {
  return Number.isSafeInteger(value) && value as number >= 0;
}

function isInteger(value: unknown): value is number | bigint {
  return typeof value === "bigint" ? value >= 0n : isNumber(value);
}

function isFlag(value: unknown): value is boolean {
  return typeof value === "boolean";
}

function isTextList(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every(isText);
}

type Check = (value: unknown) => value is string | number | boolean | readonly string[];

const CHECKS: Readonly<Record<Field<never>["type"], Check>> = {
  text: isText,
  number: isNumber,
  flag: isFlag,
  list: isTextList,
};
