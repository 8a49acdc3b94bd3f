import { afterEach, expect, test } from "@jest/globals";
import { mkdirSync, mkdtempSync, readdirSync, realpathSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { FilePathSchema, pathFault } from "./file-path.ts";
import { openFilesFolder } from "./files-folder.ts";

const made: string[] = [];
afterEach(() => {
  for (const dir of made.splice(0)) rmSync(dir, { recursive: true, force: true });
});

/** `outside/secret.txt` beside the folder, and links from the folder to it. */
function setup() {
  const base = realpathSync(mkdtempSync(join(tmpdir(), "tickline-files-")));
  made.push(base);
  const dir = join(base, "files");
  const outside = join(base, "files-outside"); // Its name begins with that of the folder.
  for (const folder of [join(dir, "in"), outside]) mkdirSync(folder, { recursive: true });
  writeFileSync(join(dir, "in", "orders.csv"), "a,b\n1,2\n");
  writeFileSync(join(outside, "secret.txt"), "secret");
  symlinkSync(join(outside, "secret.txt"), join(dir, "link.txt"));
  symlinkSync(outside, join(dir, "away"));
  symlinkSync(join(dir, "in"), join(dir, "inside"));
  symlinkSync("loop", join(dir, "loop"));
  return { dir, outside, files: openFilesFolder(dir) };
}

test("a file of the folder is found, also by a symlink within it and when the folder itself is a symlink", async () => {
  const { dir, files } = setup();
  const file = { path: join(dir, "in", "orders.csv"), bytes: 8 };
  expect(await files.locate("in/orders.csv")).toEqual(file);
  expect(await files.locate("./inside/orders.csv")).toEqual(file);
  symlinkSync(dir, `${dir}-link`);
  expect(await openFilesFolder(`${dir}-link`).locate("in/orders.csv")).toEqual(file);
});

test.each([
  ["link.txt", "bad_path", '"link.txt" leads out of the folder of files by a symlink'],
  ["away/secret.txt", "bad_path", '"away/secret.txt" leads out of the folder of files by a symlink'],
  ["../files-outside/secret.txt", "bad_path", 'must not contain ".."'],
  ["in", "bad_path", '"in" is no file, but a folder or device'],
  ["in/none.csv", "file_not_found", 'the file "in/none.csv" is not there'],
  ["in/orders.csv/x", "bad_path", "cannot be used as a path (ENOTDIR)"],
  ["loop", "bad_path", "cannot be used as a path (ELOOP)"],
])("%s is not read: %s", async (path, code, message) => {
  const { files } = setup();
  await expect(files.locate(path)).rejects.toMatchObject({
    code,
    message: expect.stringContaining(message),
    retryable: code === "file_not_found",
  });
});

test("a place for a new file is reserved, and its folders are made", async () => {
  const { dir, files } = setup();
  expect(await files.reserve("out/2026/report.csv")).toBe(join(dir, "out", "2026", "report.csv"));
  expect(await files.reserve("in/orders.csv")).toBe(join(dir, "in", "orders.csv"));
  expect(readdirSync(join(dir, "out"))).toEqual(["2026"]);
});

test.each([
  ["away/new.txt", '"away/new.txt" leads out of the folder of files by a symlink'],
  ["away/deep/new.txt", "leads out of the folder of files by a symlink"],
  ["in/orders.csv/new.txt", "cannot be used as a path"],
  ["in", '"in" is there already, and is no file'],
  ["out/", '"out/" names a folder, not a file'],
  [".", '"." names a folder, not a file'],
  ["/etc/passwd", "must be relative to the folder of files"],
])("nothing is written to %s: %s", async (path, message) => {
  const { outside, files } = setup();
  await expect(files.reserve(path)).rejects.toMatchObject({ code: "bad_path", message: expect.stringContaining(message) });
  expect(readdirSync(outside)).toEqual(["secret.txt"]);
});

test("without a folder, and with one that is not there, the message says what to do", async () => {
  const none = openFilesFolder(undefined);
  const refusal = {
    code: "files_not_allowed",
    retryable: false,
    message: expect.stringContaining("start it with --files DIR (FILES_DIR)"),
  };
  await expect(none.locate("a.csv")).rejects.toMatchObject(refusal);
  await expect(none.reserve("a.csv")).rejects.toMatchObject(refusal);
  const message = "the folder of files (/no/such/folder) is not there";
  await expect(openFilesFolder("/no/such/folder").locate("a.csv")).rejects.toMatchObject({ code: "file_not_found", message });
});

test.each([
  ["a.csv", null],
  ["a..b/c.csv", null],
  ["..a/b", null],
  ["", "must name a file"],
  ["/a", "must be relative to the folder of files"],
  ["\\a", "must be relative to the folder of files"],
  ["C:\\a", "must be relative to the folder of files"],
  ["c:a", "must be relative to the folder of files"],
  ["..", 'must not contain ".."'],
  ["a/../b", 'must not contain ".."'],
  ["a\\..\\b", 'must not contain ".."'],
  ["a\0b", "must not contain a null character"],
])("the path %j: %s", (path, fault) => {
  expect(pathFault(path)).toBe(fault);
  expect(FilePathSchema.safeParse(path).success).toBe(fault === null);
});
