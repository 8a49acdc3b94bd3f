import { expect, test } from "@jest/globals";
import { renderTemplate } from "./mail-template.ts";

const render = (template: string, values: object = {}, escapes = false): string =>
  renderTemplate(template, values, { field: "text", escapes });

test.each([
  ["a member of a prototype", "{{ data.constructor }}"],
  ["the way to Function", "{{ 'a'.constructor.constructor }}"],
  ["__proto__", "{{ data.__proto__.x }}"],
  ["globals", "{{ process.env }}"],
  ["globalThis", "{{ globalThis }}"],
  ["a file by include", "{% include '/etc/passwd' %}"],
  ["a file by render", "{% render '../package.json' %}"],
  ["a file by layout", "{% layout '/etc/passwd' %}"],
  ["code in a filter", "{{ data.list | where_exp: 'x', 'process.exit()' }}"],
  ["a filter that does not exist", "{{ 'x' | eval }}"],
  ["a value that does not exist", "{{ data.missing }}"],
  ["a long loop", "{% for i in (1..100000000) %}x{% endfor %}"],
  ["loops in loops", "{% for i in (1..1000) %}{% for j in (1..1000) %}x{% endfor %}{% endfor %}"],
  ["a text that doubles", "{% assign x = 'aaaaaaaaaa' %}{% for i in (1..100) %}{% assign x = x | append: x %}{% endfor %}{{ x }}"],
  ["much output", `{% for i in (1..8000) %}${"x".repeat(60_000)}{% endfor %}`],
  ["a tag that is not closed", "{% if data %}"],
])("%s: the template is refused in a sentence", (_, template) => {
  expect(() => render(template, { data: { list: [{}] } })).toThrow(
    expect.objectContaining({
      code: "email_template",
      retryable: false,
      message: expect.stringMatching(/^the template in text (cannot be rendered: [^\n]{5,300})$/),
    }),
  );
});

test("a value that may be missing has a default, and can be asked for", () => {
  expect(render("{{ data.x | default: 'none' }}{% if data.x %}a{% else %}b{% endif %}", { data: {} })).toBe("noneb");
});

test("values are escaped for HTML unless the template says otherwise", () => {
  expect(render("{{ x }}{{ x | raw }}", { x: "<&" }, true)).toBe("&lt;&amp;<&");
});
