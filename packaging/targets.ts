/** The machines that a release is made for. */

/** One of them, by the names that those who need one give it. */
export interface Target {
  /** As `uname -m` says it, and the files of a release. */
  readonly arch: "x86_64" | "aarch64";
  /** As `deno compile --target` takes it. */
  readonly triple: string;
  /** As Debian calls it. */
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
 * This machine's target.
 *
 * @throws {Error} where there is none.
 */
export function hostTarget(): Target {
  const target = TARGETS.find(({ triple }) => triple === Deno.build.target);
  if (target !== undefined) return target;
  throw new Error(`Cannot compile for ${Deno.build.target}: IPVS is in Linux alone`);
}
