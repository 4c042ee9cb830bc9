/** Text from elsewhere that is printed for people cannot control a terminal. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { Recorder } from "../../lib/capture/recorder.ts";
import { collect, type Source } from "../../lib/ipvs/collect.ts";
import { type Result, withTempDir } from "../_commands.ts";
import { fakeKernel, GET_DEST, procStats } from "../_fake_kernel.ts";
import { PROGRAMS, shell } from "./_programs.ts";

/** Clears the screen in three ways, reverses text, and is long. */
const HOSTILE = `\x1b[2J\x9b2J\nok\u202e\u200b${"x".repeat(5000)}\x1b]0;title\x07`;
const SHOWN = "\\x1b[2J\\x9b2J\\nok\\u202e\\u200bxxx";
const MOST = 1000;

/** Asserts a message of one line, of limited length and printable characters. */
function assertHarmless({ code, stdout, stderr }: Result, exitCode: number, name: string): void {
  assert.match(stderr, /^ipvstat: [\x20-\x7e…]+\n$/, name);
  assert.ok(stderr.length < MOST, `${name}: ${stderr.length}`);
  assert.deepEqual([code, stdout], [exitCode, ""], name);
}

/** Records a source while it is read by `read`. */
function recordingOf(source: Source, read: (recorded: Source) => void): Uint8Array {
  const parts: Uint8Array[] = [];
  new Recorder((bytes) => parts.push(bytes.slice())).round(source, read);
  return Uint8Array.from(parts.flatMap((part) => [...part]));
}

function hostileProc(): Uint8Array {
  const text = procStats({}).replace(/\b0 /, `${HOSTILE.replaceAll("\n", "\r")} `);
  const source = fakeKernel({ services: [{ fwmark: 1 }], proc: { ip_vs_stats: text } });
  return recordingOf(source, (recorded) =>
    collect({
      ...recorded,
      readProc(name) {
        recorded.readProc(name);
        return undefined;
      },
    }));
}

function hostileRefusal(): Uint8Array {
  const source = fakeKernel({
    services: [{ fwmark: 1 }],
    onRequest: ({ command }) => command === GET_DEST ? { errno: 22, text: HOSTILE } : undefined,
  });
  return recordingOf(source, (recorded) => assert.throws(() => collect(recorded)));
}

const CAPTURES = { hostileProc, hostileRefusal };

for (const program of PROGRAMS) {
  const test = (what: string, body: (cwd: string) => Promise<void>) =>
    Deno.test({
      name: `${program.name}: ${what}`,
      ignore: program.ignore,
      fn: () => withTempDir(body),
    });

  test("a hostile word of the command line is escaped", async () => {
    const env = { HOSTILE };
    for (
      const [script, code] of [
        [`ipvstat "$HOSTILE"`, 2],
        [`ipvstat "--$HOSTILE"`, 2],
        [`ipvstat -o "$HOSTILE"`, 2],
        [`ipvstat --replay "$HOSTILE"`, 1],
        [`ipvstat --replay "/$\{HOSTILE:0:20}"`, 1],
        [`ipvstat record "none/$HOSTILE"`, 1],
        [`ipvstat --demo --output-file "none/$HOSTILE/../x"`, 1],
      ] as const
    ) {
      assertHarmless(await shell(program, script, { env }), code, script);
    }
    const { stderr } = await shell(program, `ipvstat "$HOSTILE"`, { env });
    assert.ok(stderr.includes(SHOWN), stderr);
  });

  for (const [kind, make] of Object.entries(CAPTURES)) {
    test(`hostile text in a capture is escaped: ${kind}`, async (cwd) => {
      Deno.writeFileSync(join(cwd, "capture.pcap"), make());
      const result = await shell(program, "ipvstat --replay capture.pcap", { cwd });
      assertHarmless(result, 1, kind);
      const detailed = await shell(program, "ipvstat --replay capture.pcap --debug", { cwd });
      assert.match(detailed.stderr, /^[\x20-\x7e…\n]+$/);
      assert.ok(detailed.stderr.includes(result.stderr));
    });
  }

  test("a hostile name in a table is escaped", async (cwd) => {
    const source = fakeKernel({ services: [{ fwmark: 1, sched: "\x1b[2J\x9b\u202e" }] });
    Deno.writeFileSync(join(cwd, "capture.pcap"), recordingOf(source, collect));
    const table = await shell(program, "ipvstat --replay capture.pcap", { cwd });
    assert.match(table.stdout, /^fwmark 1 inet +\\x1b\[2J\\x9b\\u202e/m);
    assert.match(table.stdout, /^[\x20-\x7e\n]+$/);
    const json = await shell(program, "ipvstat --replay capture.pcap -o json", { cwd });
    assert.match(json.stdout, /^[\x20-\x7e\n]+$/);
    assert.equal(JSON.parse(json.stdout).virtual_servers[0].sched, "\x1b[2J\x9b\u202e");
  });
}
