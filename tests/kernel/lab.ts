/**
 * A shell, or one command, in the kernel lab:
 *
 *     deno task lab
 *     deno task lab -- ipvsadm --version
 */
import { boot, missingPackages, quoteShell, usualModules } from "./_lab.ts";

const shellScript = `
cat > /run/bashrc <<'RC'
PS1='lab:\\w# '
. "$LAB_GUEST/topology.sh"
cd "$LAB_CHECKOUT"
echo 'The kernel lab: ip_vs is loaded, ipvstat and ipvsadm are on the PATH.'
echo 'make_topology makes a client, a director (here) and three real servers; exit ends the guest.'
RC
stty rows "$LAB_ROWS" cols "$LAB_COLUMNS" 2> /dev/null
exec bash --rcfile /run/bashrc -i
`;

async function stty(args: string[]): Promise<string> {
  const command = new Deno.Command("stty", { args, stdin: "inherit", stderr: "null" });
  return new TextDecoder().decode((await command.output()).stdout).trim();
}

async function interactive(): Promise<number> {
  const { columns, rows } = Deno.consoleSize();
  const settings = await stty(["-g"]);
  try {
    const { status } = await boot({
      script: shellScript,
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

async function oneCommand(words: string[]): Promise<number> {
  const script = `cd "$LAB_CHECKOUT"\n${words.map(quoteShell).join(" ")}\n`;
  const result = await boot({ script });
  await Deno.stdout.write(new TextEncoder().encode(result.stdout));
  await Deno.stderr.write(new TextEncoder().encode(result.stderr));
  return result.status;
}

async function main(): Promise<number> {
  const missing = missingPackages();
  if (missing) {
    console.error(missing);
    return 1;
  }
  const words = Deno.args[0] === "--" ? Deno.args.slice(1) : Deno.args;
  if (words.length > 0) return await oneCommand(words);
  if (Deno.stdin.isTerminal()) return await interactive();
  console.error("The lab's shell needs a terminal; for one command: deno task lab -- COMMAND");
  return 2;
}

Deno.exit(await main());
