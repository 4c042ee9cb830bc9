/**
 * The configuration in rules as `ipvsadm -Sn` saves them and `ipvsadm -R` restores them.
 *
 * @module
 */
import { familyName, PROTOCOL_NAMES } from "../ipvs/names.ts";
import { Network, parseAddress, parseNetmask } from "../ipvs/network.ts";
import {
  type Configuration,
  ConfigurationError,
  ConfiguredServer,
  ConfiguredVirtualServer,
  type Fields,
  type FieldValue,
  type Identity,
} from "./configuration.ts";
import { type Rule, splitRule } from "./rule_options.ts";

const DEFAULT_PERSISTENCE_SECONDS = 300;
const DEFAULT_SCHEDULER = "wlc";
const MAX_U32 = 2 ** 32 - 1;
const MAX_WEIGHT = 2 ** 31 - 1;
const FORWARDING_METHODS = { masquerading: "masq", ipip: "tunnel", gatewaying: "droute" } as const;

/** A virtual server while its real servers are read. */
interface OpenService {
  readonly identity: Identity;
  readonly fields: Fields;
  readonly realServers: Map<string, ConfiguredServer>;
}

/**
 * Reads rules. What is left out has ipvsadm's default, except for thresholds and for the netmask of
 * a virtual server without persistence: ipvsadm does not save them, so they are not known.
 *
 * @throws {ConfigurationError} with the line number, if a line is not a rule, or names a host or a
 * service in place of a number.
 */
export function parseRules(text: string): Configuration {
  const services = new Map<string, OpenService>();
  for (const [i, line] of text.split("\n").entries()) {
    if (/^\s*(#|$)/.test(line)) continue;
    try {
      addRule(services, splitRule(line));
    } catch (error) {
      if (!(error instanceof ConfigurationError)) throw error;
      throw new ConfigurationError(`line ${i + 1}: ${error.message}`, { cause: error });
    }
  }
  return {
    virtualServers: [...services.values()].map(({ identity, fields, realServers }) =>
      new ConfiguredVirtualServer(identity, fields, [...realServers.values()])
    ),
  };
}

function addRule(services: Map<string, OpenService>, rule: Rule): void {
  const identity = serviceOf(rule);
  const { key } = new ConfiguredServer(identity, {});
  const service = services.get(key);
  if (rule.command === "add-service") {
    if (service !== undefined) throw new ConfigurationError(`${key} is added twice`);
    const fields = serviceFields(rule, identity);
    services.set(key, { identity, fields, realServers: new Map() });
    return;
  }
  if (service === undefined) throw new ConfigurationError(`${key} is not added by an earlier rule`);
  const real = realServerOf(rule, identity);
  if (service.realServers.has(real.key)) {
    throw new ConfigurationError(`${real.key} is added twice to ${key}`);
  }
  service.realServers.set(real.key, real);
}

function serviceOf({ options }: Rule): Identity {
  const mark = options.get("fwmark-service");
  if (mark !== undefined) {
    // ipvsadm prints a fwmark as a signed number.
    const fwmark = Number(BigInt.asUintN(32, BigInt(integer(mark, -(2 ** 31), MAX_U32))));
    return { addressFamily: options.has("ipv6") ? "inet6" : "inet", fwmark };
  }
  for (const protocol of PROTOCOL_NAMES) {
    const text = options.get(`${protocol}-service`);
    if (text !== undefined) return { protocol, ...endpoint(text, 0) };
  }
  throw new ConfigurationError("it has no -t, -u, --sctp-service or -f");
}

function serviceFields({ options }: Rule, { addressFamily }: Identity): Fields {
  const timeout = options.get("persistent");
  const persistent = timeout !== undefined;
  const seconds = timeout || String(DEFAULT_PERSISTENCE_SECONDS);
  const mask = options.get("netmask");
  const knowsNetmask = persistent || mask !== undefined;
  return {
    sched: options.get("scheduler") ?? DEFAULT_SCHEDULER,
    sched_flags: (options.get("sched-flags") ?? "").split(",").filter((flag) => flag !== ""),
    persistent,
    persistence_timeout: persistent ? integer(seconds, 0, MAX_U32) : 0,
    ...(knowsNetmask && { netmask: prefixLength(mask, addressFamily) }),
    one_packet: options.has("ops"),
    pe: options.get("pe") ?? null,
  };
}

function prefixLength(mask: string | undefined, family: Identity["addressFamily"]): number {
  if (mask === undefined) return family === "inet" ? 32 : 128;
  if (family === "inet6") return integer(mask, 1, 128);
  const length = parseNetmask(mask);
  if (length === undefined) throw new ConfigurationError(`"${mask}" is not a netmask`);
  return length;
}

function realServerOf({ options }: Rule, service: Identity): ConfiguredServer {
  const text = options.get("real-server");
  if (text === undefined) throw new ConfigurationError("it has no -r");
  const method = forwardingMethod(options);
  const { port, ...address } = endpoint(text, service.port ?? 0);
  // ipvsadm replaces the port, except with a fwmark.
  const isReplaced = service.port !== undefined && method !== undefined && method !== "masq";
  const identity = { ...address, port: isReplaced ? service.port : port };
  return new ConfiguredServer(identity, {
    ...(method !== undefined && { forwarding_method: method }),
    ...(method === "tunnel" ? tunnelFields(options) : NO_TUNNEL),
    weight: integer(options.get("weight") ?? "1", 0, MAX_WEIGHT),
    ...thresholds(options),
  });
}

const NO_TUNNEL: Fields = { tunnel_type: null, tunnel_port: null, tunnel_checksum: null };

/** Undefined if it is not known: ipvsadm saves the method `bypass` as `(null)`. */
function forwardingMethod(options: Rule["options"]): string | undefined {
  if (options.has("(null)")) return undefined;
  for (const [option, method] of Object.entries(FORWARDING_METHODS)) {
    if (options.has(option)) return method;
  }
  return FORWARDING_METHODS.gatewaying;
}

function tunnelFields(options: Rule["options"]): Fields {
  const checksum = ["csum", "remcsum"].find((name) => options.has(`tun-${name}`)) ?? "nocsum";
  return {
    tunnel_type: options.get("tun-type") ?? "ipip",
    tunnel_port: integer(options.get("tun-port") ?? "0", 0, 65535),
    tunnel_checksum: checksum,
  };
}

function thresholds(options: Rule["options"]): Record<string, FieldValue> {
  const upper = options.get("u-threshold"), lower = options.get("l-threshold");
  if (upper === undefined && lower === undefined) return {};
  return {
    upper_threshold: integer(upper ?? "0", 0, MAX_U32),
    lower_threshold: integer(lower ?? "0", 0, MAX_U32),
  };
}

function endpoint(text: string, defaultPort: number) {
  const [, bracketed, plain = "", port] = /^(?:\[([^\]]*)\]|([^:]*))(?::(.*))?$/.exec(text) ?? [];
  const address = parseAddress(bracketed ?? plain);
  if (address === undefined || (port !== undefined && !/^\d+$/.test(port))) {
    throw new ConfigurationError(
      `"${text}" is not an address and a port in numbers; save the rules with ipvsadm -Sn`,
    );
  }
  return {
    addressFamily: familyName(address.family),
    address: new Network(address).text,
    port: port === undefined ? defaultPort : integer(port, 0, 65535),
  };
}

function integer(text: string, least: number, greatest: number): number {
  const number = /^-?\d+$/.test(text) ? Number(text) : NaN;
  if (number >= least && number <= greatest) return number;
  throw new ConfigurationError(`"${text}" is not a number from ${least} to ${greatest}`);
}
