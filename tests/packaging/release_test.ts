import assert from "node:assert/strict";
import { join } from "node:path";
import { VERSION } from "../../lib/version.ts";
import { ROOT } from "../../packaging/stage.ts";
import { anyOf, cannotFind, outputOf, withTempDir } from "../_commands.ts";
import { cannotRelease, makeCheckout, release, releases } from "./_release.ts";

const ignore = cannotRelease();
const TARBALL = `ipvstat-${VERSION}-linux-x86_64.tar.gz`;
const PACKAGE = `ipvstat_${VERSION}-1_amd64.deb`;
const UNIT = /\.(service|timer)$/;

function namesIn(dir: string): string[] {
  return [...Deno.readDirSync(dir)].map(({ name }) => name).sort();
}

function packaged(folder: string): string[] {
  return namesIn(join(ROOT, folder)).filter((name) => !name.endsWith(".ts"));
}

/** The mode, owner and name of each file in a listing of tar or dpkg-deb. */
function listed(listing: string): string[] {
  const lines = listing.trim().split("\n").map((line) => line.split(/\s+/));
  const files = lines.filter(([mode]) => !mode!.startsWith("d"));
  return files.map(([mode, owner, , , , name]) => `${mode} ${owner} ${name}`).sort();
}

/** The same lines for the expected files. */
function expected(owner: string, program: string, others: readonly string[]): string[] {
  return [
    `-rwxr-xr-x ${owner} ${program}`,
    ...others.map((name) => `-rw-r--r-- ${owner} ${name}`),
  ].sort();
}

Deno.test({
  name: "a release is reproducible in another directory, at another time, with another umask",
  ignore,
  fn: async () => {
    const { first, second } = await releases();
    const sums = await Deno.readTextFile(join(first, "SHA256SUMS"));
    assert.equal(await Deno.readTextFile(join(second, "SHA256SUMS")), sums);
    assert.deepEqual(namesIn(second), namesIn(first));
  },
});

Deno.test({
  name: "SHA256SUMS has the digests of all other files of a release",
  ignore,
  fn: async () => {
    const { first, second } = await releases();
    for (const cwd of [first, second]) {
      const checked = await outputOf(["sha256sum", "--check", "--strict", "SHA256SUMS"], { cwd });
      assert.equal(checked, `${TARBALL}: OK\n${PACKAGE}: OK\n`);
      assert.deepEqual(namesIn(cwd), ["SHA256SUMS", TARBALL, PACKAGE]);
    }
  },
});

Deno.test({
  name: "deno task release skips a target without a runtime, and names it on standard error",
  ignore,
  fn: async () => {
    const { stderr } = await releases();
    assert.match(stderr, /^Skipped aarch64: Cannot get the runtime .* DENORT_BIN$/m);
    assert.doesNotMatch(stderr, /x86_64/);
  },
});

Deno.test({
  name: "the tarball has these files with these modes, in a single directory",
  ignore,
  fn: async () => {
    const { first } = await releases();
    const listing = await outputOf(["tar", "-tvzf", join(first, TARBALL)]);
    const folder = `ipvstat-${VERSION}-linux-x86_64`;
    const others = [
      ...["LICENSE", "README.md", "CHANGELOG.md", "SECURITY.md", "copyright", "ipvstat.1"],
      ...["ipvstat.bash", "_ipvstat", "ipvstat.fish"].map((name) => `completions/${name}`),
      ...packaged("packaging/systemd").map((name) => `systemd/${name}`),
      ...["docs", "examples"].flatMap((folder) =>
        packaged(folder).map((name) => `${folder}/${name}`)
      ),
    ].map((name) => `${folder}/${name}`);
    assert.deepEqual(listed(listing), expected("0/0", `${folder}/ipvstat`, others));
  },
});

Deno.test({
  name: "the Debian package has these files with these modes, in the directories of Debian",
  ignore,
  fn: async () => {
    const { first } = await releases();
    const doc = "./usr/share/doc/ipvstat";
    const others = [
      "./usr/share/man/man1/ipvstat.1.gz",
      "./usr/share/bash-completion/completions/ipvstat",
      "./usr/share/zsh/vendor-completions/_ipvstat",
      "./usr/share/fish/vendor_completions.d/ipvstat.fish",
      "./usr/share/lintian/overrides/ipvstat",
      ...["README.md.gz", "changelog.gz", "changelog.Debian.gz", "copyright"].map((name) =>
        `${doc}/${name}`
      ),
      ...["docs", "examples"].flatMap((folder) =>
        packaged(folder).map((name) => `${doc}/${folder}/${name}`)
      ),
      ...packaged("packaging/systemd").filter((name) => UNIT.test(name)).map((name) =>
        `./lib/systemd/system/${name}`
      ),
    ];
    const listing = await outputOf(["dpkg-deb", "--contents", join(first, PACKAGE)]);
    assert.deepEqual(listed(listing), expected("root/root", "./usr/bin/ipvstat", others));
  },
});

Deno.test({
  name: "the Debian package depends on the glibc that the program needs",
  ignore,
  fn: async () => {
    const { first } = await releases();
    const fields = ["Package", "Version", "Architecture", "Depends"];
    const control = await outputOf(["dpkg-deb", "--field", join(first, PACKAGE), ...fields]);
    assert.equal(
      control,
      `Package: ipvstat\nVersion: ${VERSION}-1\nArchitecture: amd64\n` +
        "Depends: libc6 (>= 2.27), libgcc-s1\n",
    );
  },
});

Deno.test({
  name: "lintian reports no errors and no warnings for the Debian package",
  ignore: anyOf(ignore, cannotFind({ lintian: "lintian" })),
  fn: async () => {
    const { first } = await releases();
    const words = ["lintian", "--allow-root", "--fail-on", "error,warning", join(first, PACKAGE)];
    assert.equal(await outputOf(words), "");
  },
});

/** Writes an ELF file with the machine type of AArch64. */
async function writeOtherRuntime(path: string): Promise<void> {
  const bytes = await Deno.readFile("/bin/true");
  new DataView(bytes.buffer).setUint16(18, 183, true);
  await Deno.writeFile(path, bytes);
}

Deno.test({
  name: "deno task release uses DENORT_BIN only for its machine, and warns of uncommitted changes",
  ignore,
  fn: () =>
    withTempDir(async (dir) => {
      const checkout = await makeCheckout(join(dir, "checkout"));
      await Deno.writeTextFile(join(checkout, "README.md"), "changed");
      const DENORT_BIN = join(dir, "denort");
      await writeOtherRuntime(DENORT_BIN);
      const { code, stderr } = await release(checkout, { env: { DENORT_BIN } });
      assert.equal(code, 0, stderr);
      assert.match(stderr, /^Uncommitted changes: .*-dirty$/m);
      assert.match(stderr, /^Skipped x86_64: /m);
      const dist = join(checkout, "dist");
      const made = [`ipvstat-${VERSION}-linux-aarch64.tar.gz`, `ipvstat_${VERSION}-1_arm64.deb`];
      assert.deepEqual(namesIn(dist), ["SHA256SUMS", ...made]);
      const words = ["dpkg-deb", "--field", join(dist, made[1]!), "Architecture"];
      assert.equal(await outputOf(words), "arm64\n");
    }),
});

Deno.test({
  name: "deno task release fails and keeps the older release if no target can be built",
  ignore,
  fn: () =>
    withTempDir(async (dir) => {
      const checkout = await makeCheckout(dir);
      const older = join(checkout, "dist", "SHA256SUMS");
      await Deno.mkdir(join(checkout, "dist"));
      await Deno.writeTextFile(older, "older");
      const { code, stderr } = await release(checkout, { env: { DENORT_BIN: "/nonexistent" } });
      assert.match(stderr, /^release: No target can be built here$/m);
      assert.equal(code, 1);
      assert.deepEqual(namesIn(join(checkout, "dist")), ["SHA256SUMS"]);
      assert.equal(await Deno.readTextFile(older), "older");
    }),
});
