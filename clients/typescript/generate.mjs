// Write schema.d.ts from an OpenAPI document: node generate.mjs https://…/openapi.json schema.d.ts

import { writeFile } from "node:fs/promises";
import { pathToFileURL } from "node:url";

import openapiTS, { astToString } from "openapi-typescript";
import ts from "typescript";

const [source, target] = process.argv.slice(2);

// Strings that begin with 0x have the type that viem requires, `0x${string}`.
const hex = ts.factory.createTemplateLiteralType(ts.factory.createTemplateHead("0x"), [
  ts.factory.createTemplateLiteralTypeSpan(
    ts.factory.createKeywordTypeNode(ts.SyntaxKind.StringKeyword),
    ts.factory.createTemplateTail(""),
  ),
]);

const types = await openapiTS(/^https?:/.test(source) ? new URL(source) : pathToFileURL(source), {
  // A body may omit a member that has a default.
  defaultNonNullable: false,
  transform: ({ type, pattern }) =>
    type === "string" && /^\^\(?0x/.test(pattern) ? hex : undefined,
});
await writeFile(target, `// Made by generate.mjs (make client). Do not edit.\n\n${astToString(types)}`);
