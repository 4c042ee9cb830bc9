/**
 * The kernel lab: a guest of User Mode Linux with IPVS that sees this machine's files as they are.
 * Every boot has its own folder and, where one is free, a processor of its own.
 */
import { join, relative } from "node:path";
import type { Files } from "./_files.ts";
import { chosenKernel, type Kernel, type KernelName } from "./_kernels.ts";
import {
  attacksCommand,
  checkout,
  denoCommand,
  guestDir,
  modprobe,
  prepare,
  type Prepared,
  quoteShell,
  quoteWords,
  readerCommand,
} from "./_prepare.ts";

export interface BootOptions {
  /** What bash runs in the guest, in an empty folder with the `files` in it. */
  script: string;
  /** The default is IPVSTAT_KERNEL, or the fastest. */
  kernel?: KernelName;
  /** The words that start the program under test; the default is the checkout's cli.ts. */
  program?: readonly string[];
  files?: Record<string, string | Uint8Array>;
  /** Kernel modules to load first. */
  modules?: readonly string[];
  env?: Record<string, string>;
  /** Only ends a hang: no test may depend on how fast a guest is. */
  timeoutMs?: number;
  /** As the kernel takes it: "1G". */
  memory?: string;
  /** The script gets this process's terminal; nothing is captured. */
  interactive?: boolean;
}

export interface BootResult {
  status: number;
  stdout: string;
  stderr: string;
  /** What the script left in "$LAB_OUT", by the path in there. */
  files: Files;
}

/** The guest did not come to its end. */
export class LabError extends Error {
  override name = "LabError";
}

/** More than an hour: ten times what a slow machine takes for all the tests of one kernel. */
const TIMEOUT_MS = 4_000_000;

export const usualModules = ["ip_vs", "nlmon", "dummy", "veth"];

async function writeExecutable(path: string, text: string): Promise<void> {
  await Deno.writeTextFile(path, text);
  await Deno.chmod(path, 0o755);
}

async function writeCommands(dir: string, prepared: Prepared, options: BootOptions): Promise<void> {
  await Deno.mkdir(join(dir, "bin"));
  const commands = {
    ipvstat: options.program ?? denoCommand(),
    // Deno 2.9 by itself, for checks that are not about the process.
    reader: readerCommand(),
    attacks: attacksCommand(),
    modprobe: [modprobe(), "-d", prepared.kernel.modules],
  };
  for (const [name, words] of Object.entries(commands)) {
    const text = `#!/bin/sh\nexec ${quoteWords(words)} "$@"\n`;
    await writeExecutable(join(dir, "bin", name), text);
  }
  for (const [name, target] of Object.entries(prepared.helpers)) {
    await Deno.symlink(target, join(dir, "bin", name));
  }
}

function environment(dir: string, kernel: Kernel, options: BootOptions): string {
  const values: Record<string, string> = {
    PATH: `${dir}/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin`,
    HOME: join(dir, "home"),
    TMPDIR: "/run/tmp",
    DENO_DIR: join(dir, "deno"),
    DENO_NO_UPDATE_CHECK: "1",
    LAB_OUT: join(dir, "out"),
    LAB_GUEST: guestDir,
    LAB_CHECKOUT: checkout,
    LAB_PACKAGED_MODULES: kernel.packagedModules,
    LAB_MODULES: (options.modules ?? usualModules).join(" "),
    LAB_INTERACTIVE: options.interactive ? "1" : "",
    ...options.env,
  };
  return Object.entries(values).map(([name, value]) => `export ${name}=${quoteShell(value)}\n`)
    .join("");
}

async function furnish(dir: string, options: BootOptions): Promise<Prepared> {
  // In a user namespace of the guest the owner is a stranger.
  await Deno.chmod(dir, 0o755);
  for (const name of ["home", "out", "work"]) await Deno.mkdir(join(dir, name));
  const prepared = await prepare(join(dir, "deno"), options.kernel ?? chosenKernel());
  await writeCommands(dir, prepared, options);
  await Deno.writeTextFile(join(dir, "env.sh"), environment(dir, prepared.kernel, options));
  await Deno.writeTextFile(join(dir, "script.sh"), options.script);
  for (const [name, content] of Object.entries(options.files ?? {})) {
    const bytes = typeof content === "string" ? new TextEncoder().encode(content) : content;
    await Deno.writeFile(join(dir, "work", name), bytes);
  }
  return prepared;
}

/**
 * Takes the first processor that no other guest has, and any where all are taken. A guest that
 * moves between processors takes up to twice the time.
 */
const startOnFreeProcessor = `
cache=$1 console=$2; shift 2
[ -z "$console" ] || exec > "$console" 2>&1
list=$(sed -n 's/^Cpus_allowed_list:[[:space:]]*//p' /proc/self/status)
for cpu in $(echo "$list" | tr , '\\n' | while IFS=- read -r a b; do seq "$a" "\${b:-$a}"; done); do
  flock -n -E 99 "$cache/cpu$cpu.lock" taskset -c "$cpu" "$@"
  status=$?
  [ $status -eq 99 ] || exit $status
done
exec "$@"
`;

function startWords(dir: string, prepared: Prepared, options: BootOptions): string[] {
  const seconds = String(Math.ceil((options.timeoutMs ?? TIMEOUT_MS) / 1000));
  // On a terminal timeout would take the guest out of the foreground.
  const limit = options.interactive ? [] : ["timeout", "-s", "KILL", seconds];
  return [
    ...["sh", "-c", startOnFreeProcessor, "sh", prepared.cache],
    options.interactive ? "" : join(dir, "console"),
    ...limit,
    ...["env", `LD_PRELOAD=${prepared.shim}`, prepared.kernel.program],
    ...["root=/dev/root", "rootfstype=hostfs", "rootflags=/", "rw"],
    ...prepared.kernel.words,
    `mem=${options.memory ?? "1G"}`,
    "init=/bin/bash",
    `LAB_DIR=${dir}`,
    // Where it keeps its process id: in lab/pid.
    ...[`uml_dir=${dir}/`, "umid=lab"],
    ...["con=null", "con0=fd:0,fd:1", "quiet"],
    // What stands behind "--" goes to init.
    ...["--", join(guestDir, "init.sh")],
  ];
}

async function readIfThere(path: string): Promise<string> {
  return await Deno.readTextFile(path).catch(() => "");
}

async function readFiles(top: string, dir = top): Promise<Files> {
  const files: Files = {};
  for await (const { name, isFile, isDirectory } of Deno.readDir(dir)) {
    const path = join(dir, name);
    if (isFile) files[relative(top, path)] = await Deno.readFile(path);
    if (isDirectory) Object.assign(files, await readFiles(top, path));
  }
  return files;
}

async function readResult(dir: string, status: string): Promise<BootResult> {
  return {
    status: Number(status),
    stdout: await readIfThere(join(dir, "stdout")),
    stderr: await readIfThere(join(dir, "stderr")),
    files: await readFiles(join(dir, "out")),
  };
}

async function death(dir: string, code: number): Promise<LabError> {
  const how = code === 137 ? "was killed, by the time limit or for want of memory" : `left ${code}`;
  const tails = ["console", "stdout", "stderr"].map(async (name) => {
    const lines = (await readIfThere(join(dir, name))).trimEnd().split("\n");
    return `--- ${name}\n${lines.slice(-40).join("\n")}`;
  });
  return new LabError(
    `The guest ended without a status: linux.uml ${how}\n${(await Promise.all(tails)).join("\n")}`,
  );
}

/** A guest killed leaves helpers behind, in the process group that it made for itself. */
async function killHelpers(dir: string): Promise<void> {
  const pid = (await readIfThere(join(dir, "lab", "pid"))).trim();
  if (pid === "") return;
  await new Deno.Command("kill", { args: ["-KILL", "--", `-${pid}`], stderr: "null" }).output();
}

/**
 * Boots a guest, runs the script in it, and gives back what it said and left.
 *
 * @throws LabError where the guest died or took too long
 */
export async function boot(options: BootOptions): Promise<BootResult> {
  const dir = await Deno.makeTempDir({ prefix: "ipvstat-lab-" });
  try {
    const prepared = await furnish(dir, options);
    const [command, ...args] = startWords(dir, prepared, options);
    const stdin = options.interactive ? "inherit" : "null";
    const { code } = await new Deno.Command(command!, { args, stdin }).spawn().status;
    const status = (await readIfThere(join(dir, "status"))).trim();
    if (status !== "") return await readResult(dir, status);
    await killHelpers(dir);
    throw await death(dir, code);
  } finally {
    // IPVSTAT_LAB_KEEP=1 leaves the folder for a look at what the guest saw.
    if (!Deno.env.get("IPVSTAT_LAB_KEEP")) await Deno.remove(dir, { recursive: true });
  }
}
