/** Builds the Debian package of a release. */
import { createHash } from "node:crypto";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { VERSION } from "../lib/version.ts";
import type { Build } from "./build.ts";
import { completionFiles, copyright, document, filesIn, manual } from "./documents.ts";
import { neededGlibc } from "./elf.ts";
import { runOrThrow } from "./run.ts";
import { type Entry, inFolder, readEntry, writeTree } from "./tree.ts";

const PACKAGE_VERSION = `${VERSION}-1`;
const MAINTAINER = "ipvstat authors <ipvstat@packages.invalid>";
const UNIT = /\.(service|timer)$/;

async function compressed(path: string, entry: Entry): Promise<Entry> {
  return { path, content: gzipSync(await readEntry(entry), { level: 9 }) };
}

function completions(): Entry[] {
  const { bash, zsh, fish } = completionFiles();
  return [
    { ...bash, path: "usr/share/bash-completion/completions/ipvstat" },
    { ...zsh, path: "usr/share/zsh/vendor-completions/_ipvstat" },
    { ...fish, path: "usr/share/fish/vendor_completions.d/ipvstat.fish" },
  ];
}

function changelog(time: number): string {
  const date = new Date(time * 1000).toUTCString().replace("GMT", "+0000");
  return `ipvstat (${PACKAGE_VERSION}) unstable; urgency=medium

  * What is new in ${VERSION} is in changelog.gz.

 -- ${MAINTAINER}  ${date}
`;
}

async function documents(time: number): Promise<Entry[]> {
  return [
    copyright(),
    await compressed("README.md.gz", document("README.md")),
    await compressed("changelog.gz", document("CHANGELOG.md")),
    await compressed("changelog.Debian.gz", { path: "", content: changelog(time) }),
    ...inFolder("docs", filesIn("docs")),
    ...inFolder("examples", filesIn("examples")),
  ];
}

/** The files that dpkg installs. */
async function data({ program, time }: Build): Promise<Entry[]> {
  const units = filesIn("packaging/systemd").filter(({ path }) => UNIT.test(path));
  const overrides = document("packaging/debian/lintian-overrides");
  return [
    { path: "usr/bin/ipvstat", content: { from: program }, mode: 0o755 },
    await compressed("usr/share/man/man1/ipvstat.1.gz", manual()),
    ...completions(),
    ...inFolder("lib/systemd/system", units),
    ...inFolder("usr/share/doc/ipvstat", await documents(time)),
    { ...overrides, path: "usr/share/lintian/overrides/ipvstat" },
  ];
}

/** The control files. */
async function control({ program, target }: Build, installed: readonly Entry[]): Promise<Entry[]> {
  let size = 0;
  let sums = "";
  for (const entry of installed) {
    const bytes = await readEntry(entry);
    size += Math.ceil(bytes.length / 1024);
    sums += `${createHash("md5").update(bytes).digest("hex")}  ${entry.path}\n`;
  }
  const text = `Package: ipvstat
Version: ${PACKAGE_VERSION}
Architecture: ${target.debian}
Maintainer: ${MAINTAINER}
Installed-Size: ${size}
Depends: libc6 (>= ${await neededGlibc(program)}), libgcc-s1
Suggests: ipvsadm, prometheus-node-exporter
Section: net
Priority: optional
Description: shows what Linux IP Virtual Server is doing
 ipvstat asks the kernel over generic netlink for every virtual and real
 server of its layer-4 load balancer, and prints a table for people, or JSON,
 InfluxDB line protocol or Prometheus text for programs.
 .
 It only reads: it never changes what the kernel has, loads no module and opens
 no connection.
`;
  const scripts = ["postinst", "prerm", "postrm"].map((name) => ({
    ...document(`packaging/debian/${name}`),
    path: name,
    mode: 0o755,
  }));
  return inFolder("DEBIAN", [
    { path: "control", content: text },
    { path: "md5sums", content: sums },
    ...scripts,
  ]);
}

/** Writes the package to the directory of the build; returns its name. */
export async function makeDebianPackage(build: Build): Promise<string> {
  const { dir, target, time } = build;
  const root = join(dir, "debian");
  const installed = await data(build);
  await writeTree(root, [...installed, ...await control(build, installed)], time);
  const file = `ipvstat_${PACKAGE_VERSION}_${target.debian}.deb`;
  // The output of xz depends on the number of threads. Level 2 takes a third of the time of the
  // default level, and the package is a tenth larger.
  await runOrThrow(
    ["dpkg-deb", "--root-owner-group", "-Zxz", "-z2", "--build", root, join(dir, file)],
    { env: { SOURCE_DATE_EPOCH: String(time), DPKG_DEB_THREADS_MAX: "1" } },
  );
  return file;
}
