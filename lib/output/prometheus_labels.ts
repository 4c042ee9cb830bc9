/**
 * The syntax of Prometheus labels.
 *
 * @module
 */
import type { ServerName } from "../ipvs/server.ts";
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

/**
 * A name and its labels, which get the prefix `label_` as in kube-state-metrics. Characters that
 * Prometheus does not allow in names become underscores; of equal names the first remains.
 */
export function nameLabels({ name, labels = {} }: ServerName): NamedValue[] {
  const named = new Map([["name", name]]);
  for (const [key, value] of Object.entries(labels)) {
    const label = `label_${key.replaceAll(/[^a-zA-Z0-9_]/g, "_")}`;
    if (!named.has(label)) named.set(label, value);
  }
  return [...named];
}

function escapeLabel(value: string): string {
  return value.replace(/[\\"\n]/g, (char) => (char === "\n" ? "\\n" : `\\${char}`));
}
