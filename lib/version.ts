/** The program's version; `deno.json` has the same, which a test holds. */
export const VERSION = "0.1.0";

/** The commit that the program was built from; a release build puts it here. */
export const COMMIT = "unreleased";
