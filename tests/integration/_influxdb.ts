/** Runs the real InfluxDB 1.x on loopback, writes line protocol to it and queries it. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { withTempDir } from "../_commands.ts";
import { parseExactJson } from "../_output_parsers.ts";

/** The programs that the tests need, with their packages. */
export const INFLUXDB = { influxd: "influxdb" } as const;

/** How long InfluxDB may take to start or to answer before a test counts as hung, in milliseconds. */
const HANG_LIMIT = 120_000;

/** A series of a query's result: the points with the same measurement and tags. */
export interface Series {
  readonly name: string;
  /** The tags of GROUP BY; empty for a tag that the series does not have. */
  readonly tags?: Readonly<Record<string, string>>;
  readonly columns: readonly string[];
  /** A row for each point. Integers from 2^53 on are bigints; null where a point has no value. */
  readonly values: readonly (readonly unknown[])[];
}

/** A point, with numbers as their digits. */
export interface Point {
  readonly measurement: string;
  readonly tags: Readonly<Record<string, string>>;
  readonly fields: Readonly<Record<string, string>>;
  /** Nanoseconds since 1970. */
  readonly time: string;
}

interface Answer {
  readonly results: readonly { readonly series?: readonly Series[]; readonly error?: string }[];
}

/** A database of a running InfluxDB. */
export class Database {
  readonly #address: string;
  readonly #name: string;

  private constructor(address: string, name: string) {
    this.#address = address;
    this.#name = name;
  }

  /** Creates a database. */
  static async create(address: string, name: string): Promise<Database> {
    const database = new Database(address, name);
    await database.query(`CREATE DATABASE "${name}"`, "POST");
    return database;
  }

  /** Writes line protocol; fails unless InfluxDB accepts every line. */
  async write(lines: string): Promise<void> {
    const { status, text } = await this.#request("POST", "write", {}, lines);
    assert.equal(status, 204, text);
  }

  /** The series that an InfluxQL query returns. */
  async query(q: string, method: "GET" | "POST" = "GET"): Promise<readonly Series[]> {
    const { status, text } = await this.#request(method, "query", { q, epoch: "ns" });
    assert.equal(status, 200, text);
    const [{ series = [], error } = {}] = (parseExactJson(text) as Answer).results;
    assert.equal(error, undefined, q);
    return series;
  }

  /** Every point in the database. */
  async points(): Promise<Point[]> {
    return (await this.query("SELECT * FROM /.*/ GROUP BY *")).flatMap(pointsOf);
  }

  async #request(
    method: string,
    path: string,
    parameters: Readonly<Record<string, string>>,
    body: string | null = null,
  ): Promise<{ status: number; text: string }> {
    const query = new URLSearchParams({ db: this.#name, ...parameters });
    const signal = AbortSignal.timeout(HANG_LIMIT);
    const response = await fetch(`${this.#address}/${path}?${query}`, { method, body, signal });
    return { status: response.status, text: await response.text() };
  }
}

function pointsOf({ name, tags = {}, columns, values }: Series): Point[] {
  const present = Object.fromEntries(Object.entries(tags).filter(([, value]) => value !== ""));
  return values.map((row) => {
    const found = columns.map((column, i) => [column, row[i]] as const)
      .filter(([, value]) => value !== null).map(([column, value]) => [column, String(value)]);
    const { time, ...fields } = Object.fromEntries(found);
    return { measurement: name, tags: present, fields, time: time! };
  });
}

function configuration(dir: string): string {
  return `reporting-disabled = true
bind-address = "127.0.0.1:0"
[meta]
dir = ${JSON.stringify(join(dir, "meta"))}
[data]
dir = ${JSON.stringify(join(dir, "data"))}
wal-dir = ${JSON.stringify(join(dir, "wal"))}
[monitor]
store-enabled = false
[http]
bind-address = "127.0.0.1:0"
log-enabled = false
`;
}

/** Reads InfluxDB's log to its end; calls back with the address of its HTTP interface. */
async function readLog(
  log: ReadableStream<Uint8Array>,
  onListening: (address: string) => void,
): Promise<string> {
  let text = "";
  for await (const part of log.pipeThrough(new TextDecoderStream())) {
    text += part;
    const [, address] = /msg="Listening on HTTP" .*\baddr=([\d.:]+) /.exec(text) ?? [];
    if (address !== undefined) onListening(`http://${address}`);
  }
  return text;
}

/**
 * Starts InfluxDB on a free port, and stops it after the test. The test gets a function that creates
 * a database, and the URL of the server.
 */
export function withInfluxDb(
  use: (createDatabase: (name: string) => Promise<Database>, address: string) => Promise<void>,
): Promise<void> {
  return withTempDir(async (dir) => {
    const config = join(dir, "influxdb.conf");
    await Deno.writeTextFile(config, configuration(dir));
    const pipes = { stdout: "null", stderr: "piped" } as const;
    const child = new Deno.Command("influxd", { args: ["-config", config], ...pipes }).spawn();
    const limit = setTimeout(() => child.kill("SIGKILL"), HANG_LIMIT);
    const listening = Promise.withResolvers<string>();
    const log = readLog(child.stderr, listening.resolve);
    const ended = log.then((text) => Promise.reject(new Error(`InfluxDB ended:\n${text}`)));
    try {
      const address = await Promise.race([listening.promise, ended]);
      clearTimeout(limit);
      await use((name) => Database.create(address, name), address);
    } finally {
      clearTimeout(limit);
      stop(child);
      await ended.catch(() => child.status);
    }
  });
}

function stop(child: Deno.ChildProcess): void {
  try {
    child.kill("SIGTERM");
  } catch {
    // It has already ended.
  }
}
