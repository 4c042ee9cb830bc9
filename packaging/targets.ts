/** The machines that a release supports. */

/** A target, with its names in different tools. */
export interface Target {
  /** As printed by `uname -m`, and in names of release files. */
  readonly arch: "x86_64" | "aarch64";
  /** For `deno compile --target`. */
  readonly triple: string;
  /** The name of the Debian architecture. */
  readonly debian: string;
  /** `e_machine` of its ELF files. */
  readonly machine: number;
}

/** Every target of a release. */
export const TARGETS: readonly Target[] = [
  { arch: "x86_64", triple: "x86_64-unknown-linux-gnu", debian: "amd64", machine: 62 },
  { arch: "aarch64", triple: "aarch64-unknown-linux-gnu", debian: "arm64", machine: 183 },
];

/**
 * The target of this machine.
 *
 * @throws {Error} if it is not supported.
 */
export function hostTarget(): Target {
  const target = TARGETS.find(({ triple }) => triple === Deno.build.target);
  if (target !== undefined) return target;
  throw new Error(`Cannot compile for ${Deno.build.target}: only Linux has IPVS`);
}
