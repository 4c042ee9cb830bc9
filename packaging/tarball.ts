/** Builds the tarball of a release: a directory with the program and its documents. */
import { join } from "node:path";
import { VERSION } from "../lib/version.ts";
import type { Build } from "./build.ts";
import { completionFiles, copyright, document, filesIn, manual } from "./documents.ts";
import { runOrThrow } from "./run.ts";
import { type Entry, inFolder, writeTree } from "./tree.ts";

function files(program: string): Entry[] {
  return [
    { path: "ipvstat", content: { from: program }, mode: 0o755 },
    ...["LICENSE", "README.md", "CHANGELOG.md", "SECURITY.md"].map(document),
    copyright(),
    manual(),
    ...inFolder("completions", Object.values(completionFiles())),
    ...inFolder("systemd", filesIn("packaging/systemd")),
    ...inFolder("docs", filesIn("docs")),
    ...inFolder("examples", filesIn("examples")),
  ];
}

/** Writes the tarball to the directory of the build; returns its name. */
export async function makeTarball({ dir, program, target, time }: Build): Promise<string> {
  const name = `ipvstat-${VERSION}-linux-${target.arch}`;
  const root = join(dir, "tarball");
  await writeTree(root, inFolder(name, files(program)), time);
  await runOrThrow([
    ...["tar", "--create", "--format=ustar", "--sort=name", `--mtime=@${time}`],
    ...["--owner=0", "--group=0", "--numeric-owner", "--use-compress-program=gzip -n"],
    ...[`--file=${join(dir, `${name}.tar.gz`)}`, `--directory=${root}`, name],
  ]);
  return `${name}.tar.gz`;
}
