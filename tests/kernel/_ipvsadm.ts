/**
 * Reads what ipvsadm 1.31 prints, for the comparison with what ipvstat prints. Written from ipvsadm's
 * output alone, and without a line of the program under test.
 */

/** Values under the names of ipvstat's JSON; whole numbers of any width are bigints. */
export type Fields = Record<string, unknown>;

export interface ListedService {
  fields: Fields;
  /** By address and port as ipvsadm prints them. */
  servers: Map<string, Fields>;
}

/** By protocol and endpoint, or by mark and family: "tcp 192.0.2.1:80", "fwm 5 inet6". */
export type Listing = Map<string, ListedService>;

type ServerColumns = (columns: string[]) => Fields;
type ServiceColumns = (columns: string[], isIpv6: boolean) => Fields;

const forwardingMethods: Record<string, string> = {
  Masq: "masq",
  Local: "local",
  Tunnel: "tunnel",
  Route: "droute",
  "-m": "masq",
  "-i": "tunnel",
  "-g": "droute",
};

const checksums: Record<string, string> = { "-c": "nocsum", "+c": "csum", "r+c": "remcsum" };

/** A mark is printed as a signed number. */
function mark(text: string): bigint {
  return BigInt.asUintN(32, BigInt(text));
}

function numbers(names: string[], columns: string[]): Fields {
  if (columns.length !== names.length) {
    throw new Error(`Expected ${names.length} columns, got: ${columns.join(" ")}`);
  }
  return Object.fromEntries(names.map((name, i) => [name, BigInt(columns[i]!)]));
}

/** "255.255.255.0" or "64"; ipvsadm leaves out the full length. */
function prefixLength(text: string | undefined, isIpv6: boolean): bigint {
  if (text === undefined) return isIpv6 ? 128n : 32n;
  if (!text.includes(".")) return BigInt(text);
  const bits = text.split(".").map((byte) => Number(byte).toString(2)).join("");
  return BigInt(bits.replaceAll("0", "").length);
}

/** What follows a name in a list of words. */
function after(words: string[], ...names: string[]): string | undefined {
  const at = words.findIndex((word) => names.includes(word));
  return at < 0 ? undefined : words[at + 1];
}

/**
 * Of a flag that has no name with its scheduler ipvsadm prints an empty list; then it has told
 * nothing about the flags.
 */
function schedulerFlags(text: string | undefined): Fields {
  if (text === "") return {};
  return { sched_flags: text === undefined ? [] : text.split(",").sort() };
}

/** "rr (flag-1,flag-3) persistent 300 mask 255.255.255.0 pe sip ops" */
function listedService(columns: string[], isIpv6: boolean): Fields {
  const timeout = after(columns, "persistent");
  const engine = after(columns, "pe");
  return {
    sched: columns[0],
    ...schedulerFlags(columns.find((word) => word.startsWith("("))?.slice(1, -1)),
    one_packet: columns.includes("ops"),
    persistent: timeout !== undefined,
    persistence_timeout: BigInt(timeout ?? 0),
    netmask: prefixLength(after(columns, "mask"), isIpv6),
    ...(engine === undefined ? {} : { pe: engine }),
  };
}

function listedServer([method, ...rest]: string[]): Fields {
  return {
    forwarding_method: forwardingMethods[method!],
    ...numbers(["weight", "active_connections", "inactive_connections"], rest),
  };
}

/** "ipip", "gue:6080:+c", "gre:-c", or "n/a" */
function tunnel(text: string): Fields {
  if (text === "n/a") return {};
  const parts = text.split(":");
  const [type, checksum] = [parts[0], parts.at(-1)!];
  return {
    tunnel_type: type,
    tunnel_port: type === "gue" ? BigInt(parts[1]!) : 0n,
    ...(type === "ipip" ? {} : { tunnel_checksum: checksums[checksum] }),
  };
}

function listedTunnel([method, info, ...rest]: string[]): Fields {
  return { ...listedServer([method!, ...rest]), ...tunnel(info!) };
}

const statsNames = ["connections", "pkts_in", "pkts_out", "bytes_in", "bytes_out"];
const rateNames = ["cps", "pps_in", "pps_out", "bytes_in_per_second", "bytes_out_per_second"];
const liveNames = ["active_connections", "inactive_connections"];

function stats(columns: string[]): Fields {
  return numbers(statsNames, columns);
}

function rates(columns: string[]): Fields {
  return numbers(rateNames, columns);
}

function thresholds(columns: string[]): Fields {
  return numbers(["upper_threshold", "lower_threshold", ...liveNames], columns);
}

function persistentConnections(columns: string[]): Fields {
  return numbers(["weight", "persistent_connections", ...liveNames], columns);
}

function parseTable(text: string, service: ServiceColumns, server: ServerColumns): Listing {
  const lines = text.split("\n");
  const start = lines.findIndex((line) => line.startsWith("  -> RemoteAddress:Port")) + 1;
  if (start === 0) throw new Error(`Not a listing of ipvsadm: ${text.slice(0, 200)}`);
  const listing: Listing = new Map();
  let current: ListedService | undefined;
  for (const line of lines.slice(start).filter((line) => line !== "")) {
    const [first, endpoint, ...columns] = line.trim().split(/\s+/);
    if (first === "->") {
      addOnce(current!.servers, endpoint!, server(columns));
      continue;
    }
    const isMark = first === "FWM";
    const isIpv6 = isMark ? columns[0] === "IPv6" : endpoint!.startsWith("[");
    const key = isMark
      ? `fwm ${mark(endpoint!)} ${isIpv6 ? "inet6" : "inet"}`
      : `${first!.toLowerCase()} ${endpoint}`;
    const rest = isMark && isIpv6 ? columns.slice(1) : columns;
    current = { fields: service(rest, isIpv6), servers: new Map() };
    addOnce(listing, key, current);
  }
  return listing;
}

function addOnce<T>(map: Map<string, T>, key: string, value: T): void {
  if (map.has(key)) throw new Error(`ipvsadm lists ${key} twice`);
  map.set(key, value);
}

function savedKey(words: string[]): { key: string; isIpv6: boolean } {
  const marked = after(words, "-f");
  if (marked !== undefined) {
    const isIpv6 = words.includes("-6");
    return { key: `fwm ${mark(marked)} ${isIpv6 ? "inet6" : "inet"}`, isIpv6 };
  }
  const names: Record<string, string> = { "-t": "tcp", "-u": "udp", "--sctp-service": "sctp" };
  const option = words.find((word) => word in names)!;
  const endpoint = after(words, option)!;
  return { key: `${names[option]} ${endpoint}`, isIpv6: endpoint.startsWith("[") };
}

function savedService(words: string[], isIpv6: boolean): Fields {
  const timeout = after(words, "-p");
  const engine = after(words, "--pe");
  return {
    sched: after(words, "-s"),
    ...schedulerFlags(after(words, "-b")),
    one_packet: words.includes("-o"),
    persistent: timeout !== undefined,
    persistence_timeout: BigInt(timeout ?? 0),
    netmask: prefixLength(after(words, "-M"), isIpv6),
    ...(engine === undefined ? {} : { pe: engine }),
  };
}

function savedServer(words: string[]): Fields {
  const type = after(words, "--tun-type");
  const checksum = Object.values(checksums).find((name) => words.includes(`--tun-${name}`));
  return {
    forwarding_method: forwardingMethods[words.find((word) => word in forwardingMethods)!],
    weight: BigInt(after(words, "-w")!),
    ...(type === undefined ? {} : {
      tunnel_type: type,
      tunnel_port: BigInt(after(words, "--tun-port") ?? 0),
      ...(checksum === undefined ? {} : { tunnel_checksum: checksum }),
    }),
  };
}

/** `ipvsadm -Sn` */
export function parseSaved(text: string): Listing {
  const listing: Listing = new Map();
  for (const line of text.split("\n").filter((line) => line !== "")) {
    const words = line.split(" ");
    const { key, isIpv6 } = savedKey(words);
    if (words[0] === "-A") {
      addOnce(listing, key, { fields: savedService(words, isIpv6), servers: new Map() });
    } else {
      addOnce(listing.get(key)!.servers, after(words, "-r")!, savedServer(words));
    }
  }
  return listing;
}

/** Every listing that steps.sh's list_with_ipvsadm makes, by the end of its file's name. */
export const listings: Record<string, (text: string) => Listing> = {
  "": (text) => parseTable(text, listedService, listedServer),
  "-stats": (text) => parseTable(text, stats, stats),
  "-rate": (text) => parseTable(text, rates, rates),
  "-thresholds": (text) => parseTable(text, listedService, thresholds),
  "-persistent-conn": (text) => parseTable(text, listedService, persistentConnections),
  "-tun-info": (text) => parseTable(text, listedService, listedTunnel),
  "-save": parseSaved,
};

/** "IP Virtual Server version 1.2.1 (size=4096)" */
export function parseInfo(text: string): Fields {
  const match = /^IP Virtual Server version (\S+) \(size=(\d+)\)/.exec(text)!;
  return { version: match[1], connection_table_size: BigInt(match[2]!) };
}

/** "Timeout (tcp tcpfin udp): 900 120 300" */
export function parseTimeouts(text: string): Fields {
  return numbers(["tcp", "tcp_fin", "udp"], text.trim().split(": ")[1]!.split(" "));
}

/** "master sync daemon (mcast=front, syncid=7, maxlen=1400, group=224.0.0.99, port=8900, ttl=3)" */
export function parseDaemons(text: string): Fields[] {
  return text.split("\n").filter((line) => line !== "").map((line) => {
    const [, state, list] = /^(master|backup) sync daemon \((.*)\)$/.exec(line)!;
    const values = Object.fromEntries(list!.split(", ").map((pair) => pair.split("=")));
    return {
      state,
      interface: values.mcast,
      sync_id: BigInt(values.syncid),
      sync_maxlen: BigInt(values.maxlen),
      mcast_group: values.group,
      mcast_port: BigInt(values.port),
      mcast_ttl: BigInt(values.ttl),
    };
  });
}
