// Build the package wallet-api-client in dist/: npm runs this before it packs or publishes.

import { spawnSync } from "node:child_process";
import { copyFileSync, rmSync } from "node:fs";

process.chdir(import.meta.dirname);
rmSync("dist", { recursive: true, force: true });
const tsc = ["node_modules/typescript-7/bin/tsc", "--project", "tsconfig.package.json"];
const { status } = spawnSync(process.execPath, tsc, { stdio: "inherit" });
if (status !== 0) process.exit(1);
// The compiler copies no declaration files.
copyFileSync("schema.d.ts", "dist/schema.d.ts");
