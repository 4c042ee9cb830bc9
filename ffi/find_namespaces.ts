/**
 * Finds network namespaces: by name, path or process, or all that this process can reach.
 *
 * @module
 */
import { NamespaceError } from "../lib/netlink/errors.ts";
import { listFolder } from "./folder.ts";
import { cString, libc, namespaceLibc, retryInterrupted } from "./libc.ts";
import { type NamespacePaths, OWN_NAMESPACE } from "./namespaces.ts";
import { readLink } from "./proc_file.ts";

/** Where iproute2 and Docker keep namespaces by name. /var/run is mostly a link to /run. */
const FOLDERS = ["/run/netns", "/var/run/netns", "/var/run/docker/netns"];

const AT_FDCWD = -100;
const STATX_INO = 0x100;
// struct statx is the same on every architecture.
const STATX_SIZE = 256, STX_INO = 32, STX_DEV_MAJOR = 136, STX_DEV_MINOR = 140;
const EPERM = 1, EACCES = 13;

/**
 * The paths of a namespace: of a process if `word` is a number, of the file itself if it contains a
 * slash, and else of the name in the folders of iproute2 and Docker. Nothing is opened.
 */
export function namespacePaths(word: string): NamespacePaths {
  if (/^\d+$/.test(word)) return { label: word, paths: [`/proc/${word}/ns/net`] };
  if (word.includes("/")) return { label: word, paths: [word] };
  return { label: word, paths: FOLDERS.map((folder) => `${folder}/${word}`) };
}

/**
 * All namespaces with a name, of processes, and the thread's own one, each once. Those with a name
 * come first, in the order of the folders and the names; then those without, by the number of their
 * inode. A file that is no namespace is skipped.
 *
 * @throws {NamespaceError} if /proc cannot be listed.
 */
export function listNamespaces(): {
  readonly namespaces: readonly NamespacePaths[];
  /** Number of processes whose namespace this user may not know. */
  readonly unreadable: number;
} {
  const named = listNamed();
  const unnamed = new Map<string, string[]>();
  let unreadable = 0;
  const processes = listFolder("/proc");
  if (typeof processes === "number") throw new NamespaceError("all", "list", processes);
  const paths = processes.filter((name) => /^\d+$/.test(name)).map((pid) => `/proc/${pid}/ns/net`);
  for (const path of [OWN_NAMESPACE, ...paths]) {
    // net:[4026531840]; a process that ends has none.
    const name = readLink(path);
    if (name === EPERM || name === EACCES) unreadable++;
    if (typeof name === "number" || named.has(name)) continue;
    const known = unnamed.get(name);
    if (known === undefined) unnamed.set(name, [path]);
    else known.push(path);
  }
  const others = [...unnamed].map(([label, paths]) => ({ label, paths }))
    .toSorted((a, b) => inodeIn(a.label) - inodeIn(b.label));
  return { namespaces: [...named.values(), ...others], unreadable };
}

function inodeIn(label: string): number {
  return Number(/\d+/.exec(label)?.[0]);
}

/** Namespaces with a name, by `net:[4026531840]`. */
function listNamed(): Map<string, NamespacePaths> {
  const found = new Map<string, NamespacePaths>();
  const labels = new Set<string>();
  const own = identify(OWN_NAMESPACE);
  for (const folder of FOLDERS) {
    const names = listFolder(folder);
    if (typeof names === "number") continue;
    for (const name of names.toSorted()) {
      const path = `${folder}/${name}`;
      const identity = identify(path);
      // All namespaces are files of one file system; another file is a leftover of a namespace.
      if (identity === undefined || identity.device !== own?.device) continue;
      const key = `net:[${identity.inode}]`;
      if (found.has(key)) continue;
      const label = labels.has(name) ? path : name;
      labels.add(label);
      found.set(key, { label, paths: [path] });
    }
  }
  return found;
}

/** The device and the inode of a file; undefined if it cannot be found. */
function identify(path: string): { device: bigint; inode: bigint } | undefined {
  const { statx } = namespaceLibc();
  const result = new DataView(new ArrayBuffer(STATX_SIZE));
  const buffer = new Uint8Array(result.buffer);
  const name = cString(path);
  const status = retryInterrupted(libc(), () => statx(AT_FDCWD, name, 0, STATX_INO, buffer));
  if (status < 0) return undefined;
  const device = BigInt(result.getUint32(STX_DEV_MAJOR, true)) << 32n |
    BigInt(result.getUint32(STX_DEV_MINOR, true));
  return { device, inode: result.getBigUint64(STX_INO, true) };
}
