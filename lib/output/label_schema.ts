/**
 * The JSON Schema of labels.
 *
 * @module
 */
import type { Label } from "../metrics/labels.ts";
import { flag, list, oneOfWords, type Schema, text, u16, u32 } from "./schema_parts.ts";

/** The schemas of labels by name; `states` are the values of the state. */
export function labelSchemas<Server>(
  labels: readonly Label<Server>[],
  states: readonly string[],
): Record<string, Schema> {
  return Object.fromEntries(labels.map((label) => {
    const isState = label.name === "state";
    return [label.name, isState ? oneOfWords(states, label.help) : labelSchema(label)];
  }));
}

/** Labels that allow less than their type. */
const RESTRICTED: Readonly<Record<string, Schema>> = {
  fwmark: { type: "integer", minimum: 1, maximum: 0xffffffff },
  protocol: { type: "string", pattern: "^(tcp|udp|sctp|\\d+)$" },
  netmask: { type: "integer", minimum: 0, maximum: 128 },
};

function labelSchema<Server>({ name, type, help }: Label<Server>): Schema {
  const restricted = RESTRICTED[name];
  if (restricted !== undefined) return { ...restricted, description: help };
  switch (type) {
    case "address_family":
      return { $ref: "#/$defs/address_family" };
    case "list":
      return list({ type: "string" }, help);
    case "flag":
      return flag(help);
    case "u16":
      return u16(help);
    case "u32":
      return u32(help);
    default:
      return text(help);
  }
}

/** Names of the labels that some servers do not have. */
export function optionalNames<Server>(labels: readonly Label<Server>[]): string[] {
  return labels.filter(({ optional }) => optional).map(({ name }) => name);
}
