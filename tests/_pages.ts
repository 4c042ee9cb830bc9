/** The pages of the documentation, and what is in them. */

const ROOT = new URL("../", import.meta.url);

/** A file of the checkout as text. */
export function read(path: string): string {
  return Deno.readTextFileSync(new URL(path, ROOT));
}

/** Paths of the pages in docs/. */
export function docsPages(): string[] {
  const names = [...Deno.readDirSync(new URL("docs", ROOT))].map(({ name }) => `docs/${name}`);
  return names.sort();
}

/** Contents of the fenced blocks of one kind. */
export function blocks(page: string, kind: string): string[] {
  return [...page.matchAll(new RegExp(`\`\`\`${kind}\\n(.*?)\`\`\``, "gs"))].map((m) => m[1]!);
}

/** Targets of the links to other files and to headings, without those to the web. */
export function links(page: string): string[] {
  return [...page.matchAll(/\]\(([^)\s]+)\)/g)].map((m) => m[1]!)
    .filter((target) => !/^https?:/.test(target));
}

/** The anchors of a page's headings. */
export function anchors(page: string): string[] {
  return [...page.matchAll(/^#+ (.*)$/gm)].map((m) =>
    m[1]!.toLowerCase().replaceAll(/[^\w\- ]/g, "").replaceAll(" ", "-")
  );
}

/** The words of each command line of the program in indented lines and in code of a text. */
export function commandLines(page: string): string[][] {
  const indented = page.split("\n").filter((line) => /^ {4,}\S/.test(line));
  const inline = [...page.matchAll(/`((?:sudo )?ipvstat [^`]+)`/g)].map((m) => m[1]!);
  const fenced = blocks(page, "(?:yaml|toml)").join("\n").split("\n");
  return [...indented, ...fenced, ...inline].flatMap((line) => {
    const [, words] = /(?:^|[ (/"])ipvstat((?: (?![|>&#)])[^ )"]+)*)/.exec(line) ?? [];
    const isCommand = /^ *(?:- run: |commands = \["\/usr\/bin\/|sudo |source <\()?ipvstat /.test(
      line,
    );
    return words === undefined || !isCommand
      ? []
      : [words.split(" ").filter((word) => word !== "")];
  });
}
