import assert from "node:assert/strict";
import { join } from "node:path";
import { VERSION } from "../../lib/version.ts";
import { anyOf, cannotFind, mustSkip, outputOf, withTempDir } from "../_commands.ts";
import { cannotRelease, releases } from "./_release.ts";

const PROGRAMS = {
  "apt-get": "apt",
  unshare: "util-linux",
  man: "man-db",
  "systemd-analyze": "systemd",
};

/** The files of this machine in an overlay, so that all changes are in "$1"/upper. */
const OVERLAY = `
mount -t tmpfs -o mode=755 tmpfs "$1"
root="$1"/root
mkdir "$1"/upper "$1"/work "$root"
mount -t overlay overlay -o "lowerdir=/,upperdir=$1/upper,workdir=$1/work" "$root"
mount -t proc proc "$root"/proc
mount --rbind /dev "$root"/dev
mount -t tmpfs tmpfs "$root"/run
mount -t tmpfs -o mode=1777 tmpfs "$root"/tmp
list_changes() {
  cd "$1"/upper
  find . ! -type d | grep -v -E '^./var/(lib/(dpkg|apt)|log|cache)/' || true
  find . -type d | while read -r dir; do [ -d "/$dir" ] || echo "$dir"; done
}
`;

/** The machine itself, where mounting is not permitted, as in a container. */
const IN_PLACE = `
root=
list_files() {
  find / -xdev \\( -path /proc -o -path /sys -o -path /dev -o -path /run -o -path /tmp -o -path /root \\
    -o -path /var/lib/dpkg -o -path /var/lib/apt -o -path /var/log -o -path /var/cache \\) \\
    -prune -o -print | sort
}
list_files > "$1"/before
list_changes() { list_files | diff "$1"/before - || true; }
`;

const INSTALL = `
cp "$2" "$root"/tmp/package.deb
cat > "$root"/tmp/script <<'EOF'
set -e
export DEBIAN_FRONTEND=noninteractive LC_ALL=C
apt="apt-get -q -y --no-install-recommends"
step() { echo "=== $1"; }
# dpkg may be configured to exclude documentation.
$apt -o 'Dpkg::Options::=--path-include=*' install /tmp/package.deb >&2
step files; dpkg --listfiles ipvstat | while read -r path; do [ -d "$path" ] || echo "$path"; done
step verified; dpkg --verify ipvstat
step version; cd /; env -i ipvstat --version
step manual; man -w ipvstat
step units; systemd-analyze verify /lib/systemd/system/ipvstat* 2>&1 | grep ipvstat || true
step enabled; systemctl is-enabled ipvstat-textfile.timer || true
systemctl --quiet enable ipvstat-textfile.timer
systemctl is-enabled ipvstat-textfile.timer
$apt purge ipvstat >&2
EOF
chroot "$root"/ sh /tmp/script
rm "$root"/tmp/package.deb "$root"/tmp/script
echo "=== left behind"
list_changes "$1"
`;

function canMount(): boolean {
  return new Deno.Command("unshare", { args: ["--mount", "true"], stderr: "null" }).outputSync()
    .success;
}

/** With IPVSTAT_REQUIRE_ALL=1, the machine itself may be changed. */
function cannotInstall(): boolean {
  if (anyOf(cannotRelease(), cannotFind(PROGRAMS))) return true;
  const reason = "installing the Debian package in an overlay needs root and permission to mount";
  return (Deno.uid() !== 0 || !canMount()) && mustSkip(reason);
}

/** The output of each step. */
function stepsOf(output: string): Record<string, string> {
  const steps = output.split(/^=== /m).slice(1).map((step) => step.split(/\n(.*)/s));
  return Object.fromEntries(steps.map(([name, text]) => [name, text!.trimEnd()]));
}

Deno.test({
  name: "the Debian package installs, runs, has a man page, and leaves no files when purged",
  ignore: cannotInstall(),
  fn: () =>
    withTempDir(async (dir) => {
      const { first } = await releases();
      const name = `ipvstat_${VERSION}-1_amd64.deb`;
      const shell = canMount()
        ? ["unshare", "--mount", "sh", "-ec", OVERLAY + INSTALL]
        : ["sh", "-ec", IN_PLACE + INSTALL];
      const steps = stepsOf(await outputOf([...shell, "sh", dir, join(first, name)]));

      const listing = await outputOf(["dpkg-deb", "--contents", join(first, name)]);
      const inPackage = listing.trim().split("\n").filter((line) => !line.startsWith("d"))
        .map((line) => line.split(/\s+/)[5]!.slice(1));
      assert.deepEqual(steps.files!.split("\n").sort(), inPackage.sort());
      assert.equal(steps.verified, "");
      assert.ok(steps.version!.startsWith(`ipvstat ${VERSION}\n`), steps.version);
      assert.equal(steps.manual, "/usr/share/man/man1/ipvstat.1.gz");
      assert.equal(steps.units, "");
      assert.equal(steps.enabled, "disabled\nenabled");
      assert.equal(steps["left behind"], "");
    }),
});
