/**
 * Prometheus labels: what names a server, and what it is set to.
 *
 * @module
 */
import { isTunnelled } from "../ipvs/model.ts";
import {
  addressText,
  familyName,
  forwardingMethodName,
  nameText,
  prefixLength,
  protocolName,
  schedFlagNames,
  tunnelChecksumName,
  tunnelTypeName,
} from "../ipvs/names.ts";
import type { RecordCursor } from "../ipvs/records.ts";
import { DESTINATION, SERVICE } from "../ipvs/schema.ts";
import { IP_VS_SVC_F_ONEPACKET, IP_VS_SVC_F_PERSISTENT } from "../ipvs/uapi.ts";

/** A label's name and its value, not yet escaped. */
export type Label = readonly [name: string, value: string];

/** Labels as they stand between the braces; empty ones are left out, which means the same. */
export function labelList(labels: readonly Label[]): string {
  return labels.filter(([, value]) => value !== "")
    .map(([name, value]) => `${name}="${escapeLabel(value)}"`).join(",");
}

function escapeLabel(value: string): string {
  return value.replace(/[\\"\n]/g, (char) => (char === "\n" ? "\\n" : `\\${char}`));
}

/** What names a virtual server, on its own metrics and on those of its real servers. */
export function virtualLabels(record: RecordCursor): Label[] {
  const family = record.get(SERVICE.addressFamily);
  const mark = record.get(SERVICE.fwmark);
  const named: Label = ["virtual_address_family", familyName(family)];
  if (mark !== 0) return [named, ["virtual_fwmark", String(mark)]];
  return [
    named,
    ["virtual_protocol", protocolName(record.get(SERVICE.protocol))],
    ["virtual_address", addressText(family, (i) => record.get(SERVICE.address + i))],
    ["virtual_port", String(record.get(SERVICE.port))],
  ];
}

/** What a virtual server is set to. */
export function virtualInfoLabels(record: RecordCursor): Label[] {
  const flags = record.get(SERVICE.flags);
  const sched = nameText((i) => record.get(SERVICE.schedName + i));
  const family = record.get(SERVICE.addressFamily);
  return [
    ["sched", sched],
    ["sched_flags", schedFlagNames(sched, flags).join(",")],
    ["one_packet", String((flags & IP_VS_SVC_F_ONEPACKET) !== 0)],
    ["persistent", String((flags & IP_VS_SVC_F_PERSISTENT) !== 0)],
    ["netmask", String(prefixLength(family, record.get(SERVICE.netmask)))],
    ["pe", nameText((i) => record.get(SERVICE.peName + i))],
  ];
}

/** How a real server is reached. */
export function realInfoLabels(record: RecordCursor): Label[] {
  const tunnelled = isTunnelled(record);
  return [
    ["address_family", familyName(record.get(DESTINATION.addressFamily))],
    ["forwarding_method", forwardingMethodName(record.get(DESTINATION.forwardingMethod))],
    ["tunnel_type", tunnelled ? tunnelTypeName(record.get(DESTINATION.tunnelType)) : ""],
    ["tunnel_port", tunnelled ? String(record.get(DESTINATION.tunnelPort)) : ""],
    ["tunnel_checksum", tunnelled ? tunnelChecksumName(record.get(DESTINATION.tunnelFlags)) : ""],
  ];
}
