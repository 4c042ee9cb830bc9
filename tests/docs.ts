/**
 * `deno task docs`: writes the tables of metrics and labels in docs/formats.md anew, from the
 * catalogue and from the metrics of recordings.
 *
 * @module
 */
import { encodeOpenMetrics, type PrometheusOptions, replay } from "../mod.ts";
import {
  COUNTERS,
  MEASURED_METRICS,
  type Metric,
  REAL_METRICS,
  TOTAL_METRICS,
  VIRTUAL_METRICS,
} from "../lib/metrics/catalogue.ts";
import { type Label, REAL_LABELS, VIRTUAL_LABELS } from "../lib/metrics/labels.ts";
import { SHARE_METRICS } from "../lib/metrics/shares.ts";

/** The page with the tables. */
export const PAGE: string = new URL("../docs/formats.md", import.meta.url).pathname;

/** Recordings that together have every metric. */
const RECORDINGS = [
  "testdata/demo/capture.pcap",
  ...["linux-7.2", "settings-7.2"].map((name) => `tests/capture/data/${name}.pcap`),
];

/** A metric family as OpenMetrics describes it, with the names of its labels. */
interface Family {
  readonly name: string;
  readonly help: string;
  readonly kind: string;
  readonly unit: string;
  readonly labels: readonly string[];
}

type Row = readonly string[];

/** A Markdown table as `deno fmt` writes it. */
function table(head: Row, rows: readonly Row[]): string {
  const widths = head.map((_, i) => Math.max(3, ...[head, ...rows].map((row) => row[i]!.length)));
  const line = (cells: Row) => `| ${cells.map((cell, i) => cell.padEnd(widths[i]!)).join(" | ")} |`;
  const rule = line(widths.map((width) => "-".repeat(width)));
  return [line(head), rule, ...rows.map(line)].join("\n");
}

const code = (text: string) => `\`${text}\``;

/** Text for a cell, in which no name has a meaning in Markdown. */
const plain = (text: string) => text.replaceAll(/[\w.]*_[\w.*]*[\w*]/g, code);

function metricRows<Source>(
  scope: string,
  prefix: string,
  metrics: readonly Metric<Source>[],
  isInInflux: (metric: Metric<Source>) => boolean = ({ telegraf }) => telegraf,
): Row[] {
  return metrics.map((metric) => {
    const { name, prometheus, unit, kind, help } = metric;
    const total = kind === "counter" ? "_total" : "";
    const influx = isInInflux(metric) ? "yes" : code("--extended");
    const both = [code(name), code(`${prefix}${prometheus}${total}`)];
    return [...both, unit || "-", kind, scope, influx, plain(help)];
  });
}

function measuredRows(scope: string, prefix: string): Row[] {
  return MEASURED_METRICS.map(({ name, prometheus, kind, help }) => [
    ...[code(name), code(`${prefix}${prometheus}`), "-", kind, scope, code("--rates"), plain(help)],
  ]);
}

function shareRows(): Row[] {
  return SHARE_METRICS.map(({ name, help }) => [
    ...[code(name), "-", "-", "gauge", "real server", "-", plain(help)],
  ]);
}

/** Every metric of the catalogue, once for each scope. */
function metricTable(): string {
  const head = ["JSON, influx", "Prometheus", "Unit", "Kind", "Scope", "In influx", "Help"];
  return table(head, [
    ...metricRows("total", "ipvs_", TOTAL_METRICS, () => true),
    ...metricRows("CPU", "ipvs_cpu_", COUNTERS, () => false),
    ...metricRows("virtual server", "ipvs_virtual_server_", VIRTUAL_METRICS),
    ...metricRows("real server", "ipvs_real_server_", REAL_METRICS),
    ...shareRows(),
    ...measuredRows("total", "ipvs_"),
    ...measuredRows("virtual server", "ipvs_virtual_server_"),
    ...measuredRows("real server", "ipvs_real_server_"),
  ]);
}

const TYPES: Readonly<Record<Label<unknown>["type"], string>> = {
  address_family: "string",
  address: "string",
  text: "string",
  list: "array of strings",
  flag: "boolean",
  u16: "integer",
  u32: "integer",
};

const INFLUX: Readonly<Record<Label<unknown>["influx"], string>> = {
  telegraf: "tag",
  extended: "tag with `--extended`",
  field: "field with `--extended`",
  none: "-",
};

function labelRows<S>(
  scope: "virtual server" | "real server",
  labels: readonly Label<S>[],
  identity: (name: string) => string,
): Row[] {
  const family = `ipvs_${scope.replace(" ", "_")}`;
  return labels.map(({ name, type, optional, prometheus, influx, help }) => {
    const info = `${code(name)} on ${code(`${family}_info`)}`;
    const where = { identity: identity(name), info, none: "-" }[prometheus];
    const json = `${TYPES[type]}${optional ? ", if any" : ""}`;
    return [code(name), scope, json, where, INFLUX[influx], plain(help)];
  });
}

/** Every label of the catalogue. */
function labelTable(): string {
  const head = ["Label", "Scope", "JSON type", "In Prometheus", "In influx", "Help"];
  return table(head, [
    ...labelRows(
      "virtual server",
      VIRTUAL_LABELS,
      (name) => `${code(`virtual_${name}`)} on metrics of both`,
    ),
    ...labelRows("real server", REAL_LABELS, (name) => `${code(name)} on metrics of real servers`),
  ]);
}

function openMetrics(recording: string, options?: PrometheusOptions): string {
  const bytes = Deno.readFileSync(new URL(`../${recording}`, import.meta.url));
  const decoder = new TextDecoder();
  let text = "";
  const sink = (chunk: Uint8Array) => void (text += decoder.decode(chunk, { stream: true }));
  encodeOpenMetrics(replay(bytes), sink, options);
  return text;
}

/** The metric families of OpenMetrics text. */
export function familiesIn(text: string): Family[] {
  return text.split(/^# HELP /m).slice(1).map((block) => {
    const [, name = "", help = ""] = /^(\S+) (.*)$/m.exec(block) ?? [];
    const [, kind = ""] = /^# TYPE \S+ (\S+)$/m.exec(block) ?? [];
    const [, unit = ""] = /^# UNIT \S+ (\S+)$/m.exec(block) ?? [];
    const labels = [...block.matchAll(/[{,](\w+)="/g)].map(([, label]) => label!);
    return { name, help, kind, unit, labels: [...new Set(labels)] };
  });
}

/** Every metric that is not in the catalogue. */
function otherTable(): string {
  const listed = new Set([
    ...TOTAL_METRICS.map(({ prometheus }) => `ipvs_${prometheus}`),
    ...COUNTERS.map(({ prometheus }) => `ipvs_cpu_${prometheus}`),
    ...VIRTUAL_METRICS.map(({ prometheus }) => `ipvs_virtual_server_${prometheus}`),
    ...REAL_METRICS.map(({ prometheus }) => `ipvs_real_server_${prometheus}`),
    ...["ipvs_virtual_server", "ipvs_real_server"],
  ]);
  const found = new Map<string, Family>();
  for (const family of RECORDINGS.flatMap((recording) => familiesIn(openMetrics(recording)))) {
    const known = found.get(family.name)?.labels ?? [];
    const labels = [...new Set([...known, ...family.labels])];
    if (!listed.has(family.name)) found.set(family.name, { ...family, labels });
  }
  return familyTable([...found.values()]);
}

function familyTable(families: readonly Family[]): string {
  const rows = families.map(({ name, help, kind, unit, labels }): Row => {
    const sample = kind === "info" ? `${name}_info` : name;
    return [code(sample), unit || "-", kind, labels.map(code).join(", ") || "-", plain(help)];
  });
  return table(["Prometheus", "Unit", "Kind", "Labels", "Help"], rows);
}

/** Every metric that only `--aggregate virtual` has. */
function aggregateTable(): string {
  const [recording = ""] = RECORDINGS;
  const usual = new Set(familiesIn(openMetrics(recording)).map(({ name }) => name));
  const families = familiesIn(openMetrics(recording, { aggregate: "virtual" }));
  return familyTable(
    families.filter(({ name }) => !usual.has(name)).map((family) => ({
      ...family,
      labels: family.labels.filter((label) => !label.startsWith("virtual_")),
    })),
  );
}

/** The tables by the names in their marker comments. */
export const TABLES: Readonly<Record<string, () => string>> = {
  metrics: metricTable,
  labels: labelTable,
  "other metrics": otherTable,
  "aggregate metrics": aggregateTable,
};

/**
 * Replaces the tables between the marker comments of a page.
 *
 * @throws {Error} if the page lacks a marker.
 */
export function withTables(page: string): string {
  return Object.entries(TABLES).reduce((text, [name, make]) => {
    const begin = `<!-- begin: ${name}, written by deno task docs -->\n`;
    const end = `\n<!-- end: ${name} -->`;
    const start = text.indexOf(begin) + begin.length;
    const stop = text.indexOf(end, start);
    if (start < begin.length || stop < 0) throw new Error(`The page has no markers of ${name}`);
    return `${text.slice(0, start)}\n${make()}\n${text.slice(stop)}`;
  }, page);
}

if (import.meta.main) {
  Deno.writeTextFileSync(PAGE, withTables(Deno.readTextFileSync(PAGE)));
}
