/**
 * Answers with a value of its own in every attribute, as a kernel lays them out.
 *
 * @module
 */
import { Datagram } from "../../lib/netlink/transport.ts";
import { Decoder } from "../../lib/ipvs/decode.ts";
import type { Table } from "../../lib/ipvs/schema.ts";
import { addressBytes, MessageWriter } from "../_netlink_messages.ts";

/** Writes a stats nest whose values are `first`, `first + 1n` and so on; 64 bits wide, or as STATS. */
export function stats(writer: MessageWriter, type: number, first: bigint, wide: boolean): void {
  writer.attribute(type, () => {
    for (let i = 1; i <= 10; i++) {
      const value = first + BigInt(i - 1);
      if (wide || i === 4 || i === 5) writer.u64(i, value);
      else writer.u32(i, Number(BigInt.asUintN(32, value)));
    }
  });
}

/** Writes the attributes of a service, each in its place of Linux 6.1. */
export function service(writer: MessageWriter): void {
  writer.attribute(1, () => {
    writer.u16(1, 10).u16(2, 17).bytes(3, addressBytes("2001:db8::1")).be16(4, 0x1234);
    writer.text(6, "wlc").text(11, "sip");
    writer.attribute(7, () => writer.number(0x80000007, 4).number(0xffffffff, 4));
    writer.u32(8, 0xfffffffe).u32(9, 64);
    stats(writer, 10, 5n, false);
    stats(writer, 12, 2n ** 64n - 10n, true);
  });
}

/** Writes the attributes of a destination, likewise. */
export function destination(writer: MessageWriter): void {
  writer.attribute(2, () => {
    writer.bytes(1, addressBytes("2001:db8::2")).be16(2, 8080);
    writer.u32(3, 0x80000102).u32(4, 2147483647);
    writer.u8(13, 1).be16(14, 6080).u16(15, 2);
    writer.u32(5, 0xfffffffd).u32(6, 12).u32(7, 13).u32(8, 14).u32(9, 15).u16(11, 10);
    stats(writer, 10, 5n, false);
    stats(writer, 12, 2n ** 53n, true);
  });
}

/** Writes the attributes of a sync daemon. */
export function daemon(writer: MessageWriter): void {
  writer.attribute(3, () => {
    writer.u32(1, 2).text(2, "eth0").u32(3, 200).u16(4, 1460).u16(7, 8848).u8(8, 7);
    writer.bytes(5, [224, 0, 0, 81]).bytes(6, addressBytes("ff02::51"));
  });
}

/** The bytes that `fill` writes, behind 20 bytes as of a netlink and a generic netlink header. */
export function answer(fill: (writer: MessageWriter) => void, bigEndian = false): Datagram {
  const writer = new MessageWriter(bigEndian).raw(new Uint8Array(20));
  fill(writer);
  return Datagram.from(writer.take(), !bigEndian);
}

/** Decodes into a record that is full of other bits before. */
export function decode(
  table: { readonly table: Table; readonly width: number },
  datagram: Datagram,
  decoder: Decoder = new Decoder(table.table, table.width),
): Uint32Array {
  const record = new Uint32Array(table.width + 2).fill(0xa5a5a5a5);
  decoder.decode(datagram, 20, datagram.length, record, 1);
  if (record[0] !== 0xa5a5a5a5 || record.at(-1) !== 0xa5a5a5a5) throw new Error("Wrote outside");
  return record.subarray(1, -1);
}
