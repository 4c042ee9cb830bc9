/**
 * The catalogue of labels: every text, flag and number that describes a server rather than
 * measuring it, once.
 *
 * @module
 */
import type { RealServer } from "../ipvs/real_server.ts";
import { ifKnown } from "../ipvs/unknown_value.ts";
import type { VirtualServer } from "../ipvs/virtual_server.ts";

/** The value of a label. */
export type LabelValue = string | number | boolean | readonly string[];

/** How a value is written in JSON. An `address` and an `address_family` are texts. */
export type LabelType = "address_family" | "address" | "text" | "list" | "flag" | "u16" | "u32";

/** A label of a server. */
export interface Label<Server> {
  /** Its name in every format. */
  readonly name: string;
  /** Its JSON type. */
  readonly type: LabelType;
  /** Whether some servers have no value. */
  readonly optional: boolean;
  /** On all metrics of the server, on its `*_info` metric, or not in Prometheus. */
  readonly prometheus: "identity" | "info" | "none";
  /**
   * A tag that telegraf's `inputs.ipvs` has, too; a tag or a field that `--extended` adds; or not in
   * InfluxDB line protocol. What changes often is a field, so that it makes no new series.
   */
  readonly influx: "telegraf" | "extended" | "field" | "none";
  readonly help: string;
  /** Its value; undefined if the server has none, or its source does not know it. */
  readonly read: (server: Server) => LabelValue | undefined;
}

/** A type that ends with `?` is optional. */
type Row<Server> = readonly [
  name: string,
  type: LabelType | `${LabelType}?`,
  prometheus: Label<Server>["prometheus"],
  influx: Label<Server>["influx"],
  help: string,
  read: Label<Server>["read"],
];

function label<Server>(row: Row<Server>): Label<Server> {
  const [name, type, prometheus, influx, help, read] = row;
  const optional = type.endsWith("?");
  const plain = (optional ? type.slice(0, -1) : type) as LabelType;
  return { name, type: plain, optional, prometheus, influx, help, read: ifKnown(read) };
}

const FAMILY = "inet or inet6.";
const ADDRESS = "IPv4 in dotted decimal, IPv6 according to RFC 5952, without brackets.";
const PROTOCOL = "tcp, udp, sctp or the number of another protocol.";
const NETMASK = "Prefix length, 0 to 128, that groups clients for persistence.";
const VIRTUAL_STATE =
  "ok (all real servers are usable), degraded (some are), down (none is) or empty.";
const REAL_PORT = "Port; with a tunnel or direct routing that of the virtual server.";
const METHOD = "Forwarding method: masq, local, tunnel, droute or bypass.";
const REAL_STATE =
  "active, idle, near-threshold, overloaded, still-receiving (weight 0, traffic), " +
  "draining (weight 0, connections left) or drained (weight 0, none left).";

const NAME = "Name from --names.";
const NAME_LABELS = "Labels of the name, as key=value.";

const VIRTUAL_ROWS: readonly Row<VirtualServer>[] = [
  ["address_family", "address_family", "identity", "telegraf", FAMILY, (on) => on.addressFamily],
  ["fwmark", "u32?", "identity", "telegraf", "Firewall mark.", (on) => on.fwmark],
  ["protocol", "text?", "identity", "telegraf", PROTOCOL, (on) => on.protocol],
  ["address", "address?", "identity", "telegraf", ADDRESS, (on) => on.address],
  ["port", "u16?", "identity", "telegraf", "Port; 0 for any port.", (on) => on.port],
  ["sched", "text", "info", "telegraf", "Scheduler, or none.", (on) => on.sched],
  [
    "sched_flags",
    "list",
    "info",
    "extended",
    "Scheduler flags, such as mh-port.",
    (on) => on.schedFlags,
  ],
  ["flags", "u32", "none", "none", "IP_VS_SVC_F_* bits of the kernel.", (on) => on.flags],
  ["pe", "text?", "info", "extended", "Persistence engine.", (on) => on.pe],
  ["netmask", "u16", "info", "telegraf", NETMASK, (on) => on.netmask],
  [
    "one_packet",
    "flag",
    "info",
    "extended",
    "Whether each packet is scheduled by itself.",
    (on) => on.onePacket,
  ],
  [
    "persistent",
    "flag",
    "info",
    "extended",
    "Whether a client stays with its real server.",
    (on) => on.persistent,
  ],
  ["state", "text", "info", "field", VIRTUAL_STATE, (on) => on.state],
  ["name", "text?", "none", "none", NAME, (on) => on.name],
  ["name_labels", "list?", "none", "none", NAME_LABELS, (on) => on.nameLabels],
];

const REAL_ROWS: readonly Row<RealServer>[] = [
  ["address_family", "address_family", "info", "telegraf", FAMILY, (on) => on.addressFamily],
  ["address", "address", "identity", "telegraf", ADDRESS, (on) => on.address],
  ["port", "u16", "identity", "telegraf", REAL_PORT, (on) => on.port],
  ["forwarding_method", "text", "info", "extended", METHOD, (on) => on.forwardingMethod],
  ["tunnel_type", "text?", "info", "extended", "ipip, gue or gre.", (on) => on.tunnelType],
  [
    "tunnel_port",
    "u16?",
    "info",
    "extended",
    "Outer UDP port of gue, else 0.",
    (on) => on.tunnelPort,
  ],
  [
    "tunnel_checksum",
    "text?",
    "info",
    "extended",
    "nocsum, csum or remcsum.",
    (on) => on.tunnelChecksum,
  ],
  ["state", "text", "info", "field", REAL_STATE, (on) => on.state],
  ["name", "text?", "none", "none", NAME, (on) => on.name],
  ["name_labels", "list?", "none", "none", NAME_LABELS, (on) => on.nameLabels],
];

/** Labels of virtual servers. Those of kind `identity` are on the metrics of real servers, too. */
export const VIRTUAL_LABELS: readonly Label<VirtualServer>[] = VIRTUAL_ROWS.map(label);

/** Labels of real servers. */
export const REAL_LABELS: readonly Label<RealServer>[] = REAL_ROWS.map(label);

/** The labels that identify a virtual server, on its own metrics and on those of its real servers. */
export const VIRTUAL_IDENTITY: readonly Label<VirtualServer>[] = VIRTUAL_LABELS.filter(isIdentity);

/** The labels that identify a real server among those of its virtual server. */
export const REAL_IDENTITY: readonly Label<RealServer>[] = REAL_LABELS.filter(isIdentity);

function isIdentity({ prometheus }: Pick<Label<never>, "prometheus">): boolean {
  return prometheus === "identity";
}
