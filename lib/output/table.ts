/**
 * The table for people: virtual servers with their real servers below them. It fits the width that
 * it is given; scripts should read another format.
 *
 * @module
 */
import type { RealServer } from "../ipvs/real_server.ts";
import type { VirtualServer } from "../ipvs/virtual_server.ts";
import { type Snapshot, snapshotList, type Snapshots } from "../ipvs/snapshot.ts";
import { Shares } from "../metrics/shares.ts";
import { ByteWriter, type Sink, utf8 } from "./byte_writer.ts";
import { painter } from "./paint.ts";
import { printable } from "./printable.ts";
import {
  baseColumns,
  fitColumns,
  type TableColumn,
  tableColumns,
  widthOf,
} from "./table_columns.ts";
import { headLines } from "./table_head.ts";
import { realText, rollupText, type RowText, virtualText } from "./table_text.ts";

/** Options of {@linkcode encodeTable}. */
export interface TableOptions {
  /** Whether to use ANSI colours. */
  readonly color: boolean;
  /** Maximum width in characters; undefined for no limit, which shows everything. */
  readonly width?: number | undefined;
  /** Names of the metrics to show as columns, in order, whatever the width; by default all that fit. */
  readonly columns?: readonly string[] | undefined;
  /** Whether to show virtual servers only, with sums over their real servers. */
  readonly rollup?: boolean | undefined;
}

/** The least width of name and settings, for which columns are left out. */
const MINIMUM_TEXT = 30;
/** Room for settings behind the names where it is scarce: `masq, draining`. */
const SETTINGS_ROOM = 14;
const GAP = "  ";
const ROLLUP_NOTE = "weights and connections are sums over the real servers";

/** Gives a text the attribute of its kind. */
type Attribute = (text: string) => string;

/**
 * Encodes snapshots as aligned text, with an empty line between two of them.
 *
 * @throws {SelectionError} if there is no column of a name.
 * @throws whatever the sink throws.
 */
export function encodeTable(snapshots: Snapshots, sink: Sink, options: TableOptions): void {
  snapshotList(snapshots).forEach((snapshot, i) => {
    if (i > 0) sink(utf8("\n"));
    new TableWriter(snapshot, sink, options).write();
  });
}

class TableWriter {
  readonly #snapshot: Snapshot;
  readonly #out: ByteWriter;
  readonly #width: number;
  readonly #bold: Attribute;
  readonly #dim: Attribute;
  readonly #warn: Attribute;
  readonly #alarm: Attribute;
  readonly #rollup: boolean;
  /** Whether the columns were chosen, so that none may be left out. */
  readonly #hasChosen: boolean;
  #columns: TableColumn[];
  /** Width of the names, and of names and settings together. */
  #nameWidth = 0;
  #textWidth = 0;
  /** Width of the columns before the first that virtual servers have a cell in. */
  #realOnlyWidth = 0;

  constructor(snapshot: Snapshot, sink: Sink, { color, width, columns, rollup }: TableOptions) {
    this.#snapshot = snapshot;
    this.#rollup = rollup ?? false;
    this.#hasChosen = columns !== undefined;
    const isMeasured = snapshot.measured !== undefined;
    const { source } = snapshot;
    const options = { isMeasured, names: columns, rollup };
    this.#columns = tableColumns(source === undefined ? options : { ...options, source });
    this.#out = new ByteWriter(sink);
    this.#width = width ?? Infinity;
    const paint = painter(color);
    this.#bold = (text) => paint(1, text);
    this.#dim = (text) => paint(2, text);
    this.#warn = (text) => paint(33, text);
    this.#alarm = (text) => paint(31, text);
  }

  write(): void {
    const { virtualServers, consistency, netns } = this.#snapshot;
    const isWide = this.#width === Infinity;
    if (netns !== undefined) this.#line(this.#bold(`Network namespace ${printable(netns)}`));
    for (const line of headLines(this.#snapshot, this.#width, isWide)) this.#line(line);
    if (consistency.state === "inconsistent") {
      const doubts = consistency.doubts.map((doubt) => printable(doubt)).join("; ");
      this.#line(this.#alarm(`inconsistent: ${doubts}`));
    }
    if (this.#rollup) this.#line(ROLLUP_NOTE);
    if (virtualServers.length > 0) {
      this.#measure();
      this.#line("");
      this.#heads();
      const hasShares = this.#columns.some(({ isShare }) => isShare);
      for (const virtual of virtualServers) {
        this.#virtual(virtual);
        const shares = hasShares ? new Shares(virtual) : undefined;
        for (const real of this.#realServers(virtual)) this.#real(real, shares);
      }
    }
    this.#out.flush();
  }

  #line(text: string): void {
    this.#out.text(`${text}\n`);
  }

  /** Determines the widths, and which columns there is room for. */
  #measure(): void {
    const texts = { name: 0, virtualSettings: 0, realSettings: 0 };
    const measured = this.#columns.filter(({ isMeasured }) => isMeasured);
    for (const virtual of this.#snapshot.virtualServers) {
      const text = this.#virtualText(virtual);
      texts.name = Math.max(texts.name, text.name.length);
      texts.virtualSettings = Math.max(texts.virtualSettings, settingsOf(text).length);
      if (this.#rollup) { for (const column of measured) column.measureSum(virtual); }
      for (const real of this.#realServers(virtual)) {
        const text = realText(real);
        texts.name = Math.max(texts.name, text.name.length);
        texts.realSettings = Math.max(texts.realSettings, settingsOf(text).length);
        for (const column of measured) column.measure(real);
      }
    }
    this.#layOut(texts);
  }

  #layOut(texts: { name: number; virtualSettings: number; realSettings: number }): void {
    const columns = this.#columns.filter(({ isShown }) => isShown);
    const base = this.#hasChosen ? columns : baseColumns(columns, this.#rollup);
    const settings = Math.max(
      texts.realSettings,
      texts.virtualSettings - realOnlyWidth(base),
    );
    this.#nameWidth = texts.name;
    this.#textWidth = texts.name + GAP.length + settings;
    const room = this.#width - widthOf(base);
    if (room < this.#textWidth) {
      this.#textWidth = Math.min(this.#textWidth, Math.max(MINIMUM_TEXT, room));
      const names = this.#textWidth - GAP.length - SETTINGS_ROOM;
      this.#nameWidth = Math.min(this.#nameWidth, names);
    }
    this.#columns = this.#hasChosen ? columns : fitColumns(columns, this.#width - this.#textWidth);
    this.#realOnlyWidth = realOnlyWidth(this.#columns);
  }

  #heads(): void {
    const heads = this.#columns.map((column) => column.head.padStart(column.width)).join("");
    this.#line(`${" ".repeat(this.#textWidth)}${this.#bold(heads)}`);
  }

  #realServers({ realServers }: VirtualServer): Iterable<RealServer> {
    return this.#rollup ? [] : realServers;
  }

  #virtualText(server: VirtualServer): RowText {
    return this.#rollup ? rollupText(server) : virtualText(server);
  }

  #virtual(server: VirtualServer): void {
    const text = this.#virtualText(server);
    const cells = this.#columns.map((column) => column.virtual(server));
    const shared = this.#realOnlyWidth;
    this.#row(text, shared, this.#cells(cells).slice(shared), this.#bold, this.#alarm);
  }

  #real(server: RealServer, shares: Shares | undefined): void {
    const cells = this.#columns.map((column) => column.real(server, shares));
    this.#row(realText(server), 0, this.#cells(cells), (text) => text, this.#warn);
  }

  /** Writes a row; in two lines if name and settings leave no room for the cells. */
  #row(text: RowText, shared: number, cells: string, paint: Attribute, warn: Attribute): void {
    const room = this.#textWidth + shared;
    const settings = settingsOf(text);
    const aligned = this.#nameWidth + GAP.length + settings.length;
    const padding = aligned <= room ? Math.max(0, this.#nameWidth - text.name.length) : 0;
    const length = text.name.length + padding + GAP.length + settings.length;
    const warning = text.warning && `, ${warn(text.warning)}`;
    const line = `${paint(text.name)}${" ".repeat(padding)}${GAP}${text.settings}${warning}`;
    if (length > room) this.#line(line);
    const begin = length > room ? " ".repeat(room) : line + " ".repeat(room - length);
    this.#line(`${begin}${cells}`.trimEnd());
  }

  #cells(cells: readonly string[]): string {
    return cells.map((cell, i) => {
      const padded = cell.padStart(this.#columns[i]!.width);
      return cell === "0" ? this.#dim(padded) : padded;
    }).join("");
  }
}

function settingsOf({ settings, warning }: RowText): string {
  return warning === "" ? settings : `${settings}, ${warning}`;
}

/** Width of the first columns, in which virtual servers have no cell. */
function realOnlyWidth(columns: readonly TableColumn[]): number {
  const first = columns.findIndex(({ isRealOnly }) => !isRealOnly);
  return widthOf(columns.slice(0, first < 0 ? columns.length : first));
}
