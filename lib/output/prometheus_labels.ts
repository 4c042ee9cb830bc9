/**
 * The syntax of Prometheus labels.
 *
 * @module
 */
import type { LabelValue } from "../metrics/labels.ts";

/** The name and the value of a label, not yet escaped. */
export type NamedValue = readonly [name: string, value: string];

/** The labels between the braces; empty ones are omitted, which means the same. */
export function labelList(labels: readonly NamedValue[]): string {
  return labels.filter(([, value]) => value !== "")
    .map(([name, value]) => `${name}="${escapeLabel(value)}"`).join(",");
}

/** The value of a label as text. */
export function labelText(value: LabelValue): string {
  return typeof value === "object" ? value.join(",") : String(value);
}

function escapeLabel(value: string): string {
  return value.replace(/[\\"\n]/g, (char) => (char === "\n" ? "\\n" : `\\${char}`));
}
