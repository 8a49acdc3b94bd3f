// `node --import` this file, and the program may import `tickline`, `tickline/testing` and `zod` from any folder.
import { registerHandlerModules } from "./handlers/handler-modules.ts";

registerHandlerModules();
