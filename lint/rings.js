// The arrows between the rings and packages, as one table. What stands not in it is not imported.
import path from "node:path";

/** Third-party modules the inner rings may use; a ring without an entry may use any but the test tools. */
const EXTERNALS = { domain: ["zod", "croner"], events: ["zod"], ports: [] };
const TEST_TOOLS = ["@jest/globals", "fast-check", "jest"];

/** Who may import whom. `events:type` allows types alone; `service` is the importer's own package. */
const ARROWS = {
  domain: ["domain"],
  events: ["domain", "events"],
  ports: ["domain", "events:type", "ports"],
  runtime: ["domain", "events", "ports", "runtime"],
  "adapters/system": ["domain", "events", "ports", "runtime", "own adapter"],
  // What is said on Kafka is written by the registry's schemas where there is one.
  "adapters/kafka": ["domain", "events", "ports", "runtime", "own adapter", "adapters/system", "adapters/registry"],
  adapter: ["domain", "events", "ports", "runtime", "own adapter", "adapters/system"],
  testing: ["domain", "events", "ports", "runtime", "testing", "adapters/system"],
  // Joins what the URLs name; for processes, never for services.
  wiring: ["domain", "events", "ports", "runtime", "wiring", "adapters/system", "adapter"],
  service: ["domain", "events", "ports", "runtime", "own package"],
  main: ["domain", "events", "ports", "runtime", "own package", "adapters/system", "adapter", "wiring"],
  composition: ["domain", "events", "ports", "runtime", "own package", "adapters/system", "adapter", "wiring", "service", "main"],
  // oxfmt-ignore
  proof: ["domain", "events", "ports", "runtime", "own package", "adapters/system", "adapter", "testing", "wiring", "service", "main", "composition"],
  test: ["domain", "events", "ports", "runtime", "own package", "adapters/system", "adapter", "testing"],
};
/** Packages that put the others together, or look at the whole; every other is a service, which shares `shared` and no more. */
const RING_OF_PACKAGE = { standalone: "composition", e2e: "proof", bench: "proof" };

/** Tests, and what only tests beside it use. */
const isTest = (file) => /\.test(-support)?\.ts$/.test(file);

const SOURCE = /^.*\/(?:packages\/([^/]+)|(bench))\/src\/(.+)$/;

/** Package, ring and adapter of a source file; null for what is no source of a package. */
function locate(file) {
  const match = SOURCE.exec(file.replaceAll(path.sep, "/"));
  if (match === null) return null;
  const [, workspace, bench, inside] = match;
  const owner = workspace ?? bench;
  if (owner !== "shared") return { owner, ring: ringOfService(owner, inside), adapter: null };
  const [ring, adapter] = inside.split("/");
  return { owner, ring: ring === "adapters" ? `adapters/${adapter}` : ring, adapter: ring === "adapters" ? adapter : null };
}

function ringOfService(owner, inside) {
  return RING_OF_PACKAGE[owner] ?? (inside === "main.ts" ? "main" : "service");
}

function listArrows(place, file) {
  if (isTest(file) && place.ring !== "proof") return place.ring === "composition" ? ARROWS.proof : ARROWS.test;
  return ARROWS[place.ring] ?? (place.adapter === null ? ARROWS.service : ARROWS.adapter);
}

const externalName = (specifier) => (specifier.startsWith("@") ? specifier.split("/").slice(0, 2).join("/") : specifier.split("/")[0]);

/** The fault of importing something that is no source of Tickline, or null. */
function externalFault(specifier, place, file) {
  const name = externalName(specifier);
  if (isTest(file) || place.ring === "testing" || place.owner === "e2e") return null;
  if (TEST_TOOLS.includes(name)) return `${name} is for tests`;
  const allowed = EXTERNALS[place.ring];
  return allowed === undefined || allowed.includes(name) ? null : `${place.ring} may not import ${specifier}`;
}

/** Where an import leads: a source file of Tickline, or null for a third-party module. */
function resolveTarget(specifier, file) {
  if (specifier.startsWith(".")) return path.posix.join(path.dirname(file).replaceAll(path.sep, "/"), specifier);
  const match = /^@tickline\/([^/]+)\/(.+)$/.exec(specifier);
  if (match === null) return null;
  return match[1] === "bench" ? `/bench/src/${match[2]}.ts` : `/packages/${match[1]}/src/${match[2]}.ts`;
}

function listNames(target, place) {
  const names = [target.ring];
  if (target.adapter !== null) names.push("adapter");
  if (target.owner === place.owner && target.owner !== "shared") names.push("own package");
  if (target.adapter !== null && target.adapter === place.adapter) names.push("own adapter");
  if (target.owner === "shared" && place.owner === "shared") names.push("own package");
  return names;
}

/** What is wrong with this import, or null. */
function findFault(specifier, { file, typeOnly }) {
  const place = locate(file);
  if (place === null) return null;
  const targetFile = resolveTarget(specifier, file);
  if (targetFile === null) return externalFault(specifier, place, file);
  const target = locate(targetFile);
  if (target === null) return `${specifier} is outside every package's src`;
  if (specifier.startsWith(".") && target.owner !== place.owner)
    return `write @tickline/${target.owner}/…: ${specifier} leaves the package`;
  const arrows = listArrows(place, file);
  const names = listNames(target, place);
  if (names.some((name) => arrows.includes(name))) return null;
  if (typeOnly && names.some((name) => arrows.includes(`${name}:type`))) return null;
  return `${place.owner} ${place.ring} may not import ${target.owner} ${target.ring}`;
}

function check(context, node, typeOnly) {
  const source = node.source;
  if (source?.type !== "Literal" || typeof source.value !== "string") return;
  const message = findFault(source.value, { file: context.filename, typeOnly });
  if (message !== null) context.report({ node: source, message });
}

export default {
  meta: { name: "rings" },
  rules: {
    arrows: {
      create: (context) => ({
        ImportDeclaration: (node) => check(context, node, node.importKind === "type"),
        ExportNamedDeclaration: (node) => check(context, node, node.exportKind === "type"),
        ExportAllDeclaration: (node) => check(context, node, node.exportKind === "type"),
        ImportExpression: (node) => check(context, node, false),
        TSImportType: (node) => check(context, node, true),
      }),
    },
  },
};
