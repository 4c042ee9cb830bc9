/** Runs the real netdata with plugins of a test, and reads its API. */
import { join } from "node:path";
import { withTempDir } from "../_commands.ts";

/** The program that the tests need, with its package. */
export const NETDATA = { netdata: "netdata-core" } as const;

/** How long a condition may take to become true before a test counts as hung, in milliseconds. */
const HANG_LIMIT = 180_000;
const POLL_INTERVAL = 200;

/** How to run netdata. */
export interface NetdataSetup {
  /** Shell scripts that are started as plugins, by name. */
  readonly plugins?: Readonly<Record<string, string>>;
  /** More sections of netdata.conf. */
  readonly configuration?: string;
  /** Whether netdata's own collectors of /proc run. */
  readonly collectsProc?: boolean;
}

/** What netdata's API says about a chart. */
export interface ApiChart {
  readonly id: string;
  readonly name: string;
  readonly type: string;
  readonly family: string;
  readonly context: string;
  readonly title: string;
  readonly priority: number;
  readonly units: string;
  readonly chart_type: string;
  readonly update_every: number;
  readonly module: string;
  readonly plugin: string;
  readonly dimensions: Readonly<Record<string, unknown>>;
}

/** The stored points of a chart, the oldest first: a value for each dimension, null for a gap. */
export type Points = readonly Readonly<Record<string, number | null>>[];

/** A running netdata. */
export class Netdata {
  readonly #dir: string;
  readonly #port: number;

  /** Speaks to the netdata with these files and this port. */
  constructor(dir: string, port: number) {
    this.#dir = dir;
    this.#port = port;
  }

  /** The charts that are shown, by id. */
  async charts(): Promise<Readonly<Record<string, ApiChart>>> {
    const { charts } = await this.#get("/api/v1/charts") as { charts: Record<string, ApiChart> };
    return charts;
  }

  /** The points of a chart after a time in seconds since 1970, or in the last hour. */
  async points(chart: string, after = -3600): Promise<Points> {
    const query = new URLSearchParams({ chart, after: String(after), group: "average" });
    const { labels = [], data = [] } = await this.#get(`/api/v1/data?${query}`) as {
      labels?: readonly string[];
      data?: readonly (readonly (number | null)[])[];
    };
    const rows = data.map((row) => Object.fromEntries(labels.map((name, i) => [name, row[i]!])));
    return rows.map(({ time: _, ...values }) => values).reverse();
  }

  /** The log of netdata and of its plugins. */
  log(): string {
    return Deno.readTextFileSync(join(this.#dir, "log", "error.log"));
  }

  /** Repeats a function until it returns something. */
  async wait<T>(
    what: () => string,
    attempt: () => Promise<T | undefined> | T | undefined,
  ): Promise<T> {
    const end = Date.now() + HANG_LIMIT;
    for (;;) {
      const result = await attempt();
      if (result !== undefined) return result;
      if (Date.now() > end) throw new Error(`Waited in vain for ${what()}:\n${this.log()}`);
      await new Promise((resolve) => setTimeout(resolve, POLL_INTERVAL));
    }
  }

  /** The answer to a request; an empty object if what it asks for does not exist. */
  async #get(path: string): Promise<unknown> {
    const signal = AbortSignal.timeout(HANG_LIMIT);
    const response = await fetch(`http://127.0.0.1:${this.#port}${path}`, { signal });
    const text = await response.text();
    if (response.status === 404) return {};
    if (!response.ok) throw new Error(`netdata answers ${path} with ${response.status}: ${text}`);
    return JSON.parse(text);
  }
}

/** A port of loopback that is free at this moment. */
function freePort(): number {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  return listener.addr.port;
}

function configuration(
  dir: string,
  port: number,
  { configuration = "", collectsProc }: NetdataSetup,
): string {
  const folders = ["plugins", "cache", "lib", "log", "config"];
  const off = ["diskspace", "cgroups", "tc", "idlejitter", "statsd", "timex"];
  return `[global]
run as user = root
process scheduling policy = keep
[db]
mode = ram
update every = 1
[directories]
${folders.map((name) => `${name} = ${join(dir, name)}\n`).join("")}
[plugins]
proc = ${collectsProc ? "yes" : "no"}
check for new plugins every = 1
${off.map((name) => `${name} = no\n`).join("")}
[ml]
enabled = no
[health]
enabled = no
[cloud]
enabled = no
[web]
bind to = 127.0.0.1:${port}
${configuration}`;
}

/** Starts netdata, waits for its API, and stops it after the test. */
export function withNetdata(
  setup: NetdataSetup,
  use: (netdata: Netdata) => Promise<void>,
): Promise<void> {
  return withTempDir(async (dir) => {
    for (const name of ["plugins", "cache", "lib", "log", "config"]) {
      Deno.mkdirSync(join(dir, name));
    }
    for (const [name, script] of Object.entries(setup.plugins ?? {})) {
      Deno.writeTextFileSync(join(dir, "plugins", `${name}.plugin`), script, { mode: 0o755 });
    }
    const port = freePort();
    const file = join(dir, "netdata.conf");
    Deno.writeTextFileSync(file, configuration(dir, port, setup));
    Deno.writeTextFileSync(join(dir, "log", "error.log"), "");
    const pipes = { stdin: "null", stdout: "null", stderr: "null" } as const;
    const env = { NETDATA_PIPENAME: join(dir, "pipe") };
    const child = new Deno.Command("netdata", { args: ["-D", "-c", file], env, ...pipes }).spawn();
    const netdata = new Netdata(dir, port);
    try {
      await netdata.wait(() => "netdata's API", () => netdata.charts().catch(() => undefined));
      await use(netdata);
    } finally {
      child.kill("SIGTERM");
      await child.status;
    }
  });
}
