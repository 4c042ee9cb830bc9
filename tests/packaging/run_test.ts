import assert from "node:assert/strict";
import { certificateHint } from "../../packaging/run.ts";

Deno.test("certificateHint() suggests DENO_TLS_CA_STORE for certificates that Deno does not trust", () => {
  assert.match(
    certificateHint("invalid peer certificate: UnknownIssuer"),
    /DENO_TLS_CA_STORE=system/,
  );
  assert.equal(certificateHint("tcp connect error: Connection refused"), "");
});
