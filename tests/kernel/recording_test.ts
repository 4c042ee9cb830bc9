/** Captures of nlmon and our own recordings, replayed here and in the guest, against the live reading. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { FORMATS } from "../../lib/commands/options.ts";
import { outputOf, run, withTempDir } from "../_commands.ts";
import { parseExact } from "./_compare.ts";
import { type Files, textOf } from "./_files.ts";
import type { Fields } from "./_ipvsadm.ts";
import { bootScript, oneGuest } from "./_guest.ts";
import { cannotBoot } from "./_lab.ts";
import { ipvstatCommand } from "./_prepare.ts";
import { requestedCommands } from "./_wire.ts";
import { decodeCapture, virtualServers } from "./_wire_ipvs.ts";

const ignore = cannotBoot();

const results = oneGuest(() => bootScript("recording_test.sh"));

function test(name: string, body: (files: Files, dir: string) => void | Promise<void>): void {
  Deno.test({
    name,
    ignore,
    fn: () =>
      withTempDir(async (dir) => {
        const files = await results();
        for (const [name, bytes] of Object.entries(files)) {
          if (name.endsWith(".pcap")) await Deno.writeFile(join(dir, name), bytes);
        }
        await body(files, dir);
      }),
  });
}

async function ipvstat(...args: string[]): Promise<string> {
  return await outputOf([...ipvstatCommand(), ...args]);
}

function servers(text: string): unknown {
  return parseExact(text).virtual_servers;
}

function live(files: Files): unknown {
  return servers(textOf(files, "live.json"));
}

test("the table stood still while it was recorded", (files) => {
  assert.deepEqual(servers(textOf(files, "live-after.json")), live(files));
  assert.equal((live(files) as Fields[]).length, 60);
});

test(
  "a capture of ipvsadm -Ln replays to the live reading's servers and counters",
  async (files, dir) => {
    const replayed = await ipvstat("-o", "json", "--replay", join(dir, "ipvsadm.pcap"));
    assert.deepEqual(servers(replayed), live(files));
    assert.equal(replayed, textOf(files, "ipvsadm-here.json"));
  },
);

test("a capture of three readers replays reader by reader", async (files, dir) => {
  const file = join(dir, "three.pcap");
  for (const round of [["--round", "1"], ["--round", "2"], ["--round", "3"], []]) {
    const replayed = await ipvstat("-o", "json", "--replay", file, ...round);
    assert.deepEqual(servers(replayed), live(files), round.join(" "));
  }
});

test("record keeps what the kernel said, to be read by any decoder", (files) => {
  const kernel = decodeCapture(files["record.pcap"]!);
  assert.deepEqual(virtualServers(kernel), live(files));
});

for (const format of FORMATS) {
  test(
    `a recording replays to the same ${format} here and where it was made`,
    async (files, dir) => {
      const replayed = await ipvstat("-o", format, "--replay", join(dir, "record.pcap"));
      assert.equal(replayed, textOf(files, `here.${format}`));
      assert.equal(await ipvstat("-o", format, "--replay", join(dir, "record.pcap")), replayed);
    },
  );
}

test("a replayed recording has all that the live reading had", (files) => {
  const [ours, replayed] = ["live.json", "here.json"].map((name) =>
    parseExact(textOf(files, name))
  );
  const timeless = (json: Fields) => ({ ...json, time: 0, time_ns: 0, cpus: 0 });
  assert.deepEqual(timeless(replayed!), timeless(ours!));
});

test("tcpdump opens a recording without a complaint", async (_files, dir) => {
  const { code, stdout, stderr } = await run(["tcpdump", "-r", join(dir, "record.pcap")]);
  assert.equal(code, 0, stderr);
  assert.match(stderr, /link-type NETLINK/);
  assert.doesNotMatch(stdout + stderr, /truncated|cut short|bogus|invalid/i);
});

test("tshark opens a recording without a complaint", async (_files, dir) => {
  const { code, stdout, stderr } = await run(["tshark", "-r", join(dir, "record.pcap"), "-V"]);
  assert.equal(code, 0, stderr);
  assert.match(stdout, /Family Name: IPVS|netlink/i);
  assert.doesNotMatch(stdout + stderr, /malformed|cut short|corrupt/i);
});

test("show sends the kernel no command but the readings", (files) => {
  const allowed = ["nlctrl 3", "4", "8", "11", "13", "15"];
  const commands = new Set(requestedCommands(files["three.pcap"]!));
  assert.deepEqual([...commands].filter((command) => !allowed.includes(command)), []);
  const own = new Set(requestedCommands(files["record.pcap"]!));
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
  // Deno's own cache, which a compiled binary has not, and the bin for output.
  const allowed = (line: string) => line.includes(`"${denoDir}/`) || line.includes('"/dev/null"');
  assert.deepEqual(opened.filter((line) => !allowed(line)), []);
  const changes = calls(files, /^(unlink|rename|mkdir|rmdir|chmod|chown|truncate|link|symlink)/);
  assert.deepEqual(changes.filter((line) => !allowed(line)), []);
});

test("show starts no process and opens no socket but those of netlink", (files) => {
  // The shell's wrapper, and the program.
  assert.ok(calls(files, /^execve/).length <= 2);
  const sockets = calls(files, /^socket$/);
  assert.ok(sockets.some((line) => line.includes("NETLINK_GENERIC")));
  assert.deepEqual(sockets.filter((line) => !line.includes("AF_NETLINK")), []);
});
