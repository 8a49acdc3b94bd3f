import { httpUrlFault } from "@tickline/shared/domain/http/http-url";
import type { HandlerContext } from "../../handlers/handler.ts";
import { fillDeep, fillTemplate, TemplateFault, type TemplateValues } from "../templates/fill-template.ts";
import { runValues } from "../templates/run-values.ts";
import { HEADER_VALUE, type HttpParams } from "./http-params.ts";

/** The params with their templates filled; the same object if they have none. Throws `TemplateFault`. */
export function fillParams(context: HandlerContext<HttpParams>): HttpParams {
  const { params } = context;
  if (params.template !== true) return params;
  const values = runValues(context, params.data ?? {});
  return {
    ...params,
    url: at("url", () => fillUrl(params.url, values)),
    headers: Object.fromEntries(
      Object.entries(params.headers).map(([name, value]) => [name, at(`headers.${name}`, () => fillHeader(value, values))]),
    ),
    body: at("body", () =>
      typeof params.body === "string" ? fillTemplate(params.body, values) : (fillDeep(params.body, values) as HttpParams["body"]),
    ),
  };
}

/** Values are percent-encoded, so none of them adds a parameter or leaves its segment of the path. */
function fillUrl(template: string, values: TemplateValues): string {
  const url = fillTemplate(template, values, encodeSegment);
  const fault = httpUrlFault(url);
  if (fault !== null) throw new TemplateFault(`the filled text ${fault}`);
  return url;
}

/** A URL reads `.` and `..` as folders, encoded or not. */
function encodeSegment(value: string): string {
  if (value === "." || value === "..") throw new TemplateFault(`a value in a URL cannot be ${JSON.stringify(value)}`);
  return encodeURIComponent(value);
}

function fillHeader(template: string, values: TemplateValues): string {
  const value = fillTemplate(template, values);
  if (!HEADER_VALUE.test(value)) throw new TemplateFault("the filled text must be one line of Latin-1 characters");
  return value;
}

/** Names the param in a fault. */
function at<Filled>(where: string, fill: () => Filled): Filled {
  try {
    return fill();
  } catch (fault) {
    throw fault instanceof TemplateFault ? new TemplateFault(`params.${where}: ${fault.message}`) : fault;
  }
}
