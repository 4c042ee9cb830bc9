/** Reads 64-bit little-endian ELF files. */

const HEADER_SIZE = 64;
const MAGIC = [0x7f, 0x45, 0x4c, 0x46, /* 64 bits */ 2, /* little-endian */ 1];
const SHT_GNU_VERNEED = 0x6ffffffe;

function checkMagic(path: string, bytes: Uint8Array): void {
  if (MAGIC.some((byte, i) => bytes[i] !== byte)) {
    throw new Error(`${path} is not a 64-bit ELF file`);
  }
}

/**
 * The machine that an ELF file is for: its `e_machine`.
 *
 * @throws {Error} if it is not an ELF file.
 */
export async function elfMachine(path: string): Promise<number> {
  using file = await Deno.open(path);
  const header = new Uint8Array(HEADER_SIZE);
  await file.read(header);
  checkMagic(path, header);
  return new DataView(header.buffer).getUint16(18, true);
}

/** A section header. */
function sectionAt(view: DataView, index: number) {
  const table = Number(view.getBigUint64(0x28, true));
  const header = table + index * view.getUint16(0x3a, true);
  return {
    type: view.getUint32(header + 4, true),
    offset: Number(view.getBigUint64(header + 24, true)),
    link: view.getUint32(header + 40, true),
    entries: view.getUint32(header + 44, true),
  };
}

function textAt(view: DataView, offset: number): string {
  let end = offset;
  while (view.getUint8(end) !== 0) end++;
  return new TextDecoder().decode(new Uint8Array(view.buffer, offset, end - offset));
}

/** The names in a section of needed versions: a list of libraries, each with a list of names. */
function* namesOf(view: DataView, section: ReturnType<typeof sectionAt>): Generator<string> {
  const names = sectionAt(view, section.link).offset;
  let library = section.offset;
  for (let i = 0; i < section.entries; i++) {
    let version = library + view.getUint32(library + 8, true);
    for (let j = view.getUint16(library + 2, true); j > 0; j--) {
      yield textAt(view, names + view.getUint32(version + 8, true));
      version += view.getUint32(version + 12, true);
    }
    library += view.getUint32(library + 12, true);
  }
}

/** The symbol versions that an ELF file needs, such as `GLIBC_2.27`. */
export async function neededVersions(path: string): Promise<string[]> {
  const bytes = await Deno.readFile(path);
  checkMagic(path, bytes);
  const view = new DataView(bytes.buffer);
  const count = view.getUint16(0x3c, true);
  return Array.from({ length: count }, (_, i) => sectionAt(view, i))
    .filter(({ type }) => type === SHT_GNU_VERNEED)
    .flatMap((section) => [...namesOf(view, section)]);
}

/** The minimum version of glibc for an ELF file, such as `2.27`. */
export async function neededGlibc(path: string): Promise<string> {
  const minors = (await neededVersions(path))
    .map((name) => Number(/^GLIBC_2\.(\d+)/.exec(name)?.[1] ?? 0));
  return `2.${Math.max(...minors)}`;
}
