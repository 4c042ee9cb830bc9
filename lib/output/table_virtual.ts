/**
 * What the table says of a virtual server: its name and its settings.
 *
 * @module
 */
import { hasPe } from "../ipvs/model.ts";
import {
  addressText,
  familyName,
  nameText,
  prefixLength,
  protocolName,
  schedFlagNames,
} from "../ipvs/names.ts";
import type { RecordCursor } from "../ipvs/records.ts";
import { SERVICE } from "../ipvs/schema.ts";
import { AF_INET, IP_VS_SVC_F_ONEPACKET, IP_VS_SVC_F_PERSISTENT } from "../ipvs/uapi.ts";
import { printable } from "./printable.ts";

/** `tcp 10.0.0.1:80`, `udp [2001:db8::1]:53`, or `fwmark 7 inet6`. */
export function virtualName(record: RecordCursor): string {
  const family = record.get(SERVICE.addressFamily);
  const mark = record.get(SERVICE.fwmark);
  if (mark !== 0) return `fwmark ${mark} ${familyName(family)}`;
  const address = addressText(family, (i) => record.get(SERVICE.address + i));
  const host = address.includes(":") ? `[${address}]` : address;
  return `${protocolName(record.get(SERVICE.protocol))} ${host}:${record.get(SERVICE.port)}`;
}

/** The scheduler, its flags, and what else is not as it is by default, each in words. */
export function virtualSettings(record: RecordCursor): string[] {
  const flags = record.get(SERVICE.flags);
  const family = record.get(SERVICE.addressFamily);
  const netmask = prefixLength(family, record.get(SERVICE.netmask));
  const sched = printable(nameText((i) => record.get(SERVICE.schedName + i)));
  const settings = [sched, ...schedFlagNames(sched, flags)];
  if ((flags & IP_VS_SVC_F_ONEPACKET) !== 0) settings.push("one-packet");
  const persistent = (flags & IP_VS_SVC_F_PERSISTENT) !== 0;
  const alone = netmask === (family === AF_INET ? 32 : 128);
  if (persistent) {
    // The netmask says which clients stay together.
    settings.push(`persistent ${record.get(SERVICE.timeout)}s${alone ? "" : ` per /${netmask}`}`);
  } else if (!alone) settings.push(`netmask /${netmask}`);
  if (hasPe(record)) {
    settings.push(`pe ${printable(nameText((i) => record.get(SERVICE.peName + i)))}`);
  }
  return settings;
}
