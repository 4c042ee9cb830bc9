/**
 * A shell, or one command, in the kernel lab:
 *
 *     deno task lab
 *     deno task lab -- ipvsadm --version
 *     deno task lab --kernel 6.12 [-- COMMAND]
 */
import { boot, usualModules } from "./_lab.ts";
import { chosenKernel, isKernelName, KERNEL_NAMES, type KernelName } from "./_kernels.ts";
import { missingPackages, quoteWords } from "./_prepare.ts";

const shellScript = `
cat > /run/bashrc <<'RC'
PS1='lab:\\w# '
. "$LAB_GUEST/topology.sh"
cd "$LAB_CHECKOUT"
echo "Kernel lab, Linux $(uname -r): ip_vs is loaded; ipvstat and ipvsadm are on the PATH."
echo 'make_topology sets up a client, a director (here) and three real servers; exit ends the guest.'
RC
stty rows "$LAB_ROWS" cols "$LAB_COLUMNS" 2> /dev/null
exec bash --rcfile /run/bashrc -i
`;

async function stty(args: string[]): Promise<string> {
  const command = new Deno.Command("stty", { args, stdin: "inherit", stderr: "null" });
  return new TextDecoder().decode((await command.output()).stdout).trim();
}

async function runShell(kernel: KernelName): Promise<number> {
  const { columns, rows } = Deno.consoleSize();
  const settings = await stty(["-g"]);
  try {
    const { status } = await boot({
      script: shellScript,
      kernel,
      env: { LAB_ROWS: String(rows), LAB_COLUMNS: String(columns), TERM: "xterm" },
      modules: usualModules,
      interactive: true,
    });
    return status;
  } finally {
    // The guest leaves the terminal in raw mode.
    await stty([settings]);
  }
}

async function runCommand(kernel: KernelName, words: readonly string[]): Promise<number> {
  const script = `cd "$LAB_CHECKOUT"\n${quoteWords(words)}\n`;
  const result = await boot({ script, kernel });
  await Deno.stdout.write(new TextEncoder().encode(result.stdout));
  await Deno.stderr.write(new TextEncoder().encode(result.stderr));
  return result.status;
}

interface Arguments {
  kernel: string;
  command: readonly string[];
}

function parse(words: readonly string[]): Arguments {
  if (words[0] === "--kernel") {
    return { ...parse(words.slice(2)), kernel: words[1] ?? "" };
  }
  return { kernel: chosenKernel(), command: words[0] === "--" ? words.slice(1) : words };
}

/** Prints an error; returns the exit code. */
function printError(line: string, code: number): number {
  console.error(line);
  return code;
}

async function main(): Promise<number> {
  const missing = missingPackages();
  if (missing) return printError(missing, 1);
  const { kernel, command } = parse(Deno.args);
  if (!isKernelName(kernel)) {
    return printError(`--kernel must be one of ${KERNEL_NAMES.join(", ")}`, 2);
  }
  if (command.length > 0) return await runCommand(kernel, command);
  if (Deno.stdin.isTerminal()) return await runShell(kernel);
  return printError("The shell needs a terminal; to run one command: deno task lab -- COMMAND", 2);
}

Deno.exit(await main());
