import { readdirSync, readFileSync } from "node:fs";
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { asyncApiDocument } from "@tickline/shared/events/asyncapi/asyncapi-document";
import { apiUnderTest, type ApiUnderTest, type Reply } from "../api-under-test.test-support.ts";
import { eventsPage } from "./events-page.ts";

const AVSC_FOLDER = new URL("../../../shared/avsc/", import.meta.url);

let under: ApiUnderTest;
let page: Reply;
beforeAll(async () => {
  under = await apiUnderTest();
  page = await under.call("GET /docs/events");
});
afterAll(() => under.stop());

/** The paths that links on the page lead to, as a browser would follow them. */
const linksIn = (body: string): string[] =>
  [...body.matchAll(/(?:src|href)="([^"#][^"]*)"/g)].map(([, link = ""]) =>
    new URL(link, `${under.url}/docs/events`).href.slice(under.url.length),
  );
const placesIn = (body: string): string[] => [...body.matchAll(/href="#([^"]+)"/g)].map(([, place = ""]) => place);
const idsIn = (body: string): string[] => [...body.matchAll(/\sid="([^"]+)"/g)].map(([, id = ""]) => id);

test("it has the headers of every answer, and its policy allows no script at all", () => {
  expect([page.status, page.headers.get("content-type")]).toEqual([200, "text/html; charset=utf-8"]);
  expect(Object.fromEntries(page.headers)).toMatchObject({
    "content-security-policy":
      "default-src 'none'; style-src 'self'; img-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cross-origin-resource-policy": "same-origin",
  });
  expect(page.body).not.toMatch(/<script|<style|\sstyle=|\son\w+=/); // Nothing that the policy would stop.
});

test("all it links to is served from here, and each place it points to on itself is there", async () => {
  const [links, places] = [linksIn(page.body), placesIn(page.body)];
  expect(places.filter((place) => !idsIn(page.body).includes(place))).toEqual([]);
  expect(places.length).toBeGreaterThan(50);
  expect(links).toEqual(expect.arrayContaining(["/asyncapi.json", "/docs", "/docs/events.css", "/docs/JobDue.avsc"]));
  for (const link of links) expect([link, (await under.call(`GET ${link}`)).status]).toEqual([link, 200]);
});

test("the page at /docs links to it in the description of its document", async () => {
  const { body } = await under.call("GET /openapi.json");
  const [, link = ""] = /\[events\]\(([^)]+)\)/.exec(body.info.description) ?? [];
  expect(new URL(link, `${under.url}/docs`).pathname).toBe("/docs/events");
});

test("the schemas it links to are the .avsc files, and there are no others", async () => {
  const files = readdirSync(AVSC_FOLDER);
  expect(
    linksIn(page.body)
      .filter((link) => link.endsWith(".avsc"))
      .toSorted(),
  ).toEqual(files.map((name) => `/docs/${name}`).toSorted());
  for (const name of files) {
    const { body } = await under.call(`GET /docs/${name}`);
    expect([name, body]).toEqual([name, JSON.parse(readFileSync(new URL(name, AVSC_FOLDER), "utf8"))]);
  }
  expect((await under.call("GET /docs/JobLate.avsc")).status).toBe(404);
});

test("it shows every topic, operation, event, field and example of the document", () => {
  const document = asyncApiDocument("0.1.0");
  const codes = new Set([...String(page.body).matchAll(/<code>([^<]*)<\/code>/g)].map(([, code]) => code));
  for (const { address } of Object.values(document.channels)) expect(codes).toContain(address);
  for (const name of Object.keys(document.operations)) expect(codes).toContain(name);
  for (const { name, payload, headers, examples } of Object.values(document.components.messages)) {
    const section = readSection(name);
    for (const field of Object.keys(payload["properties"] as object))
      expect([name, section]).toEqual([name, expect.stringContaining(`<code>${field}</code>`)]);
    for (const header of Object.keys(headers["properties"] as object)) expect(codes).toContain(header);
    expect(section).toMatch(new RegExp(`<code>ce_type</code>[^]*Always <code>${name}</code>`));
    expect(examples.length).toBe(section.split("<summary>Example").length - 1);
  }
});

/** The part of the page about one event. */
function readSection(event: string): string {
  const body = String(page.body);
  const start = body.indexOf(`<section id="${event}">`);
  return body.slice(start, body.indexOf("</section>", start));
}

test("markup in the document is text on the page", () => {
  const document = asyncApiDocument("<b>&");
  expect(eventsPage(document)).toContain("<small>&#60;b&#62;&#38;</small>");
});
