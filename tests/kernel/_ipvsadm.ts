/**
 * Parses the output of ipvsadm 1.31, for comparison with that of ipvstat. Written from ipvsadm's
 * output alone, independently of the program under test.
 */

/** Values by the names in ipvstat's JSON; all integers are bigints. */
export type Fields = Record<string, unknown>;

/** A virtual server in a listing. */
export interface ListedService {
  fields: Fields;
  /** Real servers by address and port, as ipvsadm prints them. */
  servers: Map<string, Fields>;
}

/** Virtual servers by key, such as "tcp 192.0.2.1:80" or "fwm 5 inet6". */
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

/** ipvsadm prints a fwmark as a signed number. */
function parseFwmark(text: string): bigint {
  return BigInt.asUintN(32, BigInt(text));
}

function numbers(names: string[], columns: string[]): Fields {
  if (columns.length !== names.length) {
    throw new Error(`Expected ${names.length} columns, got: ${columns.join(" ")}`);
  }
  return Object.fromEntries(names.map((name, i) => [name, BigInt(columns[i]!)]));
}

/** Parses "255.255.255.0" or "64"; ipvsadm omits the full length. */
function prefixLength(text: string | undefined, isIpv6: boolean): bigint {
  if (text === undefined) return isIpv6 ? 128n : 32n;
  if (!text.includes(".")) return BigInt(text);
  const bits = text.split(".").map((byte) => Number(byte).toString(2)).join("");
  return BigInt(bits.replaceAll("0", "").length);
}

/** The word after the first of these names. */
function after(words: string[], ...names: string[]): string | undefined {
  const at = words.findIndex((word) => names.includes(word));
  return at < 0 ? undefined : words[at + 1];
}

/** ipvsadm prints an empty list for flags without a name, which says nothing about the flags. */
function schedulerFlags(text: string | undefined): Fields {
  if (text === "") return {};
  return { sched_flags: text === undefined ? [] : text.split(",").sort() };
}

/** Parses "rr (flag-1,flag-3) persistent 300 mask 255.255.255.0 pe sip ops". */
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

/** Parses "ipip", "gue:6080:+c", "gre:-c" or "n/a". */
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
    const isFwmark = first === "FWM";
    const isIpv6 = isFwmark ? columns[0] === "IPv6" : endpoint!.startsWith("[");
    const key = isFwmark
      ? `fwm ${parseFwmark(endpoint!)} ${isIpv6 ? "inet6" : "inet"}`
      : `${first!.toLowerCase()} ${endpoint}`;
    const rest = isFwmark && isIpv6 ? columns.slice(1) : columns;
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
  const fwmark = after(words, "-f");
  if (fwmark !== undefined) {
    const isIpv6 = words.includes("-6");
    return { key: `fwm ${parseFwmark(fwmark)} ${isIpv6 ? "inet6" : "inet"}`, isIpv6 };
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

/** Parses the output of `ipvsadm -Sn`. */
function parseSaved(text: string): Listing {
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

/** Parsers of the listings from list_with_ipvsadm in steps.sh, by the suffix of the file name. */
export const listings: Record<string, (text: string) => Listing> = {
  "": (text) => parseTable(text, listedService, listedServer),
  "-stats": (text) => parseTable(text, stats, stats),
  "-rate": (text) => parseTable(text, rates, rates),
  "-thresholds": (text) => parseTable(text, listedService, thresholds),
  "-persistent-conn": (text) => parseTable(text, listedService, persistentConnections),
  "-tun-info": (text) => parseTable(text, listedService, listedTunnel),
  "-save": parseSaved,
};

/** Parses "IP Virtual Server version 1.2.1 (size=4096)". */
export function parseInfo(text: string): Fields {
  const match = /^IP Virtual Server version (\S+) \(size=(\d+)\)/.exec(text)!;
  return { version: match[1], connection_table_size: BigInt(match[2]!) };
}

/** Parses "Timeout (tcp tcpfin udp): 900 120 300". */
export function parseTimeouts(text: string): Fields {
  return numbers(["tcp", "tcp_fin", "udp"], text.trim().split(": ")[1]!.split(" "));
}

/** Parses lines such as "master sync daemon (mcast=front, syncid=7, maxlen=1400, …)". */
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
