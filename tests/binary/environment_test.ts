/**
 * No environment variable changes what the compiled program does. Otherwise users who may start it with
 * a capability could make the runtime load code or write files. Newer runtimes have more variables
 * than older ones, so the names are also taken from the runtime itself.
 */
import assert from "node:assert/strict";
import { join } from "node:path";
import { cannotFind, type Result, run, withTempDir } from "../_commands.ts";
import { denort } from "../packaging/_denort.ts";
import { BINARY } from "./_programs.ts";

type Environment = Readonly<Record<string, string>>;

const PREFIXES = ["DENO", "NODE", "OTEL", "XDG", "RUST", "TOKIO", "V8", "SSL", "NPM"];

/** Variables that Deno, Node or their libraries are known to use. */
const KNOWN = [
  ...["HOME", "TMPDIR", "TMP", "TEMP", "PWD", "OLDPWD", "USER", "SHELL", "LANG", "LC_ALL", "TZ"],
  ...["XDG_CACHE_HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_RUNTIME_DIR", "XDG_STATE_HOME"],
  ...["HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY", "SSL_CERT_FILE", "SSL_CERT_DIR"],
  ...["SSLKEYLOGFILE", "ICU_DATA", "CI", "TERM", "COLORTERM", "FORCE_COLOR", "CLICOLOR_FORCE"],
  ...["DENO_AUDIT_PERMISSIONS", "DENO_AUTH_TOKENS", "DENO_CERT", "DENO_COMPAT", "DENO_CONDITIONS"],
  ...["DENO_COVERAGE_DIR", "DENO_DIR", "DENO_INSTALL_ROOT", "DENO_JOBS", "DENO_NO_PROMPT"],
  ...["DENO_INTERNAL_CHILD_ENTRYPOINT", "DENO_REPL_HISTORY", "DENO_SERVE_ADDRESS"],
  ...["DENO_TLS_CA_STORE", "DENO_TRACE_PERMISSIONS", "DENO_USE_CGROUPS", "DENO_V8_FLAGS"],
  ...["NODE_CHANNEL_FD", "NODE_DEBUG", "NODE_DEBUG_NATIVE", "NODE_EXTRA_CA_CERTS"],
  ...["NODE_ICU_DATA", "NODE_OPTIONS", "NODE_PATH", "NODE_REPL_EXTERNAL_MODULE"],
  ...["NODE_TLS_REJECT_UNAUTHORIZED", "NODE_UNIQUE_ID", "NODE_V8_COVERAGE", "OTEL_DENO"],
  ...["OTEL_DENO_CONSOLE", "OTEL_DENO_METRICS", "OTEL_DENO_TRACING", "RUST_BACKTRACE", "RUST_LOG"],
  ...["RUST_LIB_BACKTRACE", "V8_FLAGS"],
];

/**
 * Variables with which the runtime does not start if their value is invalid: intervals of its event
 * loop, and TMPDIR, which must be an absolute path.
 */
const NUMBERS = /^DENO_TOKIO_/;
const FATAL: readonly Environment[] = [
  { DENO_TOKIO_GLOBAL_QUEUE_INTERVAL: "often" },
  { TMPDIR: "relative" },
];

/** Flags with a visible effect: V8 prints, and writes a file into the working directory. */
const V8_FLAGS = "--trace-gc --print-bytecode --prof";
const NODE_OPTIONS = "--require ./canary.cjs --import ./canary.mjs --inspect=127.0.0.1:0";

/** Everything in the runtime that looks like the name of such a variable. */
async function namesInRuntime(): Promise<string[]> {
  const text = new TextDecoder("latin1").decode(await Deno.readFile(await denort()));
  const names = text.matchAll(new RegExp(`(?:${PREFIXES.join("|")})_[A-Z][A-Z0-9_]{2,40}`, "g"));
  return [...new Set([...names].map(([name]) => name))];
}

/** The result of a program, and the files that it wrote. */
interface Done extends Result {
  readonly files: readonly string[];
}

/** Runs a program in an empty folder, with only these variables. */
async function runIn(dir: string, words: readonly string[], env: Environment): Promise<Done> {
  const result = await run(words, { cwd: dir, env, clearEnv: true });
  const files = [...Deno.readDirSync(dir)].map(({ name }) => name).sort();
  for (const name of files) Deno.removeSync(join(dir, name), { recursive: true });
  return { ...result, files };
}

const COMMANDS: readonly (readonly string[])[] = [
  ["--demo", "-o", "json"],
  ["--demo", "--output-file", "file"],
  ["--version"],
  ["shwo"],
];

/** The environments to try: all variables at once, with values of each kind. */
async function environments(dir: string): Promise<Environment[]> {
  const names = [...new Set([...KNOWN, ...await namesInRuntime()])];
  assert.ok(names.length > KNOWN.length, "the runtime has more names");
  const all = (value: string) => ({
    ...Object.fromEntries(names.map((name) => [name, NUMBERS.test(name) ? "1" : value])),
    TMPDIR: join(dir, "canary"),
  });
  const telemetry = {
    OTEL_DENO: "true",
    OTEL_EXPORTER_OTLP_ENDPOINT: "http://127.0.0.1:9",
    OTEL_EXPORTER_OTLP_PROTOCOL: "http/json",
    OTEL_BSP_SCHEDULE_DELAY: "1",
  };
  return [
    all("1"),
    all("true"),
    all(join(dir, "canary")),
    { ...all("debug"), DENO_V8_FLAGS: V8_FLAGS, V8_FLAGS, NODE_OPTIONS, ...telemetry },
  ];
}

Deno.test({
  name: "the binary does the same in any environment",
  ignore: BINARY.ignore,
  fn: () =>
    withTempDir(async (dir) => {
      const [program] = await BINARY.words();
      const tried = await environments(dir);
      for (const words of COMMANDS) {
        const expected = await runIn(dir, [program!, ...words], {});
        for (const env of tried) {
          assert.deepEqual(await runIn(dir, [program!, ...words], env), expected, words.join(" "));
        }
      }
    }),
});

Deno.test({
  name: "the binary does nothing if a variable prevents its runtime from starting",
  ignore: BINARY.ignore,
  fn: () =>
    withTempDir(async (dir) => {
      const [program] = await BINARY.words();
      for (const env of FATAL) {
        const { code, stdout, files } = await runIn(dir, [program!, "record", "file"], env);
        assert.notEqual(code, 0);
        assert.deepEqual([stdout, files], ["", []]);
      }
    }),
});

Deno.test("V8's flags have a visible effect in a Deno that is not a compiled program", () =>
  withTempDir(async (dir) => {
    const words = [Deno.execPath(), "eval", "--quiet", "for (let i = 0; i < 9; i++) String(i)"];
    const without = await runIn(dir, words, { DENO_DIR: dir });
    const withFlags = await runIn(dir, words, { DENO_DIR: dir, DENO_V8_FLAGS: V8_FLAGS });
    assert.notDeepEqual(withFlags, without);
  }));

/**
 * The files that a program looked for and the sockets that it opened, without what differs by run,
 * and without the memory limit of the control group, which the runtime reads with DENO_USE_CGROUPS.
 */
async function touched(dir: string, words: readonly string[], env: Environment): Promise<string[]> {
  const log = await Deno.makeTempFile();
  try {
    await runIn(dir, ["strace", "-f", "-o", log, "-e", "trace=%file,%network", ...words], env);
    const lines = (await Deno.readTextFile(log)).split("\n");
    const calls = lines.map((line) => line.replace(/^\d+ +/, "").replace(/ = .*$/, ""));
    const named = calls.filter((call) =>
      /^[a-z0-9_]+\(/.test(call) && !call.startsWith("exec") && !call.includes("/sys/fs/cgroup/")
    );
    return [...new Set(named.map((call) => call.replaceAll(/\d+/g, "N")))].sort();
  } finally {
    await Deno.remove(log);
  }
}

Deno.test({
  name: "the binary looks for the same files and opens the same sockets in any environment",
  ignore: BINARY.ignore || cannotFind({ strace: "strace" }),
  fn: () =>
    withTempDir(async (dir) => {
      const [program] = await BINARY.words();
      const words = [program!, "--demo", "-o", "json"];
      const PATH = Deno.env.get("PATH")!;
      const expected = await touched(dir, words, { PATH });
      assert.ok(expected.some((call) => call.startsWith("openat(")), expected.join("\n"));
      for (const env of await environments(dir)) {
        assert.deepEqual(await touched(dir, words, { ...env, PATH }), expected);
      }
    }),
});
