/**
 * Paths resolved by the kernel. Deno takes `..` out of a path by its text before the kernel sees it,
 * so that behind a symbolic link `link/../file` would name another file than it does elsewhere.
 *
 * @module
 */

/**
 * The real path of a directory, without links and `..`; "." for the working directory, which may
 * have no path that can be written down.
 *
 * @throws {Deno.errors.NotFound} and the like if the kernel cannot reach it.
 * @throws {Deno.errors.NotADirectory} if it, or what `..` follows, is something else.
 */
export function realDirectory(path: string): string {
  let real = path.startsWith("/") ? "/" : ".";
  for (const part of path.split("/").filter((part) => part !== "" && part !== ".")) {
    real = part === ".." ? parentOf(Deno.realPathSync(real)) : enter(real, part);
  }
  return real;
}

/** The same file by a path without `..`, which Deno hands to the kernel as it is. */
export function withoutParents(path: string): string {
  if (!path.split("/").includes("..")) return path;
  const [folder, name] = splitPath(path);
  return name === "" ? realDirectory(folder) : join(realDirectory(folder), name);
}

/** A path's directory and the name in it; the name is empty where the path can only be a directory. */
export function splitPath(path: string): [folder: string, name: string] {
  const end = path.lastIndexOf("/") + 1;
  const name = path.slice(end);
  return name === "." || name === ".." ? [path, ""] : [path.slice(0, end), name];
}

/** A name in a directory. */
export function join(folder: string, name: string): string {
  return folder.endsWith("/") ? folder + name : `${folder}/${name}`;
}

function enter(folder: string, name: string): string {
  const real = Deno.realPathSync(join(folder, name));
  if (!Deno.statSync(real).isDirectory) throw new Deno.errors.NotADirectory("Not a directory");
  return real;
}

/** Of a real path the parent is in its text. */
function parentOf(real: string): string {
  return real.slice(0, real.lastIndexOf("/")) || "/";
}
