/** The unit tests that run no programs; see _unit.ts. */
import { importTests } from "./_unit.ts";

await importTests({ runsPrograms: false });
