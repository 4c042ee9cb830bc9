/**
 * Paths as the kernel resolves them. Deno removes `..` from a path textually before the kernel sees
 * it, so that `link/../file` would name a different file if `link` is a symbolic link.
 *
 * @module
 */

/**
 * The real path of a directory, without links and `..`; "." for the working directory, whose path
 * may not be valid UTF-8.
 *
 * @throws {Deno.errors.NotFound} and similar errors if the kernel cannot resolve it.
 * @throws {Deno.errors.NotADirectory} if it, or the part before a `..`, is not a directory.
 */
export function realDirectory(path: string): string {
  let real = path.startsWith("/") ? "/" : ".";
  for (const part of path.split("/").filter((part) => part !== "" && part !== ".")) {
    real = part === ".." ? parentOf(Deno.realPathSync(real)) : enter(real, part);
  }
  return real;
}

/** A path without `..` to the same file; Deno passes it to the kernel unchanged. */
export function resolveParents(path: string): string {
  if (!path.split("/").includes("..")) return path;
  const [folder, name] = splitPath(path);
  return name === "" ? realDirectory(folder) : join(realDirectory(folder), name);
}

/** Splits a path into directory and name; the name is empty if the path can only be a directory. */
export function splitPath(path: string): [folder: string, name: string] {
  const end = path.lastIndexOf("/") + 1;
  const name = path.slice(end);
  return name === "." || name === ".." ? [path, ""] : [path.slice(0, end), name];
}

/** The path of a name in a directory. */
export function join(folder: string, name: string): string {
  return folder.endsWith("/") ? folder + name : `${folder}/${name}`;
}

function enter(folder: string, name: string): string {
  const real = Deno.realPathSync(join(folder, name));
  if (!Deno.statSync(real).isDirectory) throw new Deno.errors.NotADirectory("Not a directory");
  return real;
}

/** The parent of a real path, which is a prefix of it. */
function parentOf(real: string): string {
  return real.slice(0, real.lastIndexOf("/")) || "/";
}
