/**
 * The real libc with calls replaced by a test.
 *
 * @module
 */
import { type Libc, libc } from "../../ffi/libc.ts";

type Symbols = Libc["symbols"];
type Name = keyof Symbols;

/** The errno to fail a call with, or undefined; `count` numbers the calls of this name from 0. */
export type Fault = (name: Name, count: number) => number | undefined;

/** The real libc, with faults. */
export function faultyLibc(fault: Fault): Libc {
  const real = libc();
  let failed: number | undefined;
  const counts = new Map<Name, number>();
  const wrap = (name: Name) => (...args: never[]) => {
    const count = counts.get(name) ?? 0;
    counts.set(name, count + 1);
    failed = fault(name, count);
    if (failed !== undefined) return -1;
    return (real.symbols[name] as (...args: never[]) => unknown)(...args);
  };
  const names = Object.keys(real.symbols) as Name[];
  const symbols = Object.fromEntries(names.map((name) => [name, wrap(name)]));
  return { symbols: symbols as unknown as Symbols, errno: () => failed ?? real.errno() };
}

/** A received datagram; `sender` is a port, 0 for the kernel. */
export interface Incoming {
  readonly sender: number;
  readonly bytes: Uint8Array;
  /** It was longer than the buffer. */
  readonly truncated?: boolean;
}

/** The real libc, but each recvmmsg(2) receives what `next` returns. */
export function libcReceiving(next: () => readonly Incoming[]): Libc {
  const real = libc();
  const recvmmsg: Symbols["recvmmsg"] = (_fd, headers, most) => {
    const incoming = next().slice(0, most);
    const view = new DataView((headers as Uint8Array<ArrayBuffer>).buffer);
    incoming.forEach(({ sender, bytes, truncated }, i) => {
      const header = 64 * i;
      const vector = new DataView(memoryAt(view.getBigUint64(header + 16, true), 16));
      const name = new DataView(memoryAt(view.getBigUint64(header, true), 12));
      new Uint8Array(memoryAt(vector.getBigUint64(0, true), bytes.length)).set(bytes);
      name.setUint16(0, 16, true);
      name.setUint32(4, sender, true);
      view.setInt32(header + 48, truncated ? 0x20 : 0, true);
      view.setUint32(header + 56, bytes.length, true);
    });
    return incoming.length;
  };
  return { ...real, symbols: { ...real.symbols, recvmmsg } };
}

function memoryAt(address: bigint, length: number): ArrayBuffer {
  const pointer = Deno.UnsafePointer.create(address);
  if (pointer === null) throw new Error("The header has a null pointer");
  return Deno.UnsafePointerView.getArrayBuffer(pointer, length);
}
