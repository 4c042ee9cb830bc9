/**
 * Differences of two configurations as text for people.
 *
 * @module
 */
import type {
  Comparison,
  CounterChange,
  FieldChange,
  RealDifference,
  VirtualDifference,
} from "../query/comparison.ts";
import type { ConfiguredServer, FieldValue } from "../query/configuration.ts";
import { painter } from "./paint.ts";
import { printable } from "./printable.ts";
import { readableTime } from "./time.ts";

/** One side of a comparison. */
export interface Side {
  /** Its name in the output, such as the name of a file. */
  readonly name: string;
  readonly kind: "live" | "recording" | "json" | "rules";
  /** When it was read, in nanoseconds since 1970; null if that is not known. */
  readonly time: bigint | null;
}

const MARKS = { added: "+", removed: "-", changed: "~" } as const;
const COLORS = { added: 32, removed: 31, changed: 33 } as const;
const TYPES = ["added", "removed", "changed"] as const;

type Change = keyof typeof MARKS;

/** The text; empty if there are no differences. */
export function diffText(
  comparison: Comparison,
  [before, after]: readonly [Side, Side],
  color: boolean,
): string {
  const { virtualServers, notCompared } = comparison;
  if (virtualServers.length === 0) return "";
  const inColor = painter(color);
  const paint: Paint = (change, text) => inColor(COLORS[change], text);
  const lines = [
    paint("removed", `--- ${sideText(before)}`),
    paint("added", `+++ ${sideText(after)}`),
    "",
    ...virtualServers.flatMap((one) => virtualLines(one, paint)),
    "",
    summary(virtualServers),
  ];
  if (notCompared.length > 0) {
    lines.push(`not compared, because one side does not have it: ${notCompared.join(", ")}`);
  }
  return `${lines.join("\n")}\n`;
}

function sideText({ name, kind, time }: Side): string {
  const moment = time === null ? "" : `   ${readableTime(time)}`;
  return `${printable(name)}${kind === "live" ? "" : ` (${kind})`}${moment}`;
}

type Paint = (change: Change, text: string) => string;

function virtualLines(difference: VirtualDifference, paint: Paint): string[] {
  return [
    ...serverLines(difference, "", paint),
    ...difference.realServers.flatMap((real) => serverLines(real, "  ", paint)),
  ];
}

function serverLines(
  difference: RealDifference | VirtualDifference,
  indent: string,
  paint: Paint,
): string[] {
  const { change, server } = difference;
  const begin = `${indent}${MARKS[change]} ${server.key}`;
  if (difference.change !== "changed") return [paint(change, `${begin}  ${settings(server)}`)];
  const details = [
    ...difference.fields.map(fieldText),
    ...difference.counters.map(counterText),
  ].map((text) => `${indent}    ${text}`);
  return [paint(change, begin), ...details];
}

/** Numbers that are 0 if they are not set. */
const UNSET_IF_ZERO = ["persistence_timeout", "tunnel_port", "upper_threshold", "lower_threshold"];

/** What is set of a server. */
function settings({ fields }: ConfiguredServer): string {
  return Object.entries(fields).filter(([name, value]) => isSet(name, value)).map((
    [name, value],
  ) => value === true ? name : `${name} ${valueText(value)}`).join(", ");
}

function isSet(name: string, value: FieldValue): boolean {
  if (Array.isArray(value)) return value.length > 0;
  if (value === 0) return !UNSET_IF_ZERO.includes(name);
  return value !== null && value !== false;
}

function fieldText({ name, before, after }: FieldChange): string {
  return `${name}: ${valueText(before)} -> ${valueText(after)}`;
}

function counterText({ name, before, after, difference }: CounterChange): string {
  const gain = difference === null ? "reset" : `+${difference}`;
  return `${name}: ${before} -> ${after} (${gain})`;
}

function valueText(value: FieldValue): string {
  if (typeof value === "boolean") return value ? "yes" : "no";
  const text = Array.isArray(value) ? value.join(",") : String(value ?? "");
  return text === "" ? "none" : printable(text);
}

function summary(virtualServers: readonly VirtualDifference[]): string {
  const realServers = virtualServers.flatMap((virtual) => virtual.realServers);
  return `virtual servers: ${counts(virtualServers)}; real servers: ${counts(realServers)}`;
}

function counts(differences: readonly { readonly change: Change }[]): string {
  return TYPES.map((type) =>
    `${differences.filter(({ change }) => change === type).length} ${type}`
  ).join(", ");
}
