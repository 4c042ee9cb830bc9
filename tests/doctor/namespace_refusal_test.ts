import assert from "node:assert/strict";
import { explainNamespace } from "../../lib/doctor/namespace_refusal.ts";
import { NamespaceError } from "../../lib/netlink/errors.ts";
import { fakeMachine } from "./_machine.ts";

const EPERM = 1, ENOENT = 2, EACCES = 13, EINVAL = 22;

/** A thread without capabilities; bounding allows all. */
const FILES = fakeMachine({
  changes: {
    "/proc/thread-self/status":
      "CapPrm:\t0000000000000000\nCapEff:\t0000000000000000\nCapBnd:\t000001ffffffffff\nNoNewPrivs:\t0\n",
    "/proc/thread-self/ns/user": "user:[4026531837]",
    "/proc/thread-self/exe": "/usr/bin/ipvstat",
  },
});

Deno.test("explainNamespace() names the capability that a step needs", () => {
  const cases: [NamespaceError, string][] = [
    [new NamespaceError("web", "setns", EPERM), "CAP_SYS_ADMIN"],
    [new NamespaceError("17", "open", EACCES), "CAP_SYS_PTRACE"],
    [new NamespaceError("/proc/17/ns/net", "open", EACCES), "CAP_SYS_PTRACE"],
    [new NamespaceError("all", "list", EACCES, "of 3 processes"), "CAP_SYS_PTRACE"],
  ];
  for (const [error, capability] of cases) {
    const { isRefused, line, hint } = explainNamespace(error, FILES);
    assert.ok(isRefused);
    assert.match(line, new RegExp(`: ${capability} is neither effective nor permitted$`));
    assert.equal(hint, "try: sudo ipvstat");
  }
});

Deno.test("explainNamespace() does not name a capability for a file that is not readable", () => {
  const { isRefused, line } = explainNamespace(new NamespaceError("./x", "open", EACCES), FILES);
  assert.ok(isRefused);
  assert.doesNotMatch(line, /CAP_/);
});

Deno.test("explainNamespace() says where a namespace was looked for", () => {
  const lineOf = (name: string) =>
    explainNamespace(new NamespaceError(name, "open", ENOENT), FILES).line;
  assert.match(lineOf("17"), /of process 17: it does not exist$/);
  assert.match(lineOf("./x"), /no network namespace \.\/x$/);
  assert.match(lineOf("web"), /"web" in \/run\/netns or /);
});

Deno.test("explainNamespace() repeats any other reason", () => {
  const error = new NamespaceError(
    "/etc/hostname",
    "setns",
    EINVAL,
    "it is not a network namespace",
  );
  const { isRefused, line } = explainNamespace(error, FILES);
  assert.ok(!isRefused);
  assert.equal(line, "Cannot read network namespace /etc/hostname: it is not a network namespace");
});
