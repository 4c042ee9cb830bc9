/**
 * Parses netdata's plugins.d protocol as netdata does, and more strictly: what netdata would ignore
 * or correct is an error.
 *
 * @module
 */
import assert from "node:assert/strict";

/** A dimension as it was defined. */
export interface PluginDimension {
  readonly algorithm: string;
  readonly multiplier: number;
  readonly divisor: number;
}

/** A chart as it was last defined. */
export interface PluginChart {
  readonly title: string;
  readonly units: string;
  readonly family: string;
  readonly context: string;
  readonly type: string;
  readonly priority: number;
  readonly updateEvery: number;
  readonly module: string;
  isObsolete: boolean;
  readonly dimensions: Map<string, PluginDimension>;
}

/** What lies between BEGIN and END. */
export interface PluginReading {
  readonly chart: string;
  /** Since the last reading; undefined if netdata is to use its own clock. */
  readonly microseconds: number | undefined;
  /** Signed 64-bit integers by dimension. */
  readonly values: Map<string, bigint>;
}

const LINE_MAX = 1024;
const ID_MAX = 200;
const MAX_WORDS = 20;

/** All that a plugin wrote so far. */
export class PluginOutput {
  readonly charts = new Map<string, PluginChart>();
  readonly readings: PluginReading[] = [];
  #defining: PluginChart | undefined;
  #reading: PluginReading | undefined;

  /** Parses lines; the last one must be complete, and no chart may be left open. */
  add(text: string): void {
    assert.ok(text === "" || text.endsWith("\n"), "the last line is not complete");
    for (const line of text.split("\n").slice(0, -1)) this.#line(line);
    assert.equal(this.#reading, undefined, "no END");
  }

  /** The readings since the last call. */
  take(): PluginReading[] {
    return this.readings.splice(0);
  }

  #line(line: string): void {
    assert.ok(line.length < LINE_MAX, `too long: ${line}`);
    const [keyword, ...words] = splitWords(line);
    assert.ok(words.length < MAX_WORDS);
    switch (keyword) {
      case "CHART":
        return this.#chart(words);
      case "DIMENSION":
        return this.#dimension(words);
      case "BEGIN":
        return this.#begin(words);
      case "SET":
        return this.#set(words);
      case "END":
        assert.ok(this.#reading !== undefined && words.length === 0, line);
        this.readings.push(this.#reading);
        this.#reading = undefined;
        return;
      default:
        assert.fail(`netdata does not know: ${line}`);
    }
  }

  #chart(words: readonly string[]): void {
    assert.equal(this.#reading, undefined, "CHART before END");
    const [id = "", name, title, units, family, context, type, priority, updateEvery] = words;
    const [options, plugin, module] = words.slice(9);
    assert.match(id, /^[a-z]+\.[a-z0-9_.-]+$/);
    assert.ok(id.length <= ID_MAX, id);
    assert.equal(name, "");
    assert.equal(plugin, "");
    assert.match(type!, /^(line|area|stacked)$/);
    assert.match(options!, /^(obsolete)?$/);
    const isObsolete = options === "obsolete";
    assert.ok(!isObsolete || this.charts.has(id), `obsolete before it was defined: ${id}`);
    this.#defining = {
      ...{ title: title!, units: units!, family: family!, context: context!, type: type! },
      ...{ priority: integer(priority), updateEvery: integer(updateEvery), module: module! },
      ...{ isObsolete, dimensions: this.charts.get(id)?.dimensions ?? new Map() },
    };
    this.charts.set(id, this.#defining);
  }

  #dimension([id, name, algorithm, multiplier, divisor]: readonly string[]): void {
    assert.ok(this.#defining !== undefined && this.#reading === undefined);
    assert.match(id!, /^[a-z]+(-[a-z]+)?$/);
    assert.equal(name, "");
    assert.match(algorithm!, /^(absolute|incremental)$/);
    this.#defining.dimensions.set(id!, {
      algorithm: algorithm!,
      multiplier: integer(multiplier),
      divisor: integer(divisor),
    });
  }

  #begin([chart = "", duration]: readonly string[]): void {
    assert.equal(this.#reading, undefined, "BEGIN before END");
    assert.equal(this.charts.get(chart)?.isObsolete, false, `BEGIN of ${chart}`);
    const microseconds = duration === undefined ? undefined : integer(duration);
    assert.ok(microseconds === undefined || microseconds > 0);
    this.#reading = { chart, microseconds, values: new Map() };
  }

  #set([dimension, equals, value]: readonly string[]): void {
    assert.ok(this.#reading !== undefined, "SET before BEGIN");
    const { chart, values } = this.#reading;
    assert.ok(this.charts.get(chart)!.dimensions.has(dimension!), `${chart} has no ${dimension}`);
    assert.ok(!values.has(dimension!), `${chart} has ${dimension} twice`);
    assert.equal(equals, "=");
    assert.match(value!, /^-?\d+$/);
    const number = BigInt(value!);
    assert.equal(number, BigInt.asIntN(64, number), "strtoll() would limit it");
    values.set(dimension!, number);
  }
}

function integer(text: string | undefined): number {
  assert.match(text ?? "", /^-?\d+$/);
  return Number(text);
}

/** Words between spaces, or between single quotes. */
function splitWords(line: string): string[] {
  assert.match(line, /^[\x20-\x7e]*$/);
  assert.doesNotMatch(line, /["\\]/);
  const words: string[] = [];
  for (const [, quoted, plain] of line.matchAll(/'([^']*)'(?= |$)|([^ ']+)(?= |$)/g)) {
    words.push(quoted ?? plain!);
  }
  const written = line.replace(/'[^']*'/g, "q").split(" ");
  assert.equal(words.length, written.length, `badly quoted: ${line}`);
  return words;
}
