/** The unit tests that do not run programs; see _import_tests.ts. */
import { importTests } from "./_import_tests.ts";

await importTests({ runsPrograms: false });
