import { writeFileSync } from "node:fs";
import { createOpenApi } from "../src/api/openapi.ts";

/** npm run openapi: writes the API's description, which a test compares with what it is made of. */
writeFileSync(
  new URL("../docs/openapi.json", import.meta.url),
  `${JSON.stringify(createOpenApi(), undefined, 2)}\n`,
);
