/** The configuration in rules of ipvsadm. */
import assert from "node:assert/strict";
import fc from "fast-check";
import { replay } from "../../mod.ts";
import { encodeIpvsadm } from "../../lib/output/ipvsadm.ts";
import { compareConfigurations } from "../../lib/query/comparison.ts";
import { type Configuration, configurationOf } from "../../lib/query/configuration.ts";
import { parseRules } from "../../lib/query/rules.ts";
import { asSaved } from "../../lib/query/saved_rules.ts";

function testdata(path: string): Uint8Array<ArrayBuffer> {
  return Deno.readFileSync(new URL(`../../testdata/${path}`, import.meta.url));
}

function textOf(path: string): string {
  return new TextDecoder().decode(testdata(path));
}

/** The only virtual server of rules. */
function only({ virtualServers }: Configuration) {
  assert.equal(virtualServers.length, 1);
  return virtualServers[0]!;
}

for (const name of ["demo", "hard", "empty"]) {
  Deno.test(`parseRules() of ipvsadm -Sn is what was recorded at the same moment: ${name}`, () => {
    const recorded = configurationOf(replay(testdata(`${name}/capture.pcap`)));
    const saved = parseRules(textOf(`${name}/ipvsadm-save.txt`));
    const lines = textOf(`${name}/ipvsadm-save.txt`).split("\n");
    assert.equal(saved.virtualServers.length, lines.filter((line) => /^-A/.test(line)).length);
    assert.equal(
      saved.virtualServers.flatMap(({ realServers }) => realServers).length,
      lines.filter((line) => /^-a/.test(line)).length,
    );
    const compared = compareConfigurations(asSaved(recorded), saved, { counters: false });
    assert.deepEqual(compared.virtualServers, []);
    const notSaved = ["netmask", "upper_threshold", "lower_threshold"];
    assert.deepEqual([...compared.notCompared].sort(), name === "empty" ? [] : notSaved.sort());
  });
}

Deno.test("parseRules() of show -o ipvsadm is the table, with thresholds", () => {
  const snapshot = replay(testdata("hard/capture.pcap"));
  let text = "";
  encodeIpvsadm(snapshot, (chunk) => void (text += new TextDecoder().decode(chunk)));
  const recorded = asSaved(configurationOf(snapshot));
  const compared = compareConfigurations(recorded, asSaved(parseRules(text)), { counters: false });
  assert.deepEqual(compared.virtualServers, []);
  const reals = parseRules(text).virtualServers.flatMap(({ realServers }) => realServers);
  assert.deepEqual(
    reals.map(({ fields }) => fields.upper_threshold).filter((value) => value !== undefined),
    [1000, 65536, 2147483647],
  );
});

Deno.test("parseRules() finds every change of a word in the rules of the hard cases", () => {
  const lines = textOf("hard/ipvsadm-save.txt").trimEnd().split("\n");
  const all = parseRules(lines.join("\n"));
  const changes: [RegExp, string][] = [
    [/^(-A .*)-s rr/, "$1-s lc"],
    [/ -p 300/, " -p 301"],
    [/ -M 64$/, " -M 65"],
    [/255.255.255.254/, "255.255.255.252"],
    [/ --pe sip/, ""],
    [/ -o$/, ""],
    [/ -b sh-port/, " -b sh-fallback"],
    [/ -m /, " -g "],
    [/ -w 65536/, " -w 65537"],
    [/--tun-type gre/, "--tun-type gue"],
    [/--tun-port 6080/, "--tun-port 6081"],
    [/--tun-remcsum/, "--tun-csum"],
  ];
  for (const [pattern, replacement] of changes) {
    const at = lines.findIndex((line) => pattern.test(line));
    const line = lines[at]!.replace(pattern, replacement);
    const changed = parseRules(lines.with(at, line).join("\n"));
    const { virtualServers } = compareConfigurations(all, changed, { counters: false });
    assert.equal(virtualServers.length, 1, line);
  }
});

Deno.test("parseRules() understands the long names of options and ipvsadm's defaults", () => {
  const short = parseRules(
    "-A -t 10.0.0.1:80 -s wlc -p 300 -M 255.255.255.0 -o -b flag-1\n" +
      "-a -t 10.0.0.1:80 -r 10.1.0.1:80 -i -w 7 -x 9 -y 5 --tun-type gue --tun-port 6080 --tun-csum\n" +
      "-a -t 10.0.0.1:80 -r 10.1.0.2:80 -g -w 1",
  );
  const long = parseRules(
    "# a comment\n\n" +
      "--add-service --tcp-service 10.0.0.1:80 --persistent --netmask=255.255.255.0 --ops " +
      "--sched-flags flag-1\n" +
      "--add-server --tcp-service 10.0.0.1:80 --real-server 10.1.0.1 --ipip --weight=7 " +
      "--u-threshold 9 --l-threshold 5 --tun-type gue --tun-port 6080 --tun-csum\n" +
      "  --add-server --tcp-service 10.0.0.1:80 --real-server 10.1.0.2:99\n",
  );
  assert.deepEqual(long, short);
  assert.deepEqual(only(long).fields, {
    sched: "wlc",
    sched_flags: ["flag-1"],
    persistent: true,
    persistence_timeout: 300,
    netmask: 24,
    one_packet: true,
    pe: null,
  });
  assert.deepEqual(only(long).realServers.map(({ fields }) => fields), [
    {
      forwarding_method: "tunnel",
      tunnel_type: "gue",
      tunnel_port: 6080,
      tunnel_checksum: "csum",
      weight: 7,
      upper_threshold: 9,
      lower_threshold: 5,
    },
    {
      forwarding_method: "droute",
      tunnel_type: null,
      tunnel_port: null,
      tunnel_checksum: null,
      weight: 1,
    },
  ]);
});

Deno.test("parseRules() finds the same address in every spelling, and fwmarks of either sign", () => {
  const key = (line: string) => only(parseRules(line)).key;
  assert.equal(key("-A -t [2001:DB8:0:0::1]:80"), "tcp [2001:db8::1]:80");
  assert.equal(key("-A -u [::1.2.3.4]:53"), "udp [::102:304]:53");
  assert.equal(key("-A --sctp-service 10.0.0.1"), "sctp 10.0.0.1:0");
  assert.equal(key("-A -f -1"), "fwmark 4294967295 inet");
  assert.equal(key("-A -f 2147483648 -6"), "fwmark 2147483648 inet6");
});

Deno.test("a real server keeps its port with a fwmark, and else only if it is masqueraded", () => {
  const port = (service: string, rest: string) =>
    only(parseRules(`-A ${service}\n-a ${service} -r 10.1.0.1:99 ${rest}`)).realServers[0]!.port;
  assert.equal(port("-t 10.0.0.1:80", "-m"), 99);
  assert.equal(port("-t 10.0.0.1:80", "-g"), 80);
  assert.equal(port("-t 10.0.0.1:80", "-i"), 80);
  assert.equal(port("-f 3", "-g"), 99);
});

Deno.test("asSaved() leaves out what ipvsadm does not save", () => {
  const recorded = parseRules("-A -u 10.0.0.1:53 -s sh -b sh-port,flag-3\n-A -f 1 -b flag-3");
  assert.deepEqual(
    asSaved(recorded).virtualServers.map(({ fields }) => fields.sched_flags),
    [["sh-port"], ["flag-3"]],
  );
  const bypass = parseRules("-A -f 1\n-a -f 1 -r 10.1.0.1:80 (null) -w 1");
  assert.ok(!("forwarding_method" in only(bypass).realServers[0]!.fields));
});

const REFUSED: [rules: string, message: RegExp][] = [
  ["-A -t www.example:http -s rr", /^line 1: "www\.example:http" .* ipvsadm -Sn$/],
  ["-A -t 10.0.0.1:http", /ipvsadm -Sn$/],
  ["\n-A -t 10.0.0.1:80\n-a -t 10.0.0.1:80 -r real1:80", /^line 3: "real1:80" /],
  [
    "-a -t 10.0.0.1:80 -r 10.1.0.1:80",
    /^line 1: tcp 10\.0\.0\.1:80 is not added by an earlier rule$/,
  ],
  ["-A -f 1\n-A -f 1", /^line 2: fwmark 1 inet is added twice$/],
  ["-A -f 1\n-a -f 1 -r 10.1.0.1\n-a -f 1 -r 10.1.0.1:0", /^line 3: 10\.1\.0\.1:0 is added twice/],
  ["-D -t 10.0.0.1:80", /^line 1: unknown option "-D"/],
  ["-A - -f 1", /unknown option "-"/],
  ["-t 10.0.0.1:80", /neither -A nor -a/],
  ["-A -s rr", /no -t, -u, --sctp-service or -f$/],
  ["-A -f 1\n-a -f 1", /^line 2: it has no -r$/],
  ["-A -f 1 -s", /^line 1: -s has no argument$/],
  ["-A -f x", /"x" is not a number/],
  ["-A -t 10.0.0.1:65536", /"65536" is not a number from 0 to 65535/],
  ["-A -f 1 -p 3 -M 255.255.0.256", /not a netmask/],
];

Deno.test("parseRules() refuses what is not a rule, with the number of the line", () => {
  for (const [rules, message] of REFUSED) {
    assert.throws(() => parseRules(rules), { name: "ConfigurationError", message }, rules);
  }
});

Deno.test("parseRules() of any text is a configuration or a ConfigurationError", () => {
  const words = fc.constantFrom(
    ..."-A -a -t -f -6 -s -p -M -b -r -m -i -g -w -x --pe --tun-type rr 1 -1 10.0.0.1:80 [::1]:0 \n"
      .split(" "),
  );
  fc.assert(fc.property(fc.array(fc.oneof(words, fc.string())), (list) => {
    try {
      parseRules(list.join(" "));
    } catch (error) {
      assert.equal((error as Error).name, "ConfigurationError", String(error));
    }
  }));
});
