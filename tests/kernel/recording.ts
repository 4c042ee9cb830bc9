/** Compares replays of nlmon captures and of ipvstat's recordings with the live snapshot. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { openRecording } from "../../lib/capture/recording.ts";
import { FORMATS } from "../../lib/commands/options.ts";
import { encoder } from "../../lib/commands/show.ts";
import { collect } from "../../lib/ipvs/collect.ts";
import { cannotFind, run, withTempDir } from "../_commands.ts";
import { parseExact } from "./_compare.ts";
import { type Files, seen, textOf } from "./_files.ts";
import type { Fields } from "./_ipvsadm.ts";
import { phase } from "./_guest.ts";
import { requestedCommands } from "./_capture_messages.ts";
import { decodeCapture, virtualServers } from "./_capture_state.ts";

const test = phase("hard_cases.sh");

interface ReplayOptions {
  format?: typeof FORMATS[number];
  round?: number;
}

async function replay(bytes: Uint8Array, { format = "json", round }: ReplayOptions = {}) {
  const encode = await encoder({ format, extended: false, color: false });
  const decoder = new TextDecoder();
  let text = "";
  encode(collect(openRecording(bytes).selectRound(round).play()), (chunk) => {
    text += decoder.decode(chunk, { stream: true });
  });
  return text;
}

function servers(text: string): unknown {
  return parseExact(text).virtual_servers;
}

function live(files: Files): unknown {
  return servers(textOf(files, "hard.json"));
}

test("the table did not change while it was recorded", (files) => {
  assert.deepEqual(servers(textOf(files, "hard-again.json")), live(files));
  assert.equal((live(files) as Fields[]).length, 60);
});

test("a capture of ipvsadm -Ln replays to the servers and counters of the live snapshot", async (files) => {
  assert.deepEqual(servers(await replay(files["ipvsadm.pcap"]!)), live(files));
});

test("a capture of three programs replays each of them", async (files) => {
  for (const round of [1, 2, 3]) {
    const replayed = await replay(files["three.pcap"]!, { round });
    assert.deepEqual(servers(replayed), live(files), `round ${round}`);
  }
});

test("another decoder reads the same table from a recording", (files) => {
  assert.deepEqual(seen(files, "record"), { status: 0, out: "", err: "" });
  for (const name of ["record.pcap", "hard.record"]) {
    assert.deepEqual(virtualServers(decodeCapture(files[name]!)), live(files), name);
  }
});

for (const format of FORMATS) {
  test(`a recording replays to the same ${format} output as when it was recorded`, async (files) => {
    const printed = textOf(files, `hard.${format}`);
    assert.equal(await replay(files["hard.record"]!, { format }), printed);
  });
}

test("the program's recording has the same data as its code read in another process", async (files) => {
  const timeless = (text: string) => ({ ...parseExact(text), time: 0, time_ns: 0, cpus: 0 });
  const replayed = timeless(await replay(files["record.pcap"]!));
  assert.deepEqual(replayed, timeless(textOf(files, "hard.json")));
});

/** Opens the program's recording with another program. */
async function open(files: Files, words: readonly string[]): Promise<{ out: string; err: string }> {
  return await withTempDir(async (dir) => {
    const file = join(dir, "record.pcap");
    await Deno.writeFile(file, files["record.pcap"]!);
    const { code, stdout, stderr } = await run([...words, "-r", file]);
    assert.equal(code, 0, stderr);
    return { out: stdout, err: stderr };
  });
}

test("tcpdump opens a recording without warnings", async (files) => {
  const { out, err } = await open(files, ["tcpdump"]);
  assert.match(err, /link-type NETLINK/);
  assert.doesNotMatch(out + err, /truncated|cut short|bogus|invalid/i);
});

const testWithTshark = phase("hard_cases.sh", { ignore: cannotFind({ tshark: "tshark" }) });

testWithTshark("tshark opens a recording without warnings", async (files) => {
  const { out, err } = await open(files, ["tshark", "-V"]);
  assert.match(out, /Family Name: IPVS|netlink/i);
  assert.doesNotMatch(out + err, /malformed|cut short|corrupt/i);
});

test("show sends only commands that read", (files) => {
  const allowed = ["nlctrl 3", "4", "8", "11", "13", "15"];
  const commands = new Set(requestedCommands(files["three.pcap"]!));
  assert.deepEqual([...commands].filter((command) => !allowed.includes(command)), []);
  const own = new Set(requestedCommands(files["hard.record"]!));
  assert.deepEqual([...own].sort(), [...allowed].sort());
});

/** The system calls of show: "PID name(arguments) = result". */
function calls(files: Files, name: RegExp): string[] {
  const lines = textOf(files, "strace.txt").split("\n");
  return lines.filter((line) => name.test(line.replace(/^\d+ +/, "").split("(")[0]!));
}

test("show opens no file for writing", (files) => {
  const denoDir = textOf(files, "deno-dir.txt").trim();
  const opened = calls(files, /^(open|openat|creat)$/).filter((line) =>
    /O_WRONLY|O_RDWR|O_CREAT|O_TRUNC|O_APPEND|creat\(/.test(line)
  );
  // Deno's cache, which a compiled binary does not have, and /dev/null for the output.
  const allowed = (line: string) => line.includes(`"${denoDir}/`) || line.includes('"/dev/null"');
  assert.deepEqual(opened.filter((line) => !allowed(line)), []);
  const changes = calls(files, /^(unlink|rename|mkdir|rmdir|chmod|chown|truncate|link|symlink)/);
  assert.deepEqual(changes.filter((line) => !allowed(line)), []);
});

test("show starts no process and opens only netlink sockets", (files) => {
  // The wrapper script and the program.
  assert.ok(calls(files, /^execve/).length <= 2);
  const sockets = calls(files, /^socket$/);
  assert.ok(sockets.some((line) => line.includes("NETLINK_GENERIC")));
  assert.deepEqual(sockets.filter((line) => !line.includes("AF_NETLINK")), []);
});
