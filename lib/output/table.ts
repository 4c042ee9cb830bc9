/**
 * The table for people: virtual servers with their real servers beneath. Scripts read another
 * format. No more than two passes over the snapshot and one line in memory.
 *
 * @module
 */
import { isTunnelled } from "../ipvs/model.ts";
import { addressText, forwardingMethodName } from "../ipvs/names.ts";
import { tunnelChecksumName, tunnelTypeName } from "../ipvs/names.ts";
import type { RecordCursor } from "../ipvs/records.ts";
import { DESTINATION } from "../ipvs/schema.ts";
import type { Snapshot } from "../ipvs/snapshot.ts";
import { IP_VS_TUNNEL_ENCAP_FLAG_NOCSUM } from "../ipvs/uapi.ts";
import { ByteWriter, type Sink } from "./byte_writer.ts";
import { printable } from "./printable.ts";
import {
  cellText,
  measureCell,
  shownColumns,
  type TableColumn,
  tableColumns,
} from "./table_columns.ts";
import { headLines } from "./table_head.ts";
import { virtualName, virtualSettings } from "./table_virtual.ts";

/** How the table is to look. */
export interface TableOptions {
  /** Whether to colour it by ANSI escape sequences. */
  readonly color: boolean;
}

/** Where long names go on a line of their own rather than to widen the table further. */
const WIDTH = 120;
const LEAST_NAME = 26;
const GAP = "  ";
const NAME_HEADS = ["virtual server", "  real server"] as const;
const METHOD_HEADS = ["sched", "fwd"] as const;

type Paint = (text: string) => string;

function painter(color: boolean, code: number): Paint {
  return color ? (text) => `\x1b[${code}m${text}\x1b[0m` : (text) => text;
}

/** Encodes a snapshot as aligned text; in colour only where `options` say so. */
export function encodeTable(snapshot: Snapshot, sink: Sink, options: TableOptions): void {
  new TableWriter(snapshot, sink, options.color).write();
}

class TableWriter {
  readonly #snapshot: Snapshot;
  readonly #out: ByteWriter;
  readonly #bold: Paint;
  readonly #dim: Paint;
  readonly #warn: Paint;
  readonly #alarm: Paint;
  #columns: TableColumn[] = tableColumns();
  #nameWidth = Math.max(...NAME_HEADS.map((head) => head.length));
  #methodWidth = Math.max(...METHOD_HEADS.map((head) => head.length));
  /** Columns between the method and the first that virtual servers have too. */
  #realOnly = 0;
  #drained = 0;

  constructor(snapshot: Snapshot, sink: Sink, color: boolean) {
    this.#snapshot = snapshot;
    this.#out = new ByteWriter(sink);
    this.#bold = painter(color, 1);
    this.#dim = painter(color, 2);
    this.#warn = painter(color, 33);
    this.#alarm = painter(color, 31);
  }

  write(): void {
    const { servers, consistency } = this.#snapshot;
    for (const line of headLines(this.#snapshot)) this.#line(line);
    if (consistency.state === "inconsistent") {
      const doubts = consistency.doubts.map((doubt) => printable(doubt)).join("; ");
      this.#line(this.#alarm(`inconsistent: the table changed while it was read: ${doubts}`));
    }
    if (servers.virtualServers === 0) {
      this.#line("\nNo virtual servers");
    } else {
      this.#measure();
      this.#heads();
      this.#rows();
      this.#line("");
      this.#line(this.#summary());
    }
    this.#out.flush();
  }

  #line(text: string): void {
    this.#out.text(`${text}\n`);
  }

  #summary(): string {
    const { virtualServers, realServers } = this.#snapshot.servers;
    const count = (n: number, what: string) => `${n} ${what}${n === 1 ? "" : "s"}`;
    const drained = this.#drained === 0 ? "" : `, ${this.#drained} of them drained`;
    return `${count(virtualServers, "virtual server")}, ${
      count(realServers, "real server")
    }${drained}`;
  }

  /** First pass: how wide each column is, and which there are. */
  #measure(): void {
    const scan = this.#snapshot.servers.scan();
    while (scan.nextVirtual()) {
      this.#nameWidth = Math.max(this.#nameWidth, virtualName(scan.virtual).length);
      for (const column of this.#columns) measureCell(column, scan.virtual, column.virtual);
      while (scan.nextReal()) {
        const { real } = scan;
        this.#nameWidth = Math.max(this.#nameWidth, realName(real).length);
        this.#methodWidth = Math.max(this.#methodWidth, methodText(real).length);
        for (const column of this.#columns) measureCell(column, real, column.real);
        if (isDrained(real)) this.#drained++;
      }
    }
    this.#columns = shownColumns(this.#columns);
    this.#realOnly = this.#columns.findIndex((column) => column.virtual !== undefined);
    const rest = widthOf(this.#columns);
    const room = WIDTH - rest - GAP.length - this.#methodWidth;
    this.#nameWidth = Math.min(this.#nameWidth, Math.max(LEAST_NAME, room));
  }

  #heads(): void {
    const begin = (line: 0 | 1) =>
      NAME_HEADS[line].padEnd(this.#nameWidth) + GAP + METHOD_HEADS[line].padEnd(this.#methodWidth);
    let groups = begin(0);
    for (let i = 0; i < this.#columns.length;) {
      const { group } = this.#columns[i]!;
      let width = 0;
      const first = i;
      while (i < this.#columns.length && (i === first || this.#columns[i]!.group === group)) {
        width += widthOf([this.#columns[i++]!]);
        if (group === "") break;
      }
      groups += group.padStart(width);
    }
    const heads = this.#columns.map((column) => column.head.padStart(widthOf([column])));
    this.#line("");
    this.#line(this.#dim(groups.trimEnd()));
    this.#line(this.#dim(begin(1) + heads.join("")));
  }

  /** Second pass: writes the servers. */
  #rows(): void {
    const scan = this.#snapshot.servers.scan();
    while (scan.nextVirtual()) {
      this.#virtual(scan.virtual);
      if (!scan.nextReal()) this.#line(this.#warn("  no real servers"));
      else do this.#real(scan.real); while (scan.nextReal());
    }
  }

  #virtual(record: RecordCursor): void {
    const [sched, ...more] = virtualSettings(record);
    const room = this.#methodWidth + widthOf(this.#columns.slice(0, this.#realOnly));
    const whole = [sched, ...more].join(", ");
    const fits = whole.length <= room;
    const settings = (fits ? whole : sched ?? "").padEnd(room);
    this.#line(
      this.#name(virtualName(record), this.#bold) + settings +
        this.#cells(record, "virtual", this.#realOnly),
    );
    if (!fits) this.#line(`  ${more.join(", ")}`);
  }

  #real(record: RecordCursor): void {
    const method = methodText(record).padEnd(this.#methodWidth);
    const paint: Paint = isDrained(record) ? this.#warn : (text) => text;
    this.#line(this.#name(realName(record), paint) + method + this.#cells(record, "real", 0));
  }

  /** A name and the gap behind it; a long one with a line break. */
  #name(name: string, paint: Paint): string {
    const padding = " ".repeat(Math.max(0, this.#nameWidth - name.length));
    const wrap = name.length > this.#nameWidth ? `\n${" ".repeat(this.#nameWidth)}` : "";
    return paint(name) + wrap + padding + GAP;
  }

  #cells(record: RecordCursor, scope: "virtual" | "real", from: number): string {
    let text = "";
    for (let i = from; i < this.#columns.length; i++) {
      const column = this.#columns[i]!;
      const cell = cellText(column, record, column[scope]);
      const padded = cell.padStart(column.gap + column.width);
      text += cell === "0" ? this.#dim(padded) : cell === DRAINED ? this.#warn(padded) : padded;
    }
    return text;
  }
}

/** How wide columns are with the gaps before them. */
function widthOf(columns: readonly TableColumn[]): number {
  return columns.reduce((sum, { gap, width }) => sum + gap + width, 0);
}

/** A word for weight 0, not only a colour. */
const DRAINED = "drained";

function isDrained(record: RecordCursor): boolean {
  return record.get(DESTINATION.weight) === 0;
}

function realName(record: RecordCursor): string {
  const family = record.get(DESTINATION.addressFamily);
  const address = addressText(family, (i) => record.get(DESTINATION.address + i));
  const host = address.includes(":") ? `[${address}]` : address;
  return `  ${host}:${record.get(DESTINATION.port)}`;
}

/** The forwarding method, with what is set of a tunnel: `tunnel gue:5555 csum`. */
function methodText(record: RecordCursor): string {
  const method = forwardingMethodName(record.get(DESTINATION.forwardingMethod));
  if (!isTunnelled(record)) return method;
  const type = tunnelTypeName(record.get(DESTINATION.tunnelType));
  const port = record.get(DESTINATION.tunnelPort);
  const flags = record.get(DESTINATION.tunnelFlags);
  const checksum = flags === IP_VS_TUNNEL_ENCAP_FLAG_NOCSUM ? "" : ` ${tunnelChecksumName(flags)}`;
  return `${method} ${type}${port === 0 ? "" : `:${port}`}${checksum}`;
}
