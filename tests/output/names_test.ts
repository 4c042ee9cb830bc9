import assert from "node:assert/strict";
import { collect } from "../../lib/ipvs/collect.ts";
import { encodeCsv } from "../../lib/output/csv.ts";
import { encodeInflux } from "../../lib/output/influx.ts";
import { encodeJson } from "../../lib/output/json.ts";
import { encodePrometheus } from "../../lib/output/prometheus.ts";
import { parseNames, withNames } from "../../lib/query/names.ts";
import { fakeKernel } from "../_fake_kernel.ts";
import { textOf } from "../_output_parsers.ts";
import { only, table } from "./_table.ts";

const SNAPSHOT = collect(fakeKernel({
  services: [{ address: "10.0.0.1", port: 80, destinations: [{ address: "10.1.0.1" }] }, {
    fwmark: 1,
  }],
}));
const NAMED = withNames(
  SNAPSHOT,
  parseNames(
    String
      .raw`{"name":"shop/\"web\"","address":"10.0.0.1","labels":{"app.io/tier":"a\\b","app_io_tier":"c"}}` +
      '\n{"name":"pod\\u001b","address":"10.1.0.1"}',
  ),
);

Deno.test("names are a metric of their own in Prometheus, and no label of any other", () => {
  const plain = textOf((sink) => encodePrometheus(SNAPSHOT, sink)).split("\n");
  const named = textOf((sink) => encodePrometheus(NAMED, sink)).split("\n");
  assert.deepEqual(named.filter((line) => !plain.includes(line)), [
    "# HELP ipvs_virtual_server_name_info Name of the virtual server, and its labels.",
    "# TYPE ipvs_virtual_server_name_info gauge",
    'ipvs_virtual_server_name_info{virtual_address_family="inet",virtual_protocol="tcp",' +
    'virtual_address="10.0.0.1",virtual_port="80",name="shop/\\"web\\"",' +
    'label_app_io_tier="a\\\\b"} 1',
  ]);
  assert.equal(named.length, plain.length + 3);
});

Deno.test("names are members in JSON and cells in CSV", () => {
  const [virtual, mark] = JSON.parse(textOf((sink) => encodeJson(NAMED, sink))).virtual_servers;
  assert.equal(virtual.name, 'shop/"web"');
  assert.deepEqual(virtual.name_labels, ["app.io/tier=a\\b", "app_io_tier=c"]);
  assert.equal(virtual.real_servers[0].name, "pod\x1b");
  assert.ok(!("name" in mark));
  const columns = ["virtual_address", "name"];
  assert.equal(
    textOf((sink) => encodeCsv(NAMED, sink, { columns })),
    'virtual_address,name\r\n10.0.0.1,"shop/""web"""\r\n10.0.0.1,pod\x1b\r\n,\r\n',
  );
});

Deno.test("the table has names before the settings, without control characters", () => {
  const lines = table(NAMED).split("\n");
  assert.match(only(lines, "tcp 10.0.0.1:80"), /^tcp 10\.0\.0\.1:80 +shop\/"web", rr /);
  assert.match(only(lines, "  10.1.0.1:0"), /^ {2}10\.1\.0\.1:0 +pod\S*, masq /);
  assert.ok(!lines.join("").includes("\x1b"));
});

Deno.test("names are not in line protocol, where they would make new series", () => {
  const encode = (snapshot: typeof NAMED) =>
    textOf((sink) => encodeInflux(snapshot, sink, { extended: true }));
  assert.equal(encode(NAMED), encode(SNAPSHOT));
});
