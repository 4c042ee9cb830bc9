/**
 * What `--debug` prints: the requests of a reading, with their datagrams, bytes and times.
 *
 * @module
 */
import type { Source } from "../ipvs/collect.ts";
import { REQUEST_NAMES } from "../ipvs/request.ts";
import type { Datagram, Transport } from "../netlink/transport.ts";
import { GENL_ID_CTRL, NLM_F_DUMP, NLMSG_HDRLEN } from "../netlink/uapi.ts";
import { countOf } from "../output/human.ts";

/** Requests of one kind, and what answered them. */
interface Tally {
  requests: number;
  datagrams: number;
  bytes: number;
  /** Milliseconds spent waiting for the datagrams. */
  waited: number;
}

/** Counts the requests of a source and logs them, consecutive requests of one kind as one line. */
export class Trace {
  readonly #log: (line: string) => void;
  readonly #start = performance.now();
  readonly #total: Tally = emptyTally();
  #kind = "";
  #tally: Tally = emptyTally();

  /** Logs lines to `log`. */
  constructor(log: (line: string) => void) {
    this.#log = log;
  }

  /** The same source, traced. */
  attach<S extends Source>(source: S): S {
    const { restart } = source;
    return {
      ...source,
      transport: this.#wrap(source.transport, ""),
      second: source.second && this.#wrap(source.second, " on the verification socket"),
      now: () => source.now(),
      readProc: (name) => this.#readProc(source, name),
      ...(restart && { restart: () => this.#restart(() => restart.call(source)) }),
    };
  }

  /** Logs what is not logged yet, and the totals. */
  finish(): void {
    this.#flush();
    this.#log(`${describe("total", this.#total)}, ${milliseconds(this.#start)} in all`);
  }

  #wrap(transport: Transport, suffix: string): Transport {
    const count = (request: Uint8Array<ArrayBuffer>) =>
      this.#count(transport, request, `${requestName(request)}${suffix}`);
    return {
      get portId() {
        return transport.portId;
      },
      exchange: count,
      // The owner of the source closes the transport.
      [Symbol.dispose]() {},
    };
  }

  *#count(
    transport: Transport,
    request: Uint8Array<ArrayBuffer>,
    kind: string,
  ): Generator<Datagram> {
    if (kind !== this.#kind) this.#flush();
    this.#kind = kind;
    this.#tally.requests++;
    const datagrams = transport.exchange(request)[Symbol.iterator]();
    try {
      for (;;) {
        const start = performance.now();
        const { done, value } = datagrams.next();
        this.#tally.waited += performance.now() - start;
        if (done) return;
        this.#tally.datagrams++;
        this.#tally.bytes += value.length;
        yield value;
      }
    } finally {
      datagrams.return?.();
    }
  }

  #readProc(source: Source, name: string): string | undefined {
    const start = performance.now();
    const text = source.readProc(name);
    this.#flush();
    const path = name.startsWith("sys/") ? `/proc/${name}` : `/proc/net/${name}`;
    const size = text === undefined ? "not readable" : `${text.length} characters`;
    this.#log(`${path}: ${size}, ${milliseconds(start)}`);
    return text;
  }

  #restart(restart: () => void): void {
    this.#flush();
    this.#log("reading again: ip_vs was reloaded, or the kernel dropped a reply");
    restart();
  }

  #flush(): void {
    if (this.#tally.requests === 0) return;
    this.#log(describe(this.#kind, this.#tally));
    for (const key of ["requests", "datagrams", "bytes", "waited"] as const) {
      this.#total[key] += this.#tally[key];
    }
    this.#tally = emptyTally();
  }
}

function emptyTally(): Tally {
  return { requests: 0, datagrams: 0, bytes: 0, waited: 0 };
}

/** The kernel's name of a request; see struct nlmsghdr and struct genlmsghdr. */
function requestName(request: Uint8Array<ArrayBuffer>): string {
  const view = new DataView(request.buffer, request.byteOffset, request.byteLength);
  if (view.getUint16(4, true) === GENL_ID_CTRL) return "CTRL_CMD_GETFAMILY";
  const isDump = (view.getUint16(6, true) & NLM_F_DUMP) === NLM_F_DUMP;
  const command = view.getUint8(NLMSG_HDRLEN);
  return `${REQUEST_NAMES[command] ?? `command ${command}`}${isDump ? " (dump)" : ""}`;
}

function describe(kind: string, { requests, datagrams, bytes, waited }: Tally): string {
  return `${kind}: ${countOf(requests, "request")}, ${countOf(datagrams, "datagram")}, ` +
    `${countOf(bytes, "byte")}, waited ${waited.toFixed(1)} ms`;
}

/** The time since a moment. */
function milliseconds(start: number): string {
  return `${(performance.now() - start).toFixed(1)} ms`;
}
