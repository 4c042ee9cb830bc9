/**
 * The kernel lab: boots User Mode Linux with IPVS on the host's file system. Each boot has its own
 * directory and, if one is free, its own processor.
 */
import { join, relative } from "node:path";
import type { Files } from "./_files.ts";
import { chosenKernel, type Kernel, type KernelName } from "./_kernels.ts";
import {
  attacksCommand,
  checkout,
  denoCommand,
  exampleCommand,
  guestDir,
  modprobe,
  prepare,
  type Prepared,
  quoteShell,
  quoteWords,
  readerCommand,
} from "./_prepare.ts";

/** Options of {@linkcode boot}. */
export interface BootOptions {
  /** The bash script to run in the guest, in a directory with only `files`. */
  script: string;
  /** The kernel (default: IPVSTAT_KERNEL, or the fastest). */
  kernel?: KernelName;
  /** The command of the program under test (default: cli.ts). */
  program?: readonly string[];
  files?: Record<string, string | Uint8Array>;
  /** Kernel modules to load before the script. */
  modules?: readonly string[];
  env?: Record<string, string>;
  /** Ends a guest that hangs; tests must not depend on the speed of the guest. */
  timeoutMs?: number;
  /** The memory size for the kernel (default: "1G"). */
  memory?: string;
  /** Whether to connect the script to the terminal instead of capturing its output. */
  interactive?: boolean;
}

/** The result of the script. */
export interface BootResult {
  status: number;
  stdout: string;
  stderr: string;
  /** The files in "$LAB_OUT", by path. */
  files: Files;
}

/** The guest died before the script ended. */
export class LabError extends Error {
  override name = "LabError";
}

/** Four hours: several times what all tests of a kernel take at a third of a slow machine's speed. */
const TIMEOUT_MS = 14_400_000;

/** The modules that most scripts need. */
export const usualModules = ["ip_vs", "nlmon", "dummy", "veth"];

async function writeExecutable(path: string, text: string): Promise<void> {
  await Deno.writeTextFile(path, text);
  await Deno.chmod(path, 0o755);
}

async function writeCommands(dir: string, prepared: Prepared, options: BootOptions): Promise<void> {
  await Deno.mkdir(join(dir, "bin"));
  const commands = {
    ipvstat: options.program ?? denoCommand(),
    // A single Deno process, for checks that do not need a new process of the program.
    reader: readerCommand(),
    attacks: attacksCommand(),
    example: exampleCommand(),
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

async function prepareDirectory(dir: string, options: BootOptions): Promise<Prepared> {
  // The owner is unknown in a user namespace of the guest.
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
 * Runs a command on the first processor that no other guest uses, or on any if all are in use. A
 * guest that moves between processors takes up to twice the time.
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

function startCommand(dir: string, prepared: Prepared, options: BootOptions): string[] {
  const seconds = String(Math.ceil((options.timeoutMs ?? TIMEOUT_MS) / 1000));
  // On a terminal, timeout would put the guest in the background.
  const limit = options.interactive ? [] : ["timeout", "-s", "KILL", seconds];
  return [
    ...["sh", "-c", startOnFreeProcessor, "sh", prepared.cache],
    options.interactive ? "" : join(dir, "console"),
    ...limit,
    ...["env", `LD_PRELOAD=${prepared.shim}`, prepared.kernel.program],
    ...["root=/dev/root", "rootfstype=hostfs", "rootflags=/", "rw"],
    ...prepared.kernel.args,
    `mem=${options.memory ?? "1G"}`,
    "init=/bin/bash",
    `LAB_DIR=${dir}`,
    // The directory for its process ID, in lab/pid.
    ...[`uml_dir=${dir}/`, "umid=lab"],
    ...["con=null", "con0=fd:0,fd:1", "quiet"],
    // Arguments after "--" are passed to init.
    ...["--", join(guestDir, "init.sh")],
  ];
}

async function readIfExists(path: string): Promise<string> {
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
    stdout: await readIfExists(join(dir, "stdout")),
    stderr: await readIfExists(join(dir, "stderr")),
    files: await readFiles(join(dir, "out")),
  };
}

/** The error for a guest that died, with the end of its output. */
async function deathError(dir: string, code: number): Promise<LabError> {
  const how = code === 137
    ? "was killed, by the time limit or out of memory"
    : `exited with ${code}`;
  const tails = ["console", "stdout", "stderr"].map(async (name) => {
    const lines = (await readIfExists(join(dir, name))).trimEnd().split("\n");
    return `--- ${name}\n${lines.slice(-40).join("\n")}`;
  });
  return new LabError(
    `The guest ended without a status: linux.uml ${how}\n${(await Promise.all(tails)).join("\n")}`,
  );
}

/** Kills the helper processes of a killed guest, which are in its process group. */
async function killHelpers(dir: string): Promise<void> {
  const pid = (await readIfExists(join(dir, "lab", "pid"))).trim();
  if (pid === "") return;
  await new Deno.Command("kill", { args: ["-KILL", "--", `-${pid}`], stderr: "null" }).output();
}

/**
 * Boots a guest, runs the script in it, and returns its output and files.
 *
 * @throws LabError if the guest died or reached the time limit
 */
export async function boot(options: BootOptions): Promise<BootResult> {
  const dir = await Deno.makeTempDir({ prefix: "ipvstat-lab-" });
  try {
    const prepared = await prepareDirectory(dir, options);
    const [command, ...args] = startCommand(dir, prepared, options);
    const stdin = options.interactive ? "inherit" : "null";
    const { code } = await new Deno.Command(command!, { args, stdin }).spawn().status;
    const status = (await readIfExists(join(dir, "status"))).trim();
    if (status !== "") return await readResult(dir, status);
    await killHelpers(dir);
    throw await deathError(dir, code);
  } finally {
    // IPVSTAT_LAB_KEEP=1 keeps the directory for inspection.
    if (!Deno.env.get("IPVSTAT_LAB_KEEP")) await Deno.remove(dir, { recursive: true });
  }
}
