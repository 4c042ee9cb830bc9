/** The unit tests that run programs; see _unit.ts. */
import { importTests } from "./_unit.ts";

await importTests({ runsPrograms: true });
