/**
 * Runs functions in other network namespaces.
 *
 * setns(2) moves the calling thread only. A call through the foreign function interface runs on the
 * thread of JavaScript, so a synchronous function sees the namespace, and nothing else does. A
 * socket keeps the namespace in which it was opened, and an open file of /proc that of its path.
 *
 * @module
 */
import { NamespaceError } from "../lib/netlink/errors.ts";
import { libc, type NamespaceLibc, namespaceLibc, retryInterrupted } from "./libc.ts";
import { open } from "./proc_file.ts";

const CLONE_NEWNET = 0x40000000;
const ENOENT = 2, EINVAL = 22;

/** The calling thread's network namespace. */
export const OWN_NAMESPACE = "/proc/thread-self/ns/net";

/** A network namespace by its label and the paths that lead to it, the best one first. */
export interface NamespacePaths {
  /** How the user named it, or `net:[4026531840]` with the number of its inode. */
  readonly label: string;
  readonly paths: readonly string[];
}

/** Ends the process, because a thread could not leave a namespace. */
export type Abort = (message: string) => never;

/** A network namespace that was opened, and that exists until it is closed. */
export class NetworkNamespace implements Disposable {
  readonly #label: string;
  readonly #abort: Abort;
  readonly #libc: Pick<NamespaceLibc, "setns">;
  #fd: number;

  /**
   * Opens a namespace by the first of its paths that can be opened, such as `/run/netns/web` or
   * `/proc/1/ns/net`. `abort` is called if a thread cannot leave it.
   *
   * @throws {NamespaceError} if none of them can be opened.
   */
  constructor(
    { label, paths }: NamespacePaths,
    abort: Abort,
    libc: Pick<NamespaceLibc, "setns"> = namespaceLibc(),
  ) {
    this.#label = label;
    this.#abort = abort;
    this.#libc = libc;
    this.#fd = -ENOENT;
    for (const path of paths) {
      const fd = open(path);
      // A path that exists but cannot be opened explains more than one that does not exist.
      if (fd >= 0 || fd !== -ENOENT) this.#fd = fd;
      if (fd >= 0) return;
    }
    throw new NamespaceError(label, "open", -this.#fd);
  }

  /**
   * Runs a function in the namespace, and returns to the thread's own one, also after an error. The
   * function must be synchronous. If the way back fails, the process is aborted.
   *
   * @throws {NamespaceError} if the kernel refuses to enter the namespace.
   * @throws whatever the function throws.
   */
  run<T>(action: () => T): T {
    const { close } = libc().symbols;
    const own = open(OWN_NAMESPACE);
    // Without the way back, there is no way in.
    if (own < 0) {
      throw new NamespaceError(this.#label, "open", -own, `${OWN_NAMESPACE} cannot be opened`);
    }
    try {
      const entered = this.#setns(this.#fd);
      if (entered < 0) throw this.#refusal(-entered);
      try {
        return action();
      } finally {
        const left = this.#setns(own);
        if (left < 0) this.#abort(`Cannot leave network namespace ${this.#label}: errno ${-left}`);
      }
    } finally {
      close(own);
    }
  }

  /** Closes the namespace. Idempotent. */
  [Symbol.dispose](): void {
    if (this.#fd < 0) return;
    libc().symbols.close(this.#fd);
    this.#fd = -1;
  }

  #setns(fd: number): number {
    return retryInterrupted(libc(), () => this.#libc.setns(fd, CLONE_NEWNET));
  }

  #refusal(errno: number): NamespaceError {
    const note = errno === EINVAL ? "it is not a network namespace" : undefined;
    return new NamespaceError(this.#label, "setns", errno, note);
  }
}
