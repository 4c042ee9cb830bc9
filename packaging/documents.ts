/** The files of a release other than the program. */
import { join } from "node:path";
import { completions } from "../lib/commands/completions.ts";
import { manPage } from "../lib/commands/man_page.ts";
import { ROOT } from "./stage.ts";
import type { Entry } from "./tree.ts";

/** A file of the checkout, under the same name. */
export function document(name: string): Entry {
  return { path: name, content: { from: join(ROOT, name) } };
}

/** The licenses of the program and of its parts. */
export function copyright(): Entry {
  return { ...document("packaging/debian/copyright"), path: "copyright" };
}

/** The man page. */
export function manual(): Entry {
  return { path: "ipvstat.1", content: manPage() };
}

/** The shell completions, each under the usual name for its shell. */
export function completionFiles(): Record<"bash" | "zsh" | "fish", Entry> {
  return {
    bash: { path: "ipvstat.bash", content: completions("bash") },
    zsh: { path: "_ipvstat", content: completions("zsh") },
    fish: { path: "ipvstat.fish", content: completions("fish") },
  };
}

/** The files of a folder of the checkout, without the programs that need the library. */
export function filesIn(folder: "packaging/systemd" | "examples" | "docs"): Entry[] {
  const dir = join(ROOT, folder);
  const names = [...Deno.readDirSync(dir)].map(({ name }) => name).sort();
  return names.filter((name) => !name.endsWith(".ts"))
    .map((name) => ({ path: name, content: { from: join(dir, name) } }));
}
