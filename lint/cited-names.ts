import { globSync, readFileSync, statSync } from "node:fs";
import path from "node:path";

/** A name that a text cites, and what of the repository has to have it. */
export interface Citation {
  readonly kind: "path" | "link" | "script" | "route" | "name";
  readonly name: string;
}

const FOLDERS = "packages|docs|lint|bench|examples|deploy|\\.ci";
const PATH = new RegExp(`(?<![\\w/.@:-])(?:${FOLDERS})/[\\w./*@{},-]*[\\w*}]`, "g");
const LINK = /\]\((?!https?:)([^)\s]+)\)/g;
const SCRIPT = /\bnpm (?:run (?:--?[\w=-]+ )*)?((?:start:|test:)[a-z|]+|(?<=run (?:--?[\w=-]+ )*)[a-z]+(?::[a-z|]+)?)/g;
const ROUTE = /\b(GET|PUT|POST|PATCH|DELETE) (\/[\w/:{}.-]*\w|\/(?=[`\s]))/g;
/** In backticks: settings, codes, causes, metrics, events, fields and functions. Of one or two letters it is no name. */
const NAME = /`([A-Za-z][A-Za-z0-9]{2,}(?:_[A-Za-z0-9]+)*)(?:\(\)|=[^`]*)?`/g;

/** What a text cites. A fenced example is the reader's own: of it paths, scripts and routes count. */
export function citationsIn(text: string): Citation[] {
  const prose = text.replace(/```[^]*?```/g, "");
  const found = (kind: Citation["kind"], matches: Iterable<RegExpMatchArray>): Citation[] =>
    [...matches].map(([whole, ...groups]) => ({ kind, name: groups.length === 0 ? whole : groups.join(" ") }));
  return [
    ...found("path", text.matchAll(PATH)),
    ...found("link", prose.matchAll(LINK)),
    ...found("script", text.matchAll(SCRIPT)),
    ...found("route", text.matchAll(ROUTE)),
    ...found("name", prose.matchAll(NAME)),
  ];
}

/** What a repository has, to be compared with what is cited. */
export interface Known {
  readonly hasPath: (pattern: string) => boolean;
  /** A link from a file: to a file, and to a heading of it. */
  readonly hasLink: (target: string, from: string) => boolean;
  readonly hasScript: (name: string) => boolean;
  readonly hasRoute: (methodAndPath: string) => boolean;
  /** The name stands in the code, and not only in its comments and tests. */
  readonly hasName: (name: string) => boolean;
}

/** The citations of a file that nothing stands behind, as `kind name`. */
export function unknownIn(text: string, from: string, known: Known): string[] {
  const holds = ({ kind, name }: Citation): boolean => {
    switch (kind) {
      case "path":
        return known.hasPath(name);
      case "link":
        return known.hasLink(name, from);
      case "script":
        return known.hasScript(name);
      case "route":
        return known.hasRoute(name);
      case "name":
        return known.hasName(name);
    }
  };
  return [
    ...new Set(
      citationsIn(text)
        .filter((citation) => !holds(citation))
        .map(({ kind, name }) => `${kind} ${name}`),
    ),
  ];
}

/** Comments of a file in TypeScript or JavaScript, and the code without them. Texts that hold `//` keep their `:`. */
export function splitComments(source: string): { readonly comments: string; readonly code: string } {
  const COMMENT = /\/\*[^]*?\*\/|(?<![:"'`\\/\w])\/\/[^\n]*/g;
  return { comments: (source.match(COMMENT) ?? []).join("\n"), code: source.replace(COMMENT, "") };
}

const GENERATED = /(^|\/)(node_modules|dist|data|coverage)(\/|$)/;

export const listFiles = (root: string, patterns: readonly string[]): string[] =>
  globSync([...patterns], { cwd: root, exclude: (name) => GENERATED.test(name) }).map((file) => file.replaceAll("\\", "/"));

/** What stands in the files of a repository. */
export function readKnown(root: string, files: readonly { readonly file: string; readonly code: string }[]): Known {
  const paths = listFiles(root, ["{packages,docs,lint,bench,examples,deploy,.ci}/**"]);
  const scripts = JSON.parse(readFileSync(path.join(root, "package.json"), "utf8")).scripts as Record<string, string>;
  const words = new Set(files.flatMap(({ code }) => code.match(/[A-Za-z]\w+/g) ?? []));
  const routes = files
    .flatMap(({ file, code }) => (file.startsWith("packages/api/src/") ? [...code.matchAll(/path: "(\/[^"]*)"/g)] : []))
    .map(([, route = ""]) => route);
  return {
    hasPath: (pattern) => {
      const like = new RegExp(`^${toRegExp(pattern)}`);
      return paths.some((file) => like.test(file));
    },
    hasLink: (target, from) => hasLink(root, target, from),
    hasScript: (name) => {
      const [stem = "", choices = ""] = name.split(":");
      return choices.split("|").every((choice) => (choice === "" ? stem : `${stem}:${choice}`) in scripts);
    },
    hasRoute: (methodAndPath) => {
      const asked = methodAndPath.replace(/^\w+ /, "").split("/");
      return routes.some((route) => {
        const parts = route.split("/");
        return parts.length === asked.length && parts.every((part, i) => part.startsWith(":") || part === asked[i]);
      });
    },
    hasName: (name) => words.has(name),
  };
}

/** `*`, `**` and `{a,b}` as in a glob. */
const toRegExp = (glob: string): string =>
  glob
    .replace(/[.+?^$()|[\]\\]/g, "\\$&")
    .replaceAll("**", "\0")
    .replaceAll("*", "[^/]*")
    .replaceAll("\0", ".*")
    .replace(/\{([^}]*)\}/g, (_, choices: string) => `(?:${choices.replaceAll(",", "|")})`);

function hasLink(root: string, target: string, from: string): boolean {
  const [file = "", anchor] = target.split("#");
  const page = path.join(root, file === "" ? from : path.join(path.dirname(from), file));
  if (!statSync(page, { throwIfNoEntry: false })) return false;
  if (anchor === undefined) return true;
  const headings = readFileSync(page, "utf8").match(/^#+ .*$/gm) ?? [];
  return headings.some((heading) => toSlug(heading) === anchor);
}

/** As GitHub makes it. */
const toSlug = (heading: string): string =>
  heading
    .replace(/^#+ /, "")
    .toLowerCase()
    .replace(/[^\w\- ]/g, "")
    .replaceAll(" ", "-");
