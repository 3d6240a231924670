// Builds static/dist/app.css; with --check, fails when the committed file is not what the sources give.
import { execFileSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { transform } from "lightningcss";

const BUILT = "static/dist/app.css";
// Where class names are written; app.css names the same places for Tailwind.
const PLACES = [["templates", ".html"], ["kpiapp/templatetags", ".py"], ["static/js", ".js"]];
// Set by htmx, or by the server from the reader's theme: written nowhere as a class name.
const ALWAYS = ["htmx-request", "dark", "system", "light"];

function usedNames() {
  const names = new Set(ALWAYS);
  for (const [folder, ending] of PLACES) {
    for (const path of readdirSync(folder, { recursive: true })) {
      if (!path.endsWith(ending)) continue;
      for (const name of readFileSync(join(folder, path), "utf8").split(/[^\w-]+/)) names.add(name);
    }
  }
  return names;
}

// basecoat ships whole families of parts; a selector whose class nobody writes is left out.
function alive(selector, names) {
  return selector.every((part) => {
    if (part.type === "class") return !/^[a-z][\w-]*$/.test(part.name) || names.has(part.name);
    if (part.type === "pseudo-class" && ["is", "where", "any", "has"].includes(part.kind) && part.selectors) {
      return part.selectors.some((inner) => alive(inner, names));
    }
    return true;
  });
}

function build() {
  const folder = mkdtempSync(join(tmpdir(), "css-"));
  const raw = join(folder, "app.css");
  try {
    execFileSync("node_modules/.bin/tailwindcss", ["-i", "static/src/app.css", "-o", raw, "--minify"], { stdio: "pipe" });
    const names = usedNames();
    const Selector = (selector) => (alive(selector, names) ? undefined : []);
    return transform({ filename: BUILT, code: readFileSync(raw), minify: true, visitor: { Selector } }).code;
  } catch (error) {
    throw new Error(error.stderr?.toString() || error.message);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

const code = build();
if (!process.argv.includes("--check")) {
  writeFileSync(BUILT, code);
} else if (!readFileSync(BUILT).equals(Buffer.from(code))) {
  console.error(`${BUILT} is stale: run "npm run build" and commit it.`);
  process.exit(1);
}
