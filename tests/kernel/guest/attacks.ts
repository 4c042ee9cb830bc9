/**
 * Attacks readings of the kernel at each of their requests: reloads or removes ip_vs, forges
 * replies, or fills the receive queue. Everything happens in this process, before a request is
 * sent, so there are no races. Prints the results of all readings as one JSON document.
 */
import { type LiveSource, openLive } from "../../../ffi/live_source.ts";
import { collect, type Source } from "../../../lib/ipvs/collect.ts";
import { NetlinkError } from "../../../lib/netlink/errors.ts";
import type { Transport } from "../../../lib/netlink/transport.ts";
import { encodeJson } from "../../../lib/output/json.ts";

const AF_NETLINK = 16, SOCK_RAW = 3, NETLINK_GENERIC = 16, MSG_DONTWAIT = 0x40;
const NLMSG_ERROR = 2, NLMSG_DONE = 3, EPERM = 1;

const { symbols: libc } = Deno.dlopen("libc.so.6", {
  socket: { parameters: ["i32", "i32", "i32"], result: "i32" },
  sendto: { parameters: ["i32", "buffer", "usize", "i32", "buffer", "u32"], result: "isize" },
});
const forger = libc.socket(AF_NETLINK, SOCK_RAW, NETLINK_GENERIC);

/** Sends bytes to a netlink port; returns false if its queue is full. */
function send(port: number, bytes: Uint8Array<ArrayBuffer>): boolean {
  const address = new DataView(new ArrayBuffer(12)); // struct sockaddr_nl
  address.setUint16(0, AF_NETLINK, true);
  address.setUint32(4, port, true);
  const name = new Uint8Array(address.buffer);
  const length = BigInt(bytes.length);
  return libc.sendto(forger, bytes, length, MSG_DONTWAIT, name, 12) === length;
}

/** Forges the last reply to a request: a control message with a code. */
function lastReply(request: Uint8Array, port: number, type: number, code: number) {
  const message = new DataView(new ArrayBuffer(36));
  message.setUint32(0, 36, true);
  message.setUint16(4, type, true);
  message.setUint32(8, new DataView(request.slice().buffer).getUint32(8, true), true);
  message.setUint32(12, port, true);
  message.setInt32(16, code, true);
  return new Uint8Array(message.buffer);
}

/** Runs before a request; `count` is its number in the reading, from 0. */
type Attack = (count: number, transport: Transport, request: Uint8Array) => void;

/** A live source with an attack before each request; counts requests and restarts. */
class Target implements Source {
  readonly transport: Transport;
  readonly second: Transport;
  readonly now: () => bigint;
  readonly readProc: (name: string) => string | undefined;
  readonly #live: LiveSource;
  readonly #attack: Attack;
  requests = 0;
  restarts = 0;

  constructor(live: LiveSource, attack: Attack) {
    this.#live = live;
    this.#attack = attack;
    this.transport = this.#attacked(live.transport);
    this.second = this.#attacked(live.second);
    this.now = live.now;
    this.readProc = live.readProc;
  }

  restart(): void {
    this.restarts++;
    this.#live.restart();
  }

  #attacked(transport: Transport): Transport {
    const before = (request: Uint8Array) => this.#attack(this.requests++, transport, request);
    return {
      get portId() {
        return transport.portId;
      },
      *exchange(request) {
        before(request);
        yield* transport.exchange(request);
      },
      [Symbol.dispose]() {},
    };
  }
}

function tableOf(source: Source): unknown {
  const snapshot = collect(source);
  let text = "";
  const decoder = new TextDecoder();
  encodeJson(snapshot, (chunk) => text += decoder.decode(chunk, { stream: true }));
  return JSON.parse(text).virtual_servers;
}

/** Reads under attack; returns the table or the error, and the counts. */
function read(attack: Attack) {
  using live = openLive();
  const target = new Target(live, attack);
  let outcome: Record<string, unknown>;
  try {
    outcome = { table: tableOf(target) };
  } catch (error) {
    outcome = error instanceof NetlinkError
      ? { error: `${error.request} ${error.code}` }
      : { error: String(error) };
  }
  const { requests, restarts } = target;
  return { ...outcome, requests, restarts, foreign: live.foreign };
}

/** Runs a function of reload.sh. */
function shell(command: string): void {
  const { success } = new Deno.Command("bash", {
    args: ["-ec", `. "$LAB_GUEST/reload.sh"; ${command}`],
    stdin: "null",
    stderr: "inherit",
  }).outputSync();
  if (!success) throw new Error(`${command} failed`);
}

/** Attacks only the request with this number. */
function once(at: number, action: Attack): Attack {
  return (count, transport, request) => {
    if (count === at) action(count, transport, request);
  };
}

const forge = (type: number, code: number): Attack => (_count, { portId }, request) => {
  if (!send(portId, lastReply(request, portId, type, code))) throw new Error("Cannot forge");
};

const flood: Attack = (_count, { portId }, request) => {
  while (send(portId, lastReply(request, portId, NLMSG_ERROR, -EPERM)));
};

/** Loads ip_vs with one of two tables. */
const load = (table: "old" | "new") => shell(`load_ip_vs ${table}`);

/**
 * The numbers of the requests that every reading of these tables makes: the family, info, config,
 * daemons, the services, the destinations of three services, the services again, and two about the
 * one without destinations.
 */
const points = Array.from({ length: 11 }, (_, i) => i);

load("new");
const newTable = read(() => {});
load("old");
const oldTable = read(() => {});
const forgedErrors = points.map((at) => read(once(at, forge(NLMSG_ERROR, -EPERM))));
const forgedEnds = points.map((at) => read(once(at, forge(NLMSG_DONE, 0))));
const floods = points.map((at) => read(once(at, flood)));
const floodWithoutEnd = read(flood);
const reloads = points.map((at) => {
  const table = at % 2 === 0 ? "new" : "old";
  return { loaded: table, ...read(once(at, () => load(table))) };
});
// Not at the first request, for which some kernels load ip_vs automatically.
const removals = [1, 4, 5, 10].map((at) => {
  load("old");
  const result = read(once(at, () => shell("remove_ip_vs")));
  const isLoaded = /^ip_vs /m.test(Deno.readTextFileSync("/proc/modules"));
  return { at, isLoaded, ...result };
});
load("old");
const tables = { old: oldTable, new: newTable };
console.log(
  JSON.stringify({ tables, forgedErrors, forgedEnds, floods, floodWithoutEnd, reloads, removals }),
);
