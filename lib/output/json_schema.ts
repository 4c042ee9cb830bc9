/**
 * The JSON Schema (2020-12) of `-o json`, made from the catalogue.
 *
 * @module
 */
import { REAL_SERVER_STATES } from "../ipvs/real_server.ts";
import { VIRTUAL_SERVER_STATES } from "../ipvs/virtual_server.ts";
import { MEASURED_METRICS, REAL_METRICS, VIRTUAL_METRICS } from "../metrics/catalogue.ts";
import { REAL_LABELS, VIRTUAL_LABELS } from "../metrics/labels.ts";
import { SHARE_METRICS } from "../metrics/shares.ts";
import { headSchemas, metricSchemas, rateSchemas } from "./head_schema.ts";
import { JSON_FORMAT_VERSION } from "./json.ts";
import { labelSchemas, optionalNames } from "./label_schema.ts";
import { procSchemas } from "./proc_schema.ts";
import { list, object, type Schema, text } from "./schema_parts.ts";

export type { Schema } from "./schema_parts.ts";

/** Shares of real servers, null where they cannot be compared. */
function shareSchemas(): Record<string, Schema> {
  return Object.fromEntries(
    SHARE_METRICS.map(({ name, help }) => [name, {
      type: ["number", "null"],
      minimum: 0,
      maximum: 1,
      description: `${help} Null if it cannot be compared or is not known.`,
    }]),
  );
}

/**
 * The schema of `-o json`.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { jsonSchema, type Schema } from "./json_schema.ts";
 *
 * const schema: Schema = jsonSchema();
 * assert(schema.$schema === "https://json-schema.org/draft/2020-12/schema");
 * ```
 */
export function jsonSchema(): Schema {
  return {
    $schema: "https://json-schema.org/draft/2020-12/schema",
    $id: `urn:ipvstat:snapshot:${JSON_FORMAT_VERSION}`,
    title: "Snapshot of IPVS",
    description:
      "One moment of the virtual and real servers of one network namespace, or of each in " +
      "namespaces. Integers have their exact digits: a parser that makes doubles of them rounds " +
      "those above 2^53.",
    ...object({ ...format(), ...snapshot(), namespaces: namespaces() }, [
      ...Object.keys(snapshot()),
      "namespaces",
    ]),
    oneOf: [
      {
        required: ["namespaces"],
        properties: { namespaces: true, ...members(Object.keys(snapshot()), false) },
      },
      { required: required(), properties: { ...members(required(), true), namespaces: false } },
    ],
    $defs: {
      namespace: object(
        { netns: text("Label of the network namespace."), ...snapshot() },
        OPTIONAL,
      ),
      u16: { type: "integer", minimum: 0, maximum: 65535 },
      u32: { type: "integer", minimum: 0, maximum: 4294967295 },
      u64: { type: "integer", minimum: 0 },
      address_family: { enum: ["inet", "inet6"] },
      virtual_server: virtualServer(),
      real_server: realServer(),
      ...procSchemas(),
    },
  };
}

function format(): Record<string, Schema> {
  return {
    format: { const: "ipvstat" },
    version: {
      const: JSON_FORMAT_VERSION,
      description: "Increases with every incompatible change.",
    },
  };
}

/** Members of a snapshot that may be absent. */
const OPTIONAL: readonly string[] = ["measured", "source"];

function required(): string[] {
  return Object.keys(snapshot()).filter((name) => !OPTIONAL.includes(name));
}

/** The members of a snapshot. */
function snapshot(): Record<string, Schema> {
  return {
    ...headSchemas(),
    virtual_servers: list(
      { anyOf: [{ $ref: "#/$defs/virtual_server" }, { $ref: "#/$defs/proc_virtual_server" }] },
      "Those with an address before firewall marks; then by family, address, port, protocol.",
    ),
  };
}

function namespaces(): Schema {
  return list(
    { $ref: "#/$defs/namespace" },
    "Network namespaces, in the order in which they were read; only with --netns.",
  );
}

/** Members that may be there, or must not. */
function members(names: readonly string[], allowed: boolean): Record<string, boolean> {
  return Object.fromEntries(names.map((name) => [name, allowed]));
}

const RATE_NAMES: readonly string[] = MEASURED_METRICS.map(({ name }) => name);

function virtualServer(): Schema {
  const address = ["protocol", "address", "port"];
  const properties = {
    ...labelSchemas(VIRTUAL_LABELS, VIRTUAL_SERVER_STATES),
    ...metricSchemas(VIRTUAL_METRICS),
    ...rateSchemas(),
    real_servers: list({ $ref: "#/$defs/real_server" }, "By family, address and port."),
  };
  return {
    ...object(properties, [...optionalNames(VIRTUAL_LABELS), ...RATE_NAMES]),
    description: "What clients connect to: a firewall mark, or protocol, address and port.",
    oneOf: [
      { required: ["fwmark"], properties: { fwmark: true, ...members(address, false) } },
      { required: address, properties: { fwmark: false, ...members(address, true) } },
    ],
  };
}

function realServer(): Schema {
  const tunnel = ["tunnel_type", "tunnel_port", "tunnel_checksum"];
  const properties = {
    ...labelSchemas(REAL_LABELS, REAL_SERVER_STATES),
    ...metricSchemas(REAL_METRICS),
    ...rateSchemas(),
    ...shareSchemas(),
  };
  return {
    ...object(properties, [...optionalNames(REAL_LABELS), ...RATE_NAMES]),
    description: "A server behind a virtual server.",
    if: { properties: { forwarding_method: { const: "tunnel" } } },
    then: { required: tunnel, properties: members(tunnel, true) },
    else: { properties: members(tunnel, false) },
  };
}
