/** The real node_exporter and Prometheus, on free ports of the loopback interface. */

/** Both log a line with the address on which they listen. */
const LISTENS = /msg="Listening on" address=(127\.0\.0\.1:\d+)/;
const LISTEN_ARGUMENT = "--web.listen-address=127.0.0.1:0";

/** Only ends a hang. */
const LIMIT_MS = 600_000;

/** A server that ends with the block that declares it. */
export interface Server extends AsyncDisposable {
  /** Host and port. */
  readonly address: string;
}

/** Starts a server, and waits until it listens; throws with its log if it ends instead. */
async function start(command: string, args: readonly string[]): Promise<Server> {
  const child = new Deno.Command(command, {
    args: [...args, LISTEN_ARGUMENT],
    ...{ stdin: "null", stdout: "null", stderr: "piped" },
  }).spawn();
  const listens = Promise.withResolvers<string>();
  const ended = readLog(child.stderr, listens.resolve).then((log) =>
    listens.reject(new Error(`${command} ended: ${log}`))
  );
  const stop = async () => {
    child.kill();
    await Promise.all([child.status, ended]);
  };
  try {
    return { address: await withLimit(listens.promise), [Symbol.asyncDispose]: stop };
  } catch (error) {
    await stop().catch(() => {});
    throw error;
  }
}

/** Reads the log to its end, so that the server never waits. Returns it up to the address. */
async function readLog(
  stream: ReadableStream<Uint8Array>,
  onAddress: (address: string) => void,
): Promise<string> {
  let log = "";
  let address: string | undefined;
  for await (const text of stream.pipeThrough(new TextDecoderStream())) {
    if (address !== undefined) continue;
    log += text;
    address = LISTENS.exec(log)?.[1];
    if (address !== undefined) onAddress(address);
  }
  return log;
}

async function withLimit<T>(promise: Promise<T>): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const limit = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error("A server takes too long")), LIMIT_MS);
  });
  return await Promise.race([promise, limit]).finally(() => clearTimeout(timer));
}

/** Starts a node_exporter that exposes the files of a folder. */
export function startNodeExporter(folder: string): Promise<Server> {
  return start("prometheus-node-exporter", [
    "--collector.disable-defaults",
    "--collector.textfile",
    `--collector.textfile.directory=${folder}`,
  ]);
}

/** Starts a Prometheus that scrapes each target as the job of its name. */
export async function startPrometheus(
  folder: string,
  targets: Readonly<Record<string, string>>,
): Promise<Server> {
  const jobs = Object.entries(targets).map(([job, address]) =>
    `  - job_name: ${job}\n    static_configs: [{ targets: ["${address}"] }]\n`
  );
  const config = `global: { scrape_interval: 1s }\nscrape_configs:\n${jobs.join("")}`;
  await Deno.writeTextFile(`${folder}/prometheus.yml`, config);
  const server = await start("prometheus", [
    `--config.file=${folder}/prometheus.yml`,
    `--storage.tsdb.path=${folder}/data`,
  ]);
  // It listens before it can answer queries.
  await until("Prometheus is ready", async () => {
    const response = await fetch(`http://${server.address}/-/ready`);
    await response.body?.cancel();
    return response.ok;
  });
  return server;
}

/** Waits for a condition. */
async function until(condition: string, isMet: () => Promise<boolean>): Promise<void> {
  const begin = performance.now();
  while (!await isMet()) {
    if (performance.now() - begin > LIMIT_MS) throw new Error(`Waited in vain until ${condition}`);
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
}

/** A series with its value now. */
export interface Result {
  readonly metric: Readonly<Record<string, string>>;
  /** Seconds, and the value as text. */
  readonly value: readonly [time: number, value: string];
}

/** What the HTTP API of a Prometheus answers to an instant query. */
export async function query({ address }: Server, expression: string): Promise<Result[]> {
  const body = new URLSearchParams({ query: expression });
  const response = await fetch(`http://${address}/api/v1/query`, { method: "POST", body });
  const { status, data, error } = await response.json();
  if (status !== "success") throw new Error(`${expression}: ${error ?? response.status}`);
  return data.result;
}

/** Waits until a query has a result. */
export async function waitFor(server: Server, expression: string): Promise<void> {
  const hasResult = async () => (await query(server, expression)).length > 0;
  await until(`${expression} has a result`, hasResult);
}
