/**
 * Strict parsers of the machine-readable formats, independent of the program. They return numbers
 * as the digits that were printed.
 *
 * @module
 */

/** A line of line protocol. */
export interface Line {
  readonly measurement: string;
  /** In the order of the line. */
  readonly tags: ReadonlyMap<string, string>;
  readonly fields: ReadonlyMap<string, string>;
  readonly time: string;
  /** Measurement and tags as written. */
  readonly series: string;
}

/** A double, which only measured rates have. */
const DOUBLE = /^\d+(?:\.\d+)?(?:e[+-]\d+)?$/;

/** Parses line protocol without its comments; throws if it violates the InfluxDB documentation. */
export function parseLineProtocol(text: string): Line[] {
  if (text === "") return [];
  if (!text.endsWith("\n")) throw new Error("No final line feed");
  return text.slice(0, -1).split("\n").filter((line) => !line.startsWith("#")).map(parseLine);
}

function parseLine(line: string): Line {
  const [series, fieldText, time, ...rest] = splitUnescaped(line, " ");
  if (series === undefined || fieldText === undefined || rest.length > 0) {
    throw new Error(`Expected series, fields and time: ${line}`);
  }
  if (!/^-?\d+$/.test(time ?? "")) throw new Error(`No timestamp: ${line}`);
  const [measurement = "", ...tagTexts] = splitUnescaped(series, ",");
  const tags = new Map<string, string>();
  for (const text of tagTexts) {
    const [key, value, ...more] = splitUnescaped(text, "=");
    if (!key || !value || more.length > 0) throw new Error(`Not a tag: "${text}" in ${line}`);
    if (value.endsWith("\\")) throw new Error(`The tag "${text}" ends in a backslash: ${line}`);
    if (tags.has(key)) throw new Error(`Duplicate tag ${key}: ${line}`);
    tags.set(unescape(key), unescape(value));
  }
  const fields = new Map<string, string>();
  for (const text of splitUnescaped(fieldText, ",")) {
    const [, key = "", digits = "", word = "", number = ""] =
      /^([a-z_0-9]+)=(?:(\d+)i|"([a-z-]+)"|([^i"]+))$/.exec(text) ?? [];
    const isDouble = key.startsWith("measured_") && DOUBLE.test(number);
    if (key === "" || (number !== "" && !isDouble)) {
      throw new Error(`Not an integer or a word: "${text}" in ${line}`);
    }
    if (BigInt(digits) >= 2n ** 63n) throw new Error(`Exceeds a signed 64-bit integer: ${text}`);
    if (fields.has(key)) throw new Error(`Duplicate field ${key}: ${line}`);
    fields.set(key, digits || word || number);
  }
  return { measurement: unescape(measurement), tags, fields, time: time!, series };
}

function splitUnescaped(text: string, separator: string): string[] {
  const parts = [""];
  for (let i = 0; i < text.length; i++) {
    if (text[i] === "\\" && i + 1 < text.length) parts[parts.length - 1] += text[i]! + text[++i]!;
    else if (text[i] === separator) parts.push("");
    else parts[parts.length - 1] += text[i]!;
  }
  return parts;
}

function unescape(text: string): string {
  return text.replace(/\\([,= ])/g, "$1");
}

/** A sample of a metric family. */
export interface PrometheusSample {
  readonly name: string;
  readonly labels: ReadonlyMap<string, string>;
  readonly value: string;
  /** Name and labels, the labels sorted. */
  readonly series: string;
}

/** A metric family. */
export interface PrometheusFamily {
  readonly name: string;
  readonly help: string;
  readonly type: string;
  readonly unit?: string;
  readonly samples: readonly PrometheusSample[];
}

/** The suffix of sample names in OpenMetrics, by type. */
const SUFFIX: Readonly<Record<string, string>> = { counter: "_total", gauge: "", info: "_info" };

/**
 * Parses the Prometheus text format or OpenMetrics. Throws unless each family is one group of lines
 * that starts with one HELP and one TYPE, and each series is unique.
 */
export function parsePrometheus(text: string, openMetrics = false): PrometheusFamily[] {
  const lines = text.split("\n");
  if (lines.pop() !== "") throw new Error("No final line feed");
  if (openMetrics && lines.pop() !== "# EOF") throw new Error("No # EOF at the end");
  const families: (PrometheusFamily & { samples: PrometheusSample[] })[] = [];
  const seen = new Set<string>();
  for (let i = 0; i < lines.length;) {
    const name = /^# HELP ([a-zA-Z_:][a-zA-Z0-9_:]*) /.exec(lines[i]!)?.[1];
    if (name === undefined) throw new Error(`Not the first line of a family: ${lines[i]}`);
    if (families.some((family) => family.name === name)) {
      throw new Error(`Duplicate family ${name}`);
    }
    const help = unescapeText(lines[i++]!.slice(`# HELP ${name} `.length), openMetrics);
    const type = lastWord(`# TYPE ${name} `, lines[i++]);
    if (type === undefined || !(type in SUFFIX)) throw new Error(`${name} has no TYPE`);
    if (!openMetrics && type === "info") {
      throw new Error(`${name} has the type info, which only OpenMetrics has`);
    }
    const unit = lastWord(`# UNIT ${name} `, lines[i]);
    if (unit !== undefined) i++;
    if (unit !== undefined && !openMetrics) {
      throw new Error(`${name} has a UNIT, which only OpenMetrics has`);
    }
    if (unit !== undefined && !name.endsWith(`_${unit}`)) {
      throw new Error(`${name} does not end in its unit ${unit}`);
    }
    const samples: PrometheusSample[] = [];
    for (; i < lines.length && !lines[i]!.startsWith("#"); i++) {
      const sample = parseSample(lines[i]!, name.includes("_measured_") ? DOUBLE : undefined);
      const expected = openMetrics ? name + SUFFIX[type] : name;
      if (sample.name !== expected) throw new Error(`Sample ${sample.name} in family ${name}`);
      if (seen.has(sample.series)) throw new Error(`Duplicate series ${sample.series}`);
      seen.add(sample.series);
      samples.push(sample);
    }
    families.push({ name, help, type, ...(unit === undefined ? {} : { unit }), samples });
  }
  return families;
}

/** The single word that follows `start` in a line. */
function lastWord(start: string, line = ""): string | undefined {
  const word = line.slice(start.length);
  return line.startsWith(start) && /^[a-z]+$/.test(word) ? word : undefined;
}

/** Parses a sample without a timestamp; its value must match `form`, by default an integer. */
export function parseSample(line: string, form = /^-?\d+$/): PrometheusSample {
  const [, name = "", list, value = ""] =
    /^([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{([^\n]*)\})? (\S+)$/.exec(line) ?? [];
  if (name === "" || !form.test(value)) {
    throw new Error(`Not a sample without a timestamp: ${line}`);
  }
  const labels = new Map<string, string>();
  const label = /([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\["\\n])*)"(,|$)/y;
  for (const text = list ?? ""; label.lastIndex < text.length;) {
    const at = label.lastIndex;
    const [, key, escaped, end] = label.exec(text) ?? [];
    if (key === undefined || (end === "," && label.lastIndex === text.length)) {
      throw new Error(`Not a label at ${at}: ${line}`);
    }
    if (labels.has(key)) throw new Error(`Duplicate label ${key}: ${line}`);
    labels.set(key, unescapeText(escaped!, true));
  }
  const sorted = [...labels].map(([key, value]) => `${key}=${JSON.stringify(value)}`).toSorted();
  return { name, labels, value, series: `${name}{${sorted.join(",")}}` };
}

function unescapeText(text: string, quotes: boolean): string {
  return text.replace(/\\(.)/g, (_, char: string) => {
    if (char === "n") return "\n";
    if (char === "\\" || (quotes && char === '"')) return char;
    throw new Error(`Unknown escape \\${char}`);
  });
}

/** Parses JSON with a bigint for every integer, or only for those from 2^53 on. */
export function parseExactJson(text: string, bigints: "all" | "unsafe" = "unsafe"): unknown {
  type Reviver = (key: string, value: unknown, context: { source?: string }) => unknown;
  const revive: Reviver = (_, value, { source }) => {
    if (typeof value !== "number" || source === undefined || !/^-?\d+$/.test(source)) return value;
    return bigints === "unsafe" && Number.isSafeInteger(value) ? value : BigInt(source);
  };
  return JSON.parse(text, revive as (key: string, value: unknown) => unknown);
}

/** Collects the output of an encoder; the chunks are valid only during the call. */
export function textOf(encode: (sink: (chunk: Uint8Array) => void) => void): string {
  const decoder = new TextDecoder("utf-8", { fatal: true });
  let text = "";
  encode((chunk) => text += decoder.decode(chunk, { stream: true }));
  return text + decoder.decode();
}
