/** The unit tests that run programs; see _import_tests.ts. */
import { importTests } from "./_import_tests.ts";

await importTests({ runsPrograms: true });
