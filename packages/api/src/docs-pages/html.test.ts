import { expect, test } from "@jest/globals";
import { html, sentence } from "./html.ts";

test("what is put into HTML is text, unless it is HTML", () => {
  const evil = `<script>"&'`;
  expect(html`<p title="${evil}">${[html`<b>${evil}</b>`, evil]}</p>`.html).toBe(
    '<p title="&#60;script&#62;&#34;&#38;&#39;"><b>&#60;script&#62;&#34;&#38;&#39;</b>&#60;script&#62;&#34;&#38;&#39;</p>',
  );
});

test("backquotes in a sentence are code", () => {
  expect(sentence("`full`: from 0 < `delay`.").html).toBe("<code>full</code>: from 0 &#60; <code>delay</code>.");
});
